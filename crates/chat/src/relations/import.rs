//! Filling a friend list from another system: one way, without asking or telling anybody.
//!
//! Contract: `spec/rest/sns.friend_import.yaml`.

use proto::{Code, Fail};
use serde_json::Value;
use store::{
    Tx,
    friends::{self, Friend},
};

use super::{
    Changes, Outcome, change,
    entry::{
        TIME, check_remark, check_room, check_source, check_wording, checked_custom, checked_lists, full,
        set_custom, set_lists, set_remark,
    },
    must_exist, outcome,
};
use crate::{Cx, error::Error, profiles::Field};

/// A friend to import. What is not given stays as it is in an entry that is there already.
pub struct Imported {
    pub user: String,
    pub remark: Option<String>,
    /// Unix seconds, like `added_at`.
    pub remark_at: Option<i64>,
    pub lists: Option<Vec<String>>,
    pub source: String,
    pub wording: Option<String>,
    pub added_at: Option<i64>,
    pub custom: Vec<Field>,
}

/// Writes entries of the list of `owner`, each for itself.
pub async fn import(cx: &Cx, owner: &str, items: Vec<Imported>) -> Result<Vec<Outcome>, Error> {
    let (at, me) = (cx.clone(), owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        changes.silence();
        let mut own = friends::count(tx, at.app.id, &me)?;
        items.into_iter().map(|it| outcome(one(tx, &at, &me, it, &mut own, changes))).collect()
    };
    change(cx, owner, work).await
}

/// What an item may be, apart from what is stored.
struct Checked {
    lists: Option<Vec<String>>,
    custom: Vec<(String, Value)>,
}

fn check(cx: &Cx, it: &mut Imported) -> Result<Checked, Fail> {
    check_remark(it.remark.as_deref().unwrap_or(""))?;
    check_wording(it.wording.as_deref().unwrap_or(""))?;
    if it.source.is_empty() {
        return Err(Fail::with(Code::SnsParam, "Err_SNS_AddSource_Invalid: AddSource is empty"));
    }
    check_source(&it.source)?;
    if it.added_at.is_some_and(i64::is_negative) || it.remark_at.is_some_and(i64::is_negative) {
        return Err(Fail::with(
            Code::SnsParam,
            "Err_SNS_Time_Invalid: AddTime and RemarkTime are Unix seconds",
        ));
    }
    let state = cx.app.state();
    Ok(Checked {
        lists: it.lists.take().map(checked_lists).transpose()?,
        custom: it.custom.iter().map(|it| checked_custom(&state.settings, it)).collect::<Result<_, _>>()?,
    })
}

fn one(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    mut it: Imported,
    own: &mut i64,
    changes: &mut Changes,
) -> Result<(), Error> {
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    must_exist(tx, app, &it.user, "To_Account")?;
    if it.user == owner {
        return Err(
            Fail::with(Code::SnsParam, "Err_SNS_FriendImport_Self: nobody is their own friend").into()
        );
    }
    let checked = check(cx, &mut it)?;
    let old = friends::get(tx, app, owner, &it.user)?;
    let is_new = old.is_none();
    if is_new && *own >= cx.app.state().settings.sns_max_friends {
        return Err(full(Code::FriendsFull));
    }
    let lists = checked.lists.as_deref();
    check_room(tx, cx, owner, lists.unwrap_or(&[]))?;

    let mut entry =
        old.unwrap_or_else(|| Friend { friend: it.user.clone(), added_at: now, ..Friend::default() });
    let before = entry.clone();
    if let Some(remark) = it.remark {
        set_remark(&mut entry, owner, remark, now, changes);
    }
    entry.remark_at = it.remark_at.unwrap_or(entry.remark_at);
    entry.source = it.source;
    entry.wording = it.wording.unwrap_or(entry.wording);
    // Many write 0 for a time that they do not know.
    entry.added_at = it.added_at.filter(|it| *it > 0).unwrap_or(entry.added_at);
    if (&entry.source, &entry.wording, entry.added_at) != (&before.source, &before.wording, before.added_at) {
        changes.updated(owner, &entry.friend, TIME, entry.added_at.to_string());
    }
    set_custom(&mut entry, owner, checked.custom, changes)?;
    if is_new || entry != before {
        friends::put(tx, app, owner, &entry)?;
    }
    if is_new {
        changes.added(owner, &entry.friend);
        *own += 1;
    }
    if let Some(names) = lists {
        set_lists(tx, cx, owner, &entry.friend, names, changes)?;
    }
    Ok(())
}
