//! Removing messages that are too old for anybody to read, with all that hangs on them.

use crate::{StoreError, Tx, params};

/// Conversations of two, after a number: number and app.
pub fn pairs(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows =
        tx.rows("select id, app from pairs where id > $1 order by id limit $2", params![after, limit])?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

/// Living groups that have a log, after a number: number and app.
pub fn groups(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.rows(
        "select id, app from groups where id > $1 and dismissed_at = 0 and kind <> 4 order by id limit $2",
        params![after, limit],
    )?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

/// Living topics, after a number: number and app.
pub fn topics(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.rows(
        "select id, app from topics where id > $1 and deleted_at = 0 order by id limit $2",
        params![after, limit],
    )?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

/// Whether a lane of one-to-one messages has one from before a second.
pub fn has_older(tx: &mut dyn Tx, lane: i64, before: i64) -> Result<bool, StoreError> {
    let sql = "select 1 from messages where lane = $1 and time < $2 limit 1";
    Ok(tx.row(sql, params![lane, before])?.is_some())
}

/// The oldest messages of a lane from before a second, and what belongs to them, in the order in which they go. The
/// message with the greatest id of all stays, since new ids are counted from it.
const OLDEST: &[&str] = &[
    "delete from message_extensions where kind = 1 and lane = $1 and number in (
       select id from messages where lane = $1 and time < $2 and id < (select max(id) from messages)
       order by time, seq, random limit $3)",
    "delete from message_reactions where kind = 1 and lane = $1 and number in (
       select id from messages where lane = $1 and time < $2 and id < (select max(id) from messages)
       order by time, seq, random limit $3)",
    "delete from message_additions where kind = 1 and lane = $1 and number in (
       select id from messages where lane = $1 and time < $2 and id < (select max(id) from messages)
       order by time, seq, random limit $3)",
    "delete from originals where message_id in (
       select id from messages where lane = $1 and time < $2 and id < (select max(id) from messages)
       order by time, seq, random limit $3)",
];

/// Removes the oldest messages of a lane of one-to-one messages, those from before a second. Says how many went.
pub fn remove_older(tx: &mut dyn Tx, lane: i64, before: i64, limit: i64) -> Result<u64, StoreError> {
    for sql in OLDEST {
        tx.exec(sql, params![lane, before, limit])?;
    }
    for sql in OLD_TEXTS {
        tx.exec(sql, params![lane >> 1, before])?;
    }
    tx.exec(
        "delete from messages where id in (
           select id from messages where lane = $1 and time < $2 and id < (select max(id) from messages)
           order by time, seq, random limit $3)",
        params![lane, before, limit],
    )
}

/// The oldest number of a lane that has a message, if that is at most `upto`.
pub fn has_numbers(tx: &mut dyn Tx, lane: i64, upto: i64) -> Result<bool, StoreError> {
    let sql = "select 1 from group_messages where lane = $1 and seq <= $2 limit 1";
    Ok(tx.row(sql, params![lane, upto])?.is_some())
}

/// Searched texts of two people all of whose messages are from before a second.
const OLD_TEXTS: [&str; 2] = [
    "delete from search_texts where block in (
       select id from search_blocks where kind = 1 and log = $1 and newest_at < $2)",
    "delete from search_blocks where kind = 1 and log = $1 and newest_at < $2",
];

/// What belongs to the numbers of a lane up to one.
const NUMBERS: &[&str] = &[
    "delete from group_hidden where lane = $1 and seq <= $2",
    "delete from group_pins where lane = $1 and seq <= $2",
    "delete from group_receipts where lane = $1 and seq <= $2",
    "delete from group_audiences where lane = $1 and seq <= $2",
    "delete from group_recalls where lane = $1 and seq <= $2",
    "delete from group_mentions where lane = $1 and seq <= $2",
    "delete from group_mentions_seen where lane = $1 and seq <= $2",
    "delete from message_extensions where kind = 2 and lane = $1 and number <= $2",
    "delete from message_reactions where kind = 2 and lane = $1 and number <= $2",
    "delete from message_additions where kind = 2 and lane = $1 and number <= $2",
    "delete from search_texts where block in (
       select id from search_blocks where kind = 2 and log = $1 and last_1 <= $2)",
    "delete from search_blocks where kind = 2 and log = $1 and last_1 <= $2",
];

/// Removes the oldest messages of a group or topic, those with numbers up to `upto`. Says how many went.
pub fn remove_numbers(tx: &mut dyn Tx, lane: i64, upto: i64, limit: i64) -> Result<u64, StoreError> {
    let row = tx.row(
        "select coalesce(max(seq), 0) from (
           select seq from group_messages where lane = $1 and seq <= $2 order by seq limit $3) oldest",
        params![lane, upto, limit],
    )?;
    let last = row.ok_or(StoreError::Shape("max gave no row"))?.int(0)?;
    for sql in NUMBERS {
        tx.exec(sql, params![lane, last])?;
    }
    tx.exec("delete from group_messages where lane = $1 and seq <= $2", params![lane, last])
}
