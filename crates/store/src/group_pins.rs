//! Messages that are pinned in a group or topic.

use crate::{StoreError, Tx, params};

pub struct Pin {
    pub seq: i64,
    pub pinned_by: String,
}

/// Pins of messages from a second on, the oldest pin first.
pub fn all(tx: &mut dyn Tx, lane: i64, since: i64) -> Result<Vec<Pin>, StoreError> {
    let rows = tx.rows(
        "select p.seq, p.pinned_by
         from group_pins p join group_messages m on m.lane = p.lane and m.seq = p.seq
         where p.lane = $1 and m.time >= $2 order by p.pinned_at, p.seq",
        params![lane, since],
    )?;
    rows.into_iter().map(|mut it| Ok(Pin { seq: it.int(0)?, pinned_by: it.take_text(1)? })).collect()
}

pub fn is_pinned(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<bool, StoreError> {
    Ok(tx.row("select 1 from group_pins where lane = $1 and seq = $2", params![lane, seq])?.is_some())
}

/// Pins a message, at this millisecond. A pin that its message outlived is replaced.
pub fn insert(tx: &mut dyn Tx, lane: i64, seq: i64, by: &str, at: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_pins (lane, seq, pinned_by, pinned_at) values ($1, $2, $3, $4)
         on conflict (lane, seq) do update set pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at",
        params![lane, seq, by, at],
    )?;
    Ok(())
}

/// Says whether it was pinned.
pub fn remove(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<bool, StoreError> {
    Ok(tx.exec("delete from group_pins where lane = $1 and seq = $2", params![lane, seq])? == 1)
}
