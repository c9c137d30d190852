//! User profiles: standard and custom fields, who may read and write them. `spec/concepts/profiles.md`.

use proto::{Code, Fail, json::quote};
use serde_json::value::RawValue;
use store::{StoreError, Tx};

use crate::{
    Chat, Cx,
    accounts::NICK_BYTES_MAX,
    apps::App,
    error::Error,
    live::Push,
    relations,
    settings::{FieldType, Settings},
    shard,
    webhooks::{Hook, Line, PortraitSet, ProfileItem, raw, tell},
};

pub const NICK: &str = "Tag_Profile_IM_Nick";
pub const FACE: &str = "Tag_Profile_IM_Image";
pub(crate) const SIGNATURE: &str = "Tag_Profile_IM_SelfSignature";
pub(crate) const ALLOW_TYPE: &str = "Tag_Profile_IM_AllowType";
pub(crate) const ADMIN_FORBID_TYPE: &str = "Tag_Profile_IM_AdminForbidType";

const GENDERS: &[&str] = &["Gender_Type_Unknown", "Gender_Type_Female", "Gender_Type_Male"];
pub const ALLOW_TYPES: &[&str] =
    &["AllowType_Type_AllowAny", "AllowType_Type_NeedConfirm", "AllowType_Type_DenyAny"];
const FORBID_TYPES: &[&str] = &["AdminForbid_Type_None", "AdminForbid_Type_SendOut"];

/// What a value must be.
#[derive(Clone, Copy)]
enum Kind {
    /// Text of at most [`NICK_BYTES_MAX`] bytes.
    Text,
    /// 0 to 4294967295, 0 when never set.
    Number,
    /// One of these; the first when never set.
    OneOf(&'static [&'static str]),
}

/// The standard fields, in the order of `spec/concepts/profiles.md` 1.
const STANDARD: &[(&str, Kind)] = &[
    (NICK, Kind::Text),
    ("Tag_Profile_IM_Gender", Kind::OneOf(GENDERS)),
    ("Tag_Profile_IM_BirthDay", Kind::Number),
    ("Tag_Profile_IM_Location", Kind::Text),
    (SIGNATURE, Kind::Text),
    (ALLOW_TYPE, Kind::OneOf(ALLOW_TYPES)),
    ("Tag_Profile_IM_Language", Kind::Number),
    (FACE, Kind::Text),
    ("Tag_Profile_IM_MsgSettings", Kind::Number),
    (ADMIN_FORBID_TYPE, Kind::OneOf(FORBID_TYPES)),
    ("Tag_Profile_IM_Level", Kind::Number),
    ("Tag_Profile_IM_Role", Kind::Number),
];

fn standard(tag: &str) -> Option<Kind> {
    STANDARD.iter().find(|it| it.0 == tag).map(|it| it.1)
}

/// A field to set: its tag and the JSON literal of its value.
pub type Field = (String, String);

/// Sets fields of a profile, all or none, and tells the user's other sessions.
pub async fn set(cx: &Cx, user: &str, fields: Vec<Field>) -> Result<(), Error> {
    let state = cx.app.state();
    check_fields(&state.settings, &fields, cx.is_admin())?;
    let (app, name, changed, at) = (cx.app.id, user.to_owned(), fields.clone(), cx.clone());
    let done = cx.chat.db.write(shard(app, user), move |tx| {
        if store::accounts::get(tx, app, &name)?.is_none() {
            let info = "Err_Profile_PortraitSet_Account_Not_Exist";
            return Err(Error::from(Fail::with(Code::ProfileUnknown, info)));
        }
        fields.iter().try_for_each(|(tag, value)| put(tx, app, &name, tag, value))?;
        tell(tx, &at, Hook::ProfileCallbackPortraitSet, Line::User(&name), |_| {
            Ok(PortraitSet {
                operator: at.caller.user(),
                user: &name,
                event_time: at.chat.clock.millis(),
                items: fields.iter().map(shown).collect(),
            })
        })
    });
    done.await?;
    cx.app.accounts.forget(user);
    announce(&cx.chat, &cx.app, user, cx.caller.instance(), &changed).await;
    Ok(())
}

