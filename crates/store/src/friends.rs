//! Friend entries, the named lists they are in, and who has whom.

use std::collections::BTreeSet;

use crate::{Row, StoreError, Tx, can_be_there, params};

/// One entry of a friend list. Empty texts are unset fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Friend {
    pub friend: String,
    pub added_at: i64,
    pub remark: String,
    pub remark_at: i64,
    pub source: String,
    pub wording: String,
    /// Custom fields: a JSON object of tag and value, or empty.
    pub custom: String,
}

fn friend(mut row: Row) -> Result<Friend, StoreError> {
    Ok(Friend {
        friend: row.take_text(0)?,
        added_at: row.int(1)?,
        remark: row.take_text(2)?,
        remark_at: row.int(3)?,
        source: row.take_text(4)?,
        wording: row.take_text(5)?,
        custom: row.take_text(6)?,
    })
}

pub fn get(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<Option<Friend>, StoreError> {
    if !can_be_there(owner) || !can_be_there(other) {
        return Ok(None);
    }
    let row = tx.row(
        "select friend, added_at, remark, remark_at, source, wording, custom
         from friends where app = $1 and owner = $2 and friend = $3",
        params![app, owner, other],
    )?;
    row.map(friend).transpose()
}

pub fn is(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<bool, StoreError> {
    if !can_be_there(owner) || !can_be_there(other) {
        return Ok(false);
    }
    let sql = "select 1 from friends where app = $1 and owner = $2 and friend = $3";
    Ok(tx.row(sql, params![app, owner, other])?.is_some())
}

pub fn count(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from friends where app = $1 and owner = $2", params![app, owner])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Writes the entry, new or over the old one.
pub fn put(tx: &mut dyn Tx, app: u32, owner: &str, it: &Friend) -> Result<(), StoreError> {
    tx.exec(
        "insert into friends (app, owner, friend, added_at, remark, remark_at, source, wording, custom)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (app, owner, friend) do update
         set added_at = excluded.added_at, remark = excluded.remark, remark_at = excluded.remark_at,
             source = excluded.source, wording = excluded.wording, custom = excluded.custom",
        params![
            app,
            owner,
            &*it.friend,
            it.added_at,
            &*it.remark,
            it.remark_at,
            &*it.source,
            &*it.wording,
            &*it.custom
        ],
    )?;
    Ok(())
}

/// Removes the entry and its places in lists. Says whether it was there, and whether it was in a list.
pub fn remove(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<(bool, bool), StoreError> {
    if !can_be_there(owner) || !can_be_there(other) {
        return Ok((false, false));
    }
    let gone = tx.exec(
        "delete from friends where app = $1 and owner = $2 and friend = $3",
        params![app, owner, other],
    )?;
    let listed = tx.exec(
        "delete from friend_list_members where app = $1 and owner = $2 and friend = $3",
        params![app, owner, other],
    )?;
    Ok((gone > 0, listed > 0))
}

/// Removes all entries of the owner and their places in lists. Says who they were, in byte order, and whether
/// any was in a list.
pub fn remove_all(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<(Vec<String>, bool), StoreError> {
    let rows = tx.rows(
        "select friend from friends where app = $1 and owner = $2 order by friend",
        params![app, owner],
    )?;
    let all = rows.into_iter().map(|mut it| it.take_text(0)).collect::<Result<Vec<_>, _>>()?;
    tx.exec("delete from friends where app = $1 and owner = $2", params![app, owner])?;
    let listed =
        tx.exec("delete from friend_list_members where app = $1 and owner = $2", params![app, owner])?;
    Ok((all, listed > 0))
}

/// Removes the user from the lists of all who are in the user's own. Says from whose, in byte order, and whether
/// it was in a list there.
pub fn remove_from_theirs(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<(String, bool)>, StoreError> {
    let listed = tx.rows(
        "delete from friend_list_members where app = $1 and friend = $2
           and owner in (select friend from friends where app = $1 and owner = $2) returning owner",
        params![app, user],
    )?;
    let gone = tx.rows(
        "delete from friends where app = $1 and friend = $2
           and owner in (select friend from friends where app = $1 and owner = $2) returning owner",
        params![app, user],
    )?;
    let owner = |mut it: Row| it.take_text(0);
    let listed = listed.into_iter().map(owner).collect::<Result<BTreeSet<_>, _>>()?;
    let gone = gone.into_iter().map(owner).collect::<Result<BTreeSet<_>, _>>()?;
    Ok(gone.into_iter().map(|it| (it.clone(), listed.contains(&it))).collect())
}

/// Entries by AddTime and id, from the `offset`-th.
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Friend>, StoreError> {
    let rows = tx.rows(
        "select friend, added_at, remark, remark_at, source, wording, custom
         from friends where app = $1 and owner = $2 order by added_at, friend limit $4 offset $3",
        params![app, owner, offset, limit],
    )?;
    rows.into_iter().map(friend).collect()
}

/// Users after `after` that have `user` in their friend list, in byte order.
pub fn owners_of(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select owner from friends where app = $1 and friend = $2 and owner > $3 order by owner limit $4",
        params![app, user, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// A named list: its number and its name.
pub type List = (i64, String);

/// The owner's lists in the order of their making.
pub fn lists(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<Vec<List>, StoreError> {
    let rows = tx.rows(
        "select id, name from friend_lists where app = $1 and owner = $2 order by id",
        params![app, owner],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

pub fn make_list(tx: &mut dyn Tx, app: u32, owner: &str, id: i64, name: &str) -> Result<(), StoreError> {
    tx.exec(
        "insert into friend_lists (app, owner, id, name) values ($1, $2, $3, $4)",
        params![app, owner, id, name],
    )?;
    Ok(())
}

pub fn rename_list(tx: &mut dyn Tx, app: u32, owner: &str, id: i64, name: &str) -> Result<(), StoreError> {
    tx.exec(
        "update friend_lists set name = $4 where app = $1 and owner = $2 and id = $3",
        params![app, owner, id, name],
    )?;
    Ok(())
}

/// Removes a list with the places in it.
pub fn remove_list(tx: &mut dyn Tx, app: u32, owner: &str, id: i64) -> Result<(), StoreError> {
    for sql in [
        "delete from friend_list_members where app = $1 and owner = $2 and list = $3",
        "delete from friend_lists where app = $1 and owner = $2 and id = $3",
    ] {
        tx.exec(sql, params![app, owner, id])?;
    }
    Ok(())
}

/// Friends in a list, in byte order.
pub fn list_members(tx: &mut dyn Tx, app: u32, owner: &str, id: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select friend from friend_list_members where app = $1 and owner = $2 and list = $3 order by friend",
        params![app, owner, id],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

pub fn count_list_members(tx: &mut dyn Tx, app: u32, owner: &str, id: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from friend_list_members where app = $1 and owner = $2 and list = $3",
        params![app, owner, id],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Numbers of the lists that a friend is in, in the order of their making.
pub fn lists_of(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<Vec<i64>, StoreError> {
    let rows = tx.rows(
        "select list from friend_list_members where app = $1 and owner = $2 and friend = $3 order by list",
        params![app, owner, other],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

/// Puts a friend into a list. Says whether that was new.
pub fn add_to_list(tx: &mut dyn Tx, app: u32, owner: &str, other: &str, id: i64) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into friend_list_members (app, owner, friend, list) values ($1, $2, $3, $4)
         on conflict do nothing",
        params![app, owner, other, id],
    )?;
    Ok(added > 0)
}

/// Takes a friend out of a list. Says whether it was in there.
pub fn take_from_list(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    other: &str,
    id: i64,
) -> Result<bool, StoreError> {
    let gone = tx.exec(
        "delete from friend_list_members where app = $1 and owner = $2 and friend = $3 and list = $4",
        params![app, owner, other, id],
    )?;
    Ok(gone > 0)
}
