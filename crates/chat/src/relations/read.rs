//! Reading a friend list, page by page or by name. `spec/concepts/relationships.md` 1 and 5.

use std::collections::HashMap;

use proto::{Code, Fail, json::quote};
use store::{
    Tx, among,
    friends::{self, Friend},
    relation_sequences as sequences,
};

use super::{
    entry::{GROUP, REMARK, SOURCE, TIME, WORDING, custom_of},
    lists, must_exist,
};
use crate::{
    Cx,
    error::Error,
    profiles::{self, Field},
    settings::Settings,
};

/// Friends of one page.
const PAGE: i64 = 100;
const STANDARD: &[&str] = &[SOURCE, REMARK, GROUP, TIME, WORDING];

/// Where a page starts, and what the reader has already.
#[derive(Clone, Copy)]
pub struct Start {
    pub index: i64,
    pub standard: i64,
    pub custom: i64,
}

pub struct Page {
    pub friends: Vec<(String, Vec<Field>)>,
    pub standard: i64,
    pub custom: i64,
    pub total: i64,
    /// Where the next page starts, if there is one.
    pub next: Option<i64>,
}

/// A page of the friend list of `owner`; clients get what is set in the profiles too.
pub async fn page(cx: &Cx, owner: &str, start: Start) -> Result<Page, Error> {
    let (at, me) = (cx.clone(), owner.to_owned());
    cx.chat.db.read(move |tx| read_page(tx, &at, &me, start)).await
}

fn read_page(tx: &mut dyn Tx, cx: &Cx, owner: &str, start: Start) -> Result<Page, Error> {
    let app = cx.app.id;
    must_exist(tx, app, owner, "From_Account")?;
    let now = sequences::get(tx, app, owner)?;
    let total = friends::count(tx, app, owner)?;
    let mut page =
        Page { friends: Vec::new(), standard: now.standard, custom: now.custom, total, next: None };
    // On later pages a client sends the sequences of the first one, and still needs the friends.
    let has_standard = start.index == 0 && start.standard == now.standard;
    let has_custom = start.index == 0 && start.custom == now.custom;
    if has_standard && has_custom {
        return Ok(page);
    }
    let names: HashMap<_, _> = friends::lists(tx, app, owner)?.into_iter().collect();
    let mut groups: HashMap<String, Vec<String>> = HashMap::new();
    let entries = friends::page(tx, app, owner, start.index, PAGE)?;
    let users: Vec<_> = entries.iter().map(|it| it.friend.clone()).collect();
    for (friend, id) in among::lists_of(tx, app, owner, &users)? {
        groups.entry(friend).or_default().extend(names.get(&id).cloned());
    }
    let mut profiles = if cx.is_admin() { HashMap::new() } else { profiles_of(tx, cx, &users)? };
    for it in entries {
        let mut fields = profiles.remove(&it.friend).unwrap_or_default();
        if !has_standard {
            fields.extend(standard_of(&it, groups.get(&it.friend).map_or(&[], |it| it)));
        }
        if !has_custom {
            fields.extend(custom_of(&it)?.into_iter().map(|(tag, value)| (tag, value.to_string())));
        }
        page.friends.push((it.friend, fields));
    }
    let end = start.index.saturating_add(PAGE);
    page.next = (end < total).then_some(end);
    Ok(page)
}

/// What the friends of a page have set in their profiles, as far as clients may read it.
fn profiles_of(tx: &mut dyn Tx, cx: &Cx, users: &[String]) -> Result<HashMap<String, Vec<Field>>, Error> {
    let open = profiles::open_tags(&cx.app.state().settings, false);
    let mut all: HashMap<String, Vec<Field>> = HashMap::new();
    for (friend, tag, value) in among::profiles(tx, cx.app.id, users)? {
        if open.contains(&tag) {
            all.entry(friend).or_default().push((tag, value));
        }
    }
    Ok(all)
}

