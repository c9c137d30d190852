//! One entry of a friend list: what its fields may be, and how they are written.
//! `spec/concepts/relationships.md` 1.

use proto::{Code, Fail, json::quote};
use serde_json::{Map, Value};
use store::{StoreError, Tx, friend_requests, friends, friends::Friend};

use super::{Changes, REMARK_BYTES_MAX, WORDING_BYTES_MAX, lists};
use crate::{
    Cx,
    error::Error,
    profiles::Field,
    settings::{FieldType, Settings},
};

pub(super) const SOURCE: &str = "Tag_SNS_IM_AddSource";
pub(super) const REMARK: &str = "Tag_SNS_IM_Remark";
pub(super) const GROUP: &str = "Tag_SNS_IM_Group";
pub(super) const TIME: &str = "Tag_SNS_IM_AddTime";
pub(super) const WORDING: &str = "Tag_SNS_IM_AddWording";

const SOURCE_PREFIX: &str = "AddSource_Type_";
const SOURCE_LETTERS_MAX: usize = 8;
/// Most bytes of a custom field.
const CUSTOM_BYTES_MAX: usize = 500;

fn bad(info: String) -> Fail {
    Fail::with(Code::SnsParam, info)
}

/// Refuses a remark that is too long with 30001.
pub(super) fn check_remark(text: &str) -> Result<(), Fail> {
    check_text("Remark", text, REMARK_BYTES_MAX)
}

pub(super) fn check_wording(text: &str) -> Result<(), Fail> {
    check_text("AddWording", text, WORDING_BYTES_MAX)
}

fn check_text(what: &str, text: &str, most: usize) -> Result<(), Fail> {
    // No engine keeps U+0000 in a text.
    match text.len() > most || text.contains('\0') {
        true => Err(bad(format!("Err_SNS_{what}_Invalid: at most {most} bytes, without U+0000"))),
        false => Ok(()),
    }
}

/// An empty source is none.
pub(super) fn check_source(text: &str) -> Result<(), Fail> {
    let word = text.strip_prefix(SOURCE_PREFIX).unwrap_or("");
    let is_good =
        (1..=SOURCE_LETTERS_MAX).contains(&word.len()) && word.bytes().all(|it| it.is_ascii_alphabetic());
    match is_good || text.is_empty() {
        true => Ok(()),
        false => Err(bad(format!(
            "Err_SNS_AddSource_Invalid: expected {SOURCE_PREFIX} with 1 to {SOURCE_LETTERS_MAX} letters"
        ))),
    }
}

/// Refuses the name of the one list of a new friend with 30001. An empty name is no list.
pub(super) fn check_list(name: &str) -> Result<(), Fail> {
    if name.is_empty() { Ok(()) } else { lists::check_name(name) }
}

/// The names of a friend's lists, each once, in the order in which they are given.
pub(super) fn checked_lists(names: Vec<String>) -> Result<Vec<String>, Fail> {
    let mut seen = std::collections::HashSet::new();
    let mut once = Vec::new();
    for name in names {
        lists::check_name(&name)?;
        if seen.insert(name.clone()) {
            once.push(name);
        }
    }
    Ok(once)
}

/// Whether the owner may have lists of all these names; 30011 when not.
pub(super) fn check_room(tx: &mut dyn Tx, cx: &Cx, owner: &str, names: &[String]) -> Result<(), Error> {
    if names.is_empty() {
        return Ok(());
    }
    // More names than there may be lists need not be compared with those that are there.
    if names.len() as i64 > cx.app.state().settings.sns_max_lists {
        return Err(
            Fail::with(Code::FriendGroupsFull, "Err_SNS_FriendUpdate_Group_Num_Exceed_Threshold").into()
        );
    }
    lists::check_room(tx, cx, owner, names)
}

