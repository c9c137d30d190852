//! A conversation whole, for operators: nothing is left out of it.

use crate::{
    StoreError, Tx,
    messages::{Message, Place, message},
    params,
};

/// The newest messages of both lanes strictly before a place, newest first.
pub fn older(tx: &mut dyn Tx, lane: i64, before: Place, limit: i64) -> Result<Vec<Message>, StoreError> {
    let rows = tx.rows(
        "select * from (
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $1 and (time, seq, random) < ($3, $4, $5)
             order by time desc, seq desc, random desc limit $6) one
           union all
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $2 and (time, seq, random) < ($3, $4, $5)
             order by time desc, seq desc, random desc limit $6) other
         ) both_lanes order by time desc, seq desc, random desc limit $6",
        params![lane, lane ^ 1, before.0, before.1, before.2, limit],
    )?;
    rows.into_iter().map(message).collect()
}

/// How many messages of both lanes stand before a place; counts to `most` in each.
pub fn count_older(tx: &mut dyn Tx, lane: i64, before: Place, most: i64) -> Result<i64, StoreError> {
    let mut count = 0;
    for lane in [lane, lane ^ 1] {
        let row = tx.row(
            "select count(*) from (
               select 1 from messages where lane = $1 and (time, seq, random) < ($2, $3, $4) limit $5) older",
            params![lane, before.0, before.1, before.2, most],
        )?;
        count += row.ok_or(StoreError::Shape("count gave no row"))?.int(0)?;
    }
    Ok(count)
}

/// How many members of a group have read up to a number; counts to `most`.
pub fn count_read(tx: &mut dyn Tx, group: i64, seq: i64, most: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from (
           select 1 from group_members where group_nr = $1 and read_seq >= $2 limit $3) readers",
        params![group, seq, most],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// How many receipts a group message got; counts to `most`.
pub fn count_receipts(tx: &mut dyn Tx, lane: i64, seq: i64, most: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from (
           select 1 from group_receipts where lane = $1 and seq = $2 limit $3) receipts",
        params![lane, seq, most],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}
