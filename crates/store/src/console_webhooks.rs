//! The log of webhooks, looked at in stretches of bounded length.

use crate::{
    StoreError, Tx, params,
    webhooks::{Logged, logged},
};

/// Halvings that find a place among all numbers there are.
const STEPS_MAX: usize = 64;

/// Ids from `low` to below `high` of one webhook, or an empty text for all, and one state, or -1 for all; newest first.
pub fn stretch(
    tx: &mut dyn Tx,
    app: u32,
    (low, high): (i64, i64),
    (command, state): (&str, i64),
    limit: i64,
) -> Result<Vec<Logged>, StoreError> {
    let rows = tx.rows(
        "select id, command, line, client_ip, platform, created_at, attempts, body,
           state, tried_at, took_ms, failure, answer
         from webhook_events
         where id >= $2 and id < $3 and app = $1 and ($4 = '' or command = $4) and ($5 = -1 or state = $5)
         order by id desc limit $6",
        params![app, low, high, command, state, limit],
    )?;
    rows.into_iter().map(logged).collect()
}

/// Events of a line with ids from `low` to below `high`, oldest first.
pub fn of_line(
    tx: &mut dyn Tx,
    app: u32,
    line: i64,
    (low, high): (i64, i64),
    limit: i64,
) -> Result<Vec<Logged>, StoreError> {
    let rows = tx.rows(
        "select id, command, line, client_ip, platform, created_at, attempts, body,
           state, tried_at, took_ms, failure, answer
         from webhook_events
         where id >= $3 and id < $4 and app = $1 and line = $2 order by id limit $5",
        params![app, line, low, high, limit],
    )?;
    rows.into_iter().map(logged).collect()
}

/// The least and the greatest id, 0 and 0 without any.
pub fn bounds(tx: &mut dyn Tx) -> Result<(i64, i64), StoreError> {
    let row = tx.row("select coalesce(min(id), 0), coalesce(max(id), 0) from webhook_events", &[])?;
    let row = row.ok_or(StoreError::Shape("min gave no row"))?;
    Ok((row.int(0)?, row.int(1)?))
}

/// About the first id that was made at a millisecond or later. Ids rise with time but for the length of a transaction.
pub fn first_at(tx: &mut dyn Tx, millis: i64) -> Result<i64, StoreError> {
    let (mut low, newest) = bounds(tx)?;
    let mut high = newest + 1;
    for _ in 0..STEPS_MAX {
        if low >= high {
            break;
        }
        let middle = low + (high - low) / 2;
        let sql = "select id, created_at from webhook_events where id >= $1 order by id limit 1";
        match tx.row(sql, params![middle])? {
            Some(row) if row.int(1)? < millis => low = row.int(0)? + 1,
            _ => high = middle,
        }
    }
    Ok(low)
}