/// Whether the fields may be set, and to these values.
pub(crate) fn check_fields(settings: &Settings, fields: &[Field], by_admin: bool) -> Result<(), Error> {
    for (tag, value) in fields {
        let kind = writable(settings, tag, by_admin)?;
        check(tag, kind, value)?;
    }
    Ok(())
}

/// What an administrator writes into a field, as the JSON literal of the field's type.
pub(crate) fn literal(settings: &Settings, tag: &str, text: &str) -> Result<String, Error> {
    match writable(settings, tag, true)? {
        Kind::Number if text.parse::<u32>().is_ok() => Ok(text.to_owned()),
        _ => Ok(quote(text)),
    }
}

/// Writes a field, and where it is searched.
pub(crate) fn put(tx: &mut dyn Tx, app: u32, user: &str, tag: &str, value: &str) -> Result<(), StoreError> {
    store::profiles::set(tx, app, user, tag, value)?;
    crate::search::keep_nick(tx, app, user, tag, value)
}

/// A field as its webhook shows it.
fn shown((tag, value): &Field) -> ProfileItem<'_> {
    ProfileItem { tag, value: raw(value).unwrap_or(RawValue::NULL) }
}

fn writable(settings: &Settings, tag: &str, by_admin: bool) -> Result<Kind, Error> {
    let denied =
        || Fail::with(Code::ProfileWriteDenied, format!("Err_Profile_PortraitSet_Write_Denied {tag:?}"));
    if let Some(kind) = standard(tag) {
        // A tool of administrators, although the Web SDK has a parameter for it.
        return if tag == ADMIN_FORBID_TYPE && !by_admin { Err(denied().into()) } else { Ok(kind) };
    }
    let field =
        settings.profile_custom_fields.iter().find(|it| it.name == tag).ok_or_else(|| unknown(tag))?;
    match if by_admin { field.admin_write } else { field.app_write } {
        false => Err(denied().into()),
        true if field.kind == FieldType::Integer => Ok(Kind::Number),
        true => Ok(Kind::Text),
    }
}

fn unknown(tag: &str) -> Fail {
    Fail::with(Code::ProfileTag, format!("Err_Profile_Tag_Unknown {tag:?}"))
}

fn check(tag: &str, kind: Kind, value: &str) -> Result<(), Fail> {
    let fail = |code, what: &str| Err(Fail::with(code, format!("Err_Profile_PortraitSet_{what} {tag}")));
    match kind {
        Kind::Number => match serde_json::from_str::<u32>(value) {
            Ok(_) => Ok(()),
            Err(_) => fail(Code::ProfileType, "Value_Type_Wrong: expected a number from 0 to 4294967295 for"),
        },
        Kind::Text | Kind::OneOf(_) => {
            let Ok(text) = serde_json::from_str::<String>(value) else {
                return fail(Code::ProfileType, "Value_Type_Wrong: expected a string for");
            };
            match kind {
                Kind::OneOf(values) if !values.contains(&&*text) => fail(Code::ProfileValue, "Value_Invalid"),
                _ if text.len() > NICK_BYTES_MAX => fail(Code::ProfileTooLong, "Value_Too_Long"),
                _ => Ok(()),
            }
        }
    }
}

/// Which fields a reader asks for.
pub enum Wanted {
    /// These, in this order; a field that is unknown or not readable refuses the whole call.
    Tags(Vec<String>),
    /// All that the caller may read.
    All,
}

