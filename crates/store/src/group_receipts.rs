//! Who a message that asked for receipts was sent to, and who of them read it.

use crate::{StoreError, Tx, params};

/// Keeps the audience of a message: a JSON list of user ids, sorted.
pub fn set_audience(tx: &mut dyn Tx, lane: i64, seq: i64, users: &str) -> Result<(), StoreError> {
    tx.exec("insert into group_audiences (lane, seq, users) values ($1, $2, $3)", params![lane, seq, users])?;
    Ok(())
}

/// The audience of a message that asked for receipts.
pub fn audience(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<Option<String>, StoreError> {
    let row = tx.row("select users from group_audiences where lane = $1 and seq = $2", params![lane, seq])?;
    row.map(|mut it| it.take_text(0)).transpose()
}

/// Notes that a user read a message, at this millisecond. Says whether that is new.
pub fn give(tx: &mut dyn Tx, lane: i64, seq: i64, user: &str, at: i64) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into group_receipts (lane, seq, user_id, read_at) values ($1, $2, $3, $4) on conflict do nothing",
        params![lane, seq, user, at],
    )?;
    Ok(added == 1)
}

pub fn count(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<i64, StoreError> {
    let row =
        tx.row("select count(*) from group_receipts where lane = $1 and seq = $2", params![lane, seq])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Who read a message and when (milliseconds), in the order of their receipts.
pub fn all(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, read_at from group_receipts where lane = $1 and seq = $2 order by read_at, user_id",
        params![lane, seq],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}
