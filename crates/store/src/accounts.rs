//! Accounts of an app, and the ids of deleted ones.

use crate::{
    StoreError, Tx, can_be_there,
    counters::{self, Numbered},
    params,
};

/// What is read of an account before anything is done for it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Position of the account in the order of creation; the wire's TinyId is made of it.
    pub tiny: i64,
    pub created_at: i64,
    /// UserSigs made before this second cannot log in.
    pub valid_from: i64,
    /// The last moment with a connection, as far as it is over; 0 before the first.
    pub seen_at: i64,
}

pub fn get(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<Account>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row = tx.row(
        "select tiny, created_at, valid_from, seen_at from accounts where app = $1 and user_id = $2",
        params![app, user],
    )?;
    row.map(|it| {
        Ok(Account { tiny: it.int(0)?, created_at: it.int(1)?, valid_from: it.int(2)?, seen_at: it.int(3)? })
    })
    .transpose()
}

/// Returns false when the account was there already. `valid_from` is that of a deleted predecessor.
pub fn insert(tx: &mut dyn Tx, app: u32, user: &str, now: i64, valid_from: i64) -> Result<bool, StoreError> {
    if get(tx, app, user)?.is_some() {
        return Ok(false);
    }
    let tiny = counters::next(tx, Numbered::Tiny)?;
    let added = tx.exec(
        "insert into accounts (app, user_id, tiny, created_at, valid_from, seen_at)
         values ($1, $2, $3, $4, $5, 0) on conflict do nothing",
        params![app, user, tiny, now, valid_from],
    )?;
    Ok(added == 1)
}

/// Accounts that count against a quota: all but robots.
pub fn count(tx: &mut dyn Tx, app: u32) -> Result<i64, StoreError> {
    let row =
        tx.row("select count(*) from accounts where app = $1 and user_id not like '@RBT#%'", params![app])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

pub fn set_valid_from(tx: &mut dyn Tx, app: u32, user: &str, second: i64) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let changed = tx.exec(
        "update accounts set valid_from = $3 where app = $1 and user_id = $2",
        params![app, user, second],
    )?;
    Ok(changed == 1)
}

pub fn set_seen_at(tx: &mut dyn Tx, app: u32, user: &str, second: i64) -> Result<(), StoreError> {
    tx.exec("update accounts set seen_at = $3 where app = $1 and user_id = $2", params![app, user, second])?;
    Ok(())
}

/// Removes the account with all that belongs to it alone; messages stay with the peers.
/// Returns false when there was none.
pub fn delete(tx: &mut dyn Tx, app: u32, user: &str, now: i64) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let gone = tx.exec("delete from accounts where app = $1 and user_id = $2", params![app, user])?;
    if gone == 0 {
        return Ok(false);
    }
    tx.exec("delete from profiles where app = $1 and user_id = $2", params![app, user])?;
    tx.exec("delete from contacts where app = $1 and owner = $2 and kind <> 1", params![app, user])?;
    // The messages stay with the peers, so a later account of this id must find its side of them cleared.
    tx.exec(
        "update contacts set active_at = 0, read_at = 0, clear_time = $3, clear_seq = $4, clear_random = $4,
                unlisted_id = 0, emptied_at = 0, pinned = 0, mute = 0
         where app = $1 and owner = $2 and kind = 1",
        params![app, user, now, i64::MAX],
    )?;
    tx.exec(
        "insert into deleted_accounts (app, user_id, deleted_at) values ($1, $2, $3)
         on conflict (app, user_id) do update set deleted_at = excluded.deleted_at",
        params![app, user, now],
    )?;
    Ok(true)
}

/// When an account of this id was last deleted.
pub fn deleted_at(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<i64>, StoreError> {
    let row = tx
        .row("select deleted_at from deleted_accounts where app = $1 and user_id = $2", params![app, user])?;
    row.map(|it| it.int(0)).transpose()
}

/// Ids after `after`, in byte order: the page of a listing.
pub fn list(tx: &mut dyn Tx, app: u32, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from accounts where app = $1 and user_id > $2 order by user_id limit $3",
        params![app, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}