/// The profile of each user: (tag, JSON literal), `None` for ids that are no account.
pub async fn get(cx: &Cx, users: Vec<String>, wanted: Wanted) -> Result<Vec<Option<Vec<Field>>>, Error> {
    let state = cx.app.state();
    let tags = match wanted {
        Wanted::Tags(tags) => {
            tags.iter().try_for_each(|it| readable(&state.settings, it, cx.is_admin()))?;
            tags
        }
        Wanted::All => open_tags(&state.settings, cx.is_admin()),
    };
    let (app, state) = (cx.app.id, state.clone());
    let read = cx.chat.db.read(move |tx| {
        let mut out = Vec::with_capacity(users.len());
        for user in &users {
            let is_there = store::accounts::get(tx, app, user)?.is_some();
            out.push(if is_there { Some(fields(tx, app, user, &tags, &state.settings)?) } else { None });
        }
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}

/// All tags that clients, or administrators, may read: the standard ones, then the custom ones.
pub(crate) fn open_tags(settings: &Settings, by_admin: bool) -> Vec<String> {
    let custom = settings.profile_custom_fields.iter().map(|it| &*it.name);
    let all = STANDARD.iter().map(|it| it.0).chain(custom);
    all.filter(|it| readable(settings, it, by_admin).is_ok()).map(str::to_owned).collect()
}

/// Those of `tags` that have a value or a default for this user, in this order.
pub(crate) fn fields(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    tags: &[String],
    settings: &Settings,
) -> Result<Vec<Field>, StoreError> {
    let stored = store::profiles::all(tx, app, user)?;
    let value = |tag: &str| {
        let set = stored.iter().find(|it| it.0 == tag).map(|it| it.1.clone());
        set.or_else(|| default(tag, &settings.profile_default_allow_type))
    };
    Ok(tags.iter().filter_map(|tag| Some((tag.clone(), value(tag)?))).collect())
}

/// The standard fields that were set, in their order.
pub(crate) fn set_standard(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Field>, StoreError> {
    let stored = store::profiles::all(tx, app, user)?;
    let set = |tag: &str| stored.iter().find(|it| it.0 == tag).cloned();
    Ok(STANDARD.iter().filter_map(|it| set(it.0)).collect())
}

fn default(tag: &str, allow_type: &str) -> Option<String> {
    match standard(tag)? {
        Kind::Text => None,
        Kind::Number => Some("0".to_owned()),
        Kind::OneOf(_) if tag == ALLOW_TYPE => Some(quote(allow_type)),
        Kind::OneOf(values) => Some(quote(values[0])),
    }
}

pub(crate) fn readable(settings: &Settings, tag: &str, by_admin: bool) -> Result<(), Fail> {
    if standard(tag).is_some() {
        return Ok(());
    }
    let field =
        settings.profile_custom_fields.iter().find(|it| it.name == tag).ok_or_else(|| unknown(tag))?;
    match if by_admin { field.admin_read } else { field.app_read } {
        true => Ok(()),
        false => {
            Err(Fail::with(Code::ProfileReadDenied, format!("Err_Profile_PortraitGet_Read_Denied {tag:?}")))
        }
    }
}

/// Tells the user's sessions, but the instance `except`, which fields changed; and of those that others may
/// read, whoever has the user as a friend. The change is made: trouble on the way is logged, not returned.
pub(crate) async fn announce<T: AsRef<str>>(
    chat: &Chat,
    app: &App,
    user: &str,
    except: Option<i64>,
    fields: &[(T, String)],
) {
    app.live.push(user, except, || changed(user, fields.iter()));
    let state = app.state().clone();
    let open: Vec<_> =
        fields.iter().filter(|it| readable(&state.settings, it.0.as_ref(), false).is_ok()).collect();
    if open.is_empty() {
        return;
    }
    let push = changed(user, open.into_iter());
    if let Err(error) = relations::tell_owners(chat, app, user, &push).await {
        tracing::warn!(%error, "friends were not told of a profile");
    }
}

fn changed<'a, T: AsRef<str> + 'a>(user: &str, fields: impl Iterator<Item = &'a (T, String)>) -> Push {
    let items: Vec<_> = fields
        .map(|(tag, value)| {
            let name = if value.starts_with('"') { "ValueBytes" } else { "ValueNum" };
            format!("{{\"Tag\":{},\"{name}\":{value}}}", quote(tag.as_ref()))
        })
        .collect();
    Push::events(&format!(
        "{{\"Event\":8,\"ProfileDataMod\":[{{\"PushType\":1,\"Profile_Account\":{},\"ProfileList\":[{}]}}]}}",
        quote(user),
        items.join(",")
    ))
}