/// A custom field in the form in which it is kept. Refused with 30001 when the app has no such field, or the
/// value is not of its type.
pub(super) fn checked_custom(settings: &Settings, (tag, literal): &Field) -> Result<(String, Value), Fail> {
    let field = settings.sns_custom_fields.iter().find(|it| it.name == *tag);
    let field = field.ok_or_else(|| bad(format!("Err_SNS_Tag_Unknown: {tag:?}")))?;
    let value = match (field.kind, serde_json::from_str(literal)) {
        (FieldType::Integer, Ok(Value::Number(it))) if it.is_i64() || it.is_u64() => Value::Number(it),
        (FieldType::String | FieldType::Bytes, Ok(Value::String(it))) => Value::String(it),
        (FieldType::String | FieldType::Bytes, Ok(Value::Number(it))) if it.is_i64() || it.is_u64() => {
            Value::String(it.to_string())
        }
        _ => return Err(bad(format!("Err_SNS_Value_Type_Wrong: {tag}"))),
    };
    match value.as_str().is_some_and(|it| it.len() > CUSTOM_BYTES_MAX) {
        true => Err(bad(format!("Err_SNS_Value_Too_Long: at most {CUSTOM_BYTES_MAX} bytes for {tag}"))),
        false => Ok((tag.clone(), value)),
    }
}

/// Sets the entry's custom fields; an empty text unsets one. Says whether anything changed; to be written by
/// the caller.
pub(super) fn set_custom(
    entry: &mut Friend,
    owner: &str,
    fields: Vec<(String, Value)>,
    changes: &mut Changes,
) -> Result<bool, serde_json::Error> {
    let mut all = custom_of(entry)?;
    let before = all.clone();
    for (tag, value) in fields {
        let literal = value.to_string();
        let new = Some(value).filter(|it| it != "");
        let old = match &new {
            Some(it) => all.insert(tag.clone(), it.clone()),
            None => all.remove(&tag),
        };
        if old != new {
            changes.updated_custom(owner, &entry.friend, &tag, literal);
        }
    }
    let is_changed = all != before;
    entry.custom = if all.is_empty() { String::new() } else { Value::Object(all).to_string() };
    Ok(is_changed)
}

pub(super) fn custom_of(entry: &Friend) -> Result<Map<String, Value>, serde_json::Error> {
    if entry.custom.is_empty() { Ok(Map::new()) } else { serde_json::from_str(&entry.custom) }
}

/// Sets the remark, if it is another one, at this second; to be written by the caller.
pub(super) fn set_remark(entry: &mut Friend, owner: &str, remark: String, now: i64, changes: &mut Changes) {
    if entry.remark != remark {
        changes.updated(owner, &entry.friend, REMARK, quote(&remark));
        (entry.remark, entry.remark_at) = (remark, now);
    }
}

/// Makes these the lists that the friend is in. The room was checked.
pub(super) fn set_lists(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    friend: &str,
    names: &[String],
    changes: &mut Changes,
) -> Result<(), StoreError> {
    let app = cx.app.id;
    let before = friends::lists_of(tx, app, owner, friend)?;
    let after = lists::ensure(tx, cx, owner, names, changes)?;
    let mut is_changed = false;
    for id in before.iter().filter(|it| !after.contains(it)) {
        is_changed |= friends::take_from_list(tx, app, owner, friend, *id)?;
    }
    for id in &after {
        is_changed |= friends::add_to_list(tx, app, owner, friend, *id)?;
    }
    if is_changed {
        lists::note(tx, app, owner, friend, changes)?;
    }
    Ok(())
}

/// Writes an entry that was not there, in these lists. The room was checked.
pub(super) fn insert(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    entry: &Friend,
    names: &[String],
    changes: &mut Changes,
) -> Result<(), StoreError> {
    friends::put(tx, cx.app.id, owner, entry)?;
    changes.added(owner, &entry.friend);
    for id in lists::ensure(tx, cx, owner, names, changes)? {
        friends::add_to_list(tx, cx.app.id, owner, &entry.friend, id)?;
        changes.lists(owner);
    }
    Ok(())
}

/// Ends a request that has become needless, if there is one.
pub(super) fn end_request(
    tx: &mut dyn Tx,
    app: u32,
    sender: &str,
    receiver: &str,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    if friend_requests::remove(tx, app, sender, receiver)? {
        changes.request_gone(sender, receiver);
    }
    Ok(())
}

/// The list of the one who acts (30010), or of the other (30014), takes no further entry.
pub(super) fn full(code: Code) -> Error {
    match code {
        Code::FriendsFull => Fail::with(code, "Err_SNS_FriendImport_My_Friend_Num_Exceed_Threshold"),
        code => Fail::with(code, "Err_SNS_FriendAdd_Peer_Friend_Num_Exceed_Threshold"),
    }
    .into()
}
