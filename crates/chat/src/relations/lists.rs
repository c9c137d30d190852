//! Named lists of friends. `spec/concepts/relationships.md` 6.

use std::collections::BTreeSet;

use proto::{Code, Fail, json::quote};
use store::{StoreError, Tx, friends};

use super::{Changes, LIST_NAME_BYTES_MAX};
use crate::{Cx, error::Error};

/// Refuses a name that is empty or too long with 30001.
pub(crate) fn check_name(name: &str) -> Result<(), Fail> {
    if name.is_empty() || name.len() > LIST_NAME_BYTES_MAX || name.contains('\0') {
        let info = format!("Err_SNS_Group_Name_Invalid: a list name has 1 to {LIST_NAME_BYTES_MAX} bytes");
        return Err(Fail::with(Code::SnsParam, info));
    }
    Ok(())
}

/// Whether the owner may have lists of all these names; 30011 when they would be too many.
pub(crate) fn check_room(tx: &mut dyn Tx, cx: &Cx, owner: &str, names: &[String]) -> Result<(), Error> {
    let most = usize::try_from(cx.app.state().settings.sns_max_lists).unwrap_or(usize::MAX);
    let mut all: Vec<_> = friends::lists(tx, cx.app.id, owner)?.into_iter().map(|it| it.1).collect();
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
    if all.len() > most {
        let info = "Err_SNS_FriendUpdate_Group_Num_Exceed_Threshold";
        return Err(Fail::with(Code::FriendGroupsFull, info).into());
    }
    Ok(())
}

/// The numbers of these lists, made where they are missing. The room was checked.
pub(crate) fn ensure(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    names: &[String],
    changes: &mut Changes,
) -> Result<Vec<i64>, StoreError> {
    let mut all = friends::lists(tx, cx.app.id, owner)?;
    let mut ids = Vec::with_capacity(names.len());
    for name in names {
        if let Some(it) = all.iter().find(|it| it.1 == *name) {
            ids.push(it.0);
            continue;
        }
        let id = all.last().map_or(1, |it| it.0 + 1);
        friends::make_list(tx, cx.app.id, owner, id, name)?;
        changes.lists(owner);
        all.push((id, name.clone()));
        ids.push(id);
    }
    Ok(ids)
}

/// Notes that the lists of a friend changed: the push shows all that the friend is in now.
pub(crate) fn note(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    friend: &str,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    note_all(tx, app, owner, &BTreeSet::from([friend.to_owned()]), changes)
}

/// Notes that the lists of these friends changed.
pub(crate) fn note_all(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    moved: &BTreeSet<String>,
    changes: &mut Changes,
) -> Result<(), StoreError> {
    if moved.is_empty() {
        return Ok(());
    }
    let all = friends::lists(tx, app, owner)?;
    changes.lists(owner);
    for friend in moved {
        let ids = friends::lists_of(tx, app, owner, friend)?;
        let names: Vec<_> = all.iter().filter(|it| ids.contains(&it.0)).map(|it| it.1.clone()).collect();
        changes.updated(owner, friend, "Tag_SNS_IM_Group", literal(&names));
    }
    Ok(())
}

/// List names as a JSON array.
pub(crate) fn literal(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|it| quote(it)).collect();
    format!("[{}]", quoted.join(","))
}