/// The standard fields of an entry that have a value.
fn standard_of(it: &Friend, groups: &[String]) -> Vec<Field> {
    let text = |text: &String| (!text.is_empty()).then(|| quote(text));
    let value = |tag: &str| match tag {
        SOURCE => text(&it.source),
        REMARK => text(&it.remark),
        GROUP => (!groups.is_empty()).then(|| lists::literal(groups)),
        TIME => (it.added_at > 0).then(|| it.added_at.to_string()),
        _ => text(&it.wording),
    };
    STANDARD.iter().filter_map(|tag| Some(((*tag).to_owned(), value(tag)?))).collect()
}

/// Which fields of chosen friends are wanted.
pub enum Wanted {
    /// These; one that the app does not have, or that the caller may not read, refuses the whole call.
    Tags(Vec<String>),
    /// All that the caller may read.
    All,
}

/// Tags of the entry, none for all, and tags of the profile.
struct Tags {
    entry: Option<Vec<String>>,
    profile: Vec<String>,
}

fn tags(settings: &Settings, by_admin: bool, wanted: Wanted) -> Result<Tags, Fail> {
    let Wanted::Tags(wanted) = wanted else {
        return Ok(Tags { entry: None, profile: profiles::open_tags(settings, by_admin) });
    };
    let (mut entry, mut profile) = (Vec::new(), Vec::new());
    for tag in wanted {
        let is_own = STANDARD.contains(&&*tag) || settings.sns_custom_fields.iter().any(|it| it.name == tag);
        if !is_own && profiles::readable(settings, &tag, by_admin).is_err() {
            return Err(Fail::with(Code::SnsParam, format!("Err_SNS_Tag_Unknown: {tag:?}")));
        }
        let into = if is_own { &mut entry } else { &mut profile };
        if !into.contains(&tag) {
            into.push(tag);
        }
    }
    Ok(Tags { entry: Some(entry), profile })
}

/// Fields of chosen friends of `owner`, first those of the entry, then those of the profile.
pub async fn some(
    cx: &Cx,
    owner: &str,
    users: Vec<String>,
    wanted: Wanted,
) -> Result<Vec<Result<Vec<Field>, Fail>>, Error> {
    let (at, me) = (cx.clone(), owner.to_owned());
    let tags = tags(&cx.app.state().settings, cx.is_admin(), wanted)?;
    let read = cx.chat.db.read(move |tx| {
        must_exist(tx, at.app.id, &me, "From_Account")?;
        let names: HashMap<_, _> = friends::lists(tx, at.app.id, &me)?.into_iter().collect();
        let mut out = Vec::with_capacity(users.len());
        for user in &users {
            out.push(match read_one(tx, &at, (&me, user), &names, &tags) {
                Ok(fields) => Ok(fields),
                Err(Error::Fail(fail)) => Err(fail),
                Err(error) => return Err(error),
            });
        }
        Ok(out)
    });
    read.await
}

fn read_one(
    tx: &mut dyn Tx,
    cx: &Cx,
    (owner, user): (&str, &str),
    names: &HashMap<i64, String>,
    tags: &Tags,
) -> Result<Vec<Field>, Error> {
    let app = cx.app.id;
    must_exist(tx, app, user, "To_Account")?;
    let Some(entry) = friends::get(tx, app, owner, user)? else {
        return Err(Fail::with(Code::SnsParam, "Err_SNS_FriendGetList_Friend_Not_Exist").into());
    };
    let ids = friends::lists_of(tx, app, owner, user)?;
    let groups: Vec<_> = ids.iter().filter_map(|it| names.get(it).cloned()).collect();
    let mut fields = standard_of(&entry, &groups);
    fields.extend(custom_of(&entry)?.into_iter().map(|(tag, value)| (tag, value.to_string())));
    if let Some(wanted) = &tags.entry {
        let place = |tag: &str| wanted.iter().position(|it| it == tag);
        fields.retain(|it| place(&it.0).is_some());
        fields.sort_by_key(|it| place(&it.0));
    }
    if !tags.profile.is_empty() {
        fields.extend(profiles::fields(tx, app, user, &tags.profile, &cx.app.state().settings)?);
    }
    Ok(fields)
}
