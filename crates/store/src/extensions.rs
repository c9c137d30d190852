//! Extensions of messages: short pairs that anybody in the conversation may change.

use crate::{Row, StoreError, Tx, additions::Of, params};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    pub key: String,
    pub value: String,
    /// The change that wrote it.
    pub seq: i64,
    /// False for one that was removed.
    pub is_live: bool,
}

fn pair(mut row: Row) -> Result<Pair, StoreError> {
    Ok(Pair { key: row.take_text(0)?, value: row.take_text(1)?, seq: row.int(2)?, is_live: row.int(3)? == 1 })
}

pub fn get(tx: &mut dyn Tx, of: Of, key: &str) -> Result<Option<Pair>, StoreError> {
    let row = tx.row(
        "select name, value, seq, live from message_extensions
         where kind = $1 and lane = $2 and number = $3 and name = $4",
        params![of.kind, of.lane, of.number, key],
    )?;
    row.map(pair).transpose()
}

/// Writes one, new or known.
pub fn put(tx: &mut dyn Tx, of: Of, it: &Pair) -> Result<(), StoreError> {
    tx.exec(
        "insert into message_extensions (kind, lane, number, name, value, seq, live)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (kind, lane, number, name) do update
           set value = excluded.value, seq = excluded.seq, live = excluded.live",
        params![of.kind, of.lane, of.number, &*it.key, &*it.value, it.seq, it.is_live],
    )?;
    Ok(())
}

/// Removes all. Those that were live stay as removed ones, with their numbers; those that were removed before go.
pub fn clear(tx: &mut dyn Tx, of: Of) -> Result<(), StoreError> {
    for sql in [
        "delete from message_extensions where kind = $1 and lane = $2 and number = $3 and live = 0",
        "update message_extensions set live = 0, value = '' where kind = $1 and lane = $2 and number = $3",
    ] {
        tx.exec(sql, params![of.kind, of.lane, of.number])?;
    }
    Ok(())
}

/// How many are live, and how many there are with those that were removed.
pub fn count(tx: &mut dyn Tx, of: Of) -> Result<(i64, i64), StoreError> {
    let row = tx.row(
        "select coalesce(cast(sum(live) as bigint), 0), count(*) from message_extensions
         where kind = $1 and lane = $2 and number = $3",
        params![of.kind, of.lane, of.number],
    )?;
    let row = row.ok_or(StoreError::Shape("count gave no row"))?;
    Ok((row.int(0)?, row.int(1)?))
}

/// Pairs of the change `from` and later ones, in the order of their changes and keys. Removed ones are among them
/// where their change came after `removed_after`.
pub fn since(
    tx: &mut dyn Tx,
    of: Of,
    from: i64,
    removed_after: i64,
    limit: i64,
) -> Result<Vec<Pair>, StoreError> {
    let rows = tx.rows(
        "select name, value, seq, live from message_extensions
         where kind = $1 and lane = $2 and number = $3 and seq >= $4 and (live = 1 or seq > $5)
         order by seq, name limit $6",
        params![of.kind, of.lane, of.number, from, removed_after, limit],
    )?;
    rows.into_iter().map(pair).collect()
}
