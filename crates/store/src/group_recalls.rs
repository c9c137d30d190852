//! Recalls of a lane in their order, by microseconds.

use crate::{StoreError, Tx, params};

/// Notes that a message was recalled, at this microsecond or the next one that is free.
pub fn note(tx: &mut dyn Tx, lane: i64, seq: i64, at: i64) -> Result<(), StoreError> {
    let at = at.max(newest(tx, lane)? + 1);
    tx.exec("insert into group_recalls (lane, at, seq) values ($1, $2, $3)", params![lane, at, seq])?;
    Ok(())
}

/// When something was recalled last; 0 for never.
pub fn newest(tx: &mut dyn Tx, lane: i64) -> Result<i64, StoreError> {
    let row = tx.row("select coalesce(max(at), 0) from group_recalls where lane = $1", params![lane])?;
    row.ok_or(StoreError::Shape("max gave no row"))?.int(0)
}

/// A recall that a client may have missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recall {
    pub at: i64,
    pub seq: i64,
    pub random: i64,
    pub flags: i64,
    pub sender: String,
    /// JSON: a list of user ids, or empty.
    pub targets: String,
    /// JSON: `RevokerInfo`.
    pub revoker: String,
}

/// Recalls from `since` up to `until` of messages above `low`, oldest first.
pub fn between(
    tx: &mut dyn Tx,
    lane: i64,
    (since, until): (i64, i64),
    low: i64,
    limit: i64,
) -> Result<Vec<Recall>, StoreError> {
    let rows = tx.rows(
        "select r.at, r.seq, m.random, m.flags, m.sender, m.targets, m.revoker
         from group_recalls r join group_messages m on m.lane = r.lane and m.seq = r.seq
         where r.lane = $1 and r.at >= $2 and r.at <= $3 and r.seq > $4 order by r.at limit $5",
        params![lane, since, until, low, limit],
    )?;
    rows.into_iter()
        .map(|mut it| {
            Ok(Recall {
                at: it.int(0)?,
                seq: it.int(1)?,
                random: it.int(2)?,
                flags: it.int(3)?,
                sender: it.take_text(4)?,
                targets: it.take_text(5)?,
                revoker: it.take_text(6)?,
            })
        })
        .collect()
}
