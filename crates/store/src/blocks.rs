//! Blocklists.

use crate::{StoreError, Tx, can_be_there, params};

/// Whether `owner` blocked `other`.
pub fn is(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<bool, StoreError> {
    if !can_be_there(owner) || !can_be_there(other) {
        return Ok(false);
    }
    let sql = "select 1 from blocks where app = $1 and owner = $2 and blocked = $3";
    Ok(tx.row(sql, params![app, owner, other])?.is_some())
}

pub fn count(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from blocks where app = $1 and owner = $2", params![app, owner])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

pub fn add(tx: &mut dyn Tx, app: u32, owner: &str, other: &str, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into blocks (app, owner, blocked, added_at) values ($1, $2, $3, $4)",
        params![app, owner, other, now],
    )?;
    Ok(())
}

/// Says whether it was there.
pub fn remove(tx: &mut dyn Tx, app: u32, owner: &str, other: &str) -> Result<bool, StoreError> {
    let gone = tx.exec(
        "delete from blocks where app = $1 and owner = $2 and blocked = $3",
        params![app, owner, other],
    )?;
    Ok(gone > 0)
}

/// Blocked users with the second of blocking, oldest first, from the `offset`-th.
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select blocked, added_at from blocks where app = $1 and owner = $2
         order by added_at, blocked limit $4 offset $3",
        params![app, owner, offset, limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}
