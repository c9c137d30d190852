//! Attributes of groups: few short pairs, each with the sequence of its last write.

use crate::{StoreError, Tx, params};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub key: String,
    pub value: String,
    pub seq: i64,
}

/// All attributes of a group, by key.
pub fn all(tx: &mut dyn Tx, group: i64) -> Result<Vec<Attribute>, StoreError> {
    let rows = tx.rows(
        "select name, value, seq from group_attributes where group_nr = $1 order by name",
        params![group],
    )?;
    rows.into_iter()
        .map(|mut it| Ok(Attribute { key: it.take_text(0)?, value: it.take_text(1)?, seq: it.int(2)? }))
        .collect()
}

/// Writes one, new or known.
pub fn put(tx: &mut dyn Tx, group: i64, it: &Attribute) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_attributes (group_nr, name, value, seq) values ($1, $2, $3, $4)
         on conflict (group_nr, name) do update set value = excluded.value, seq = excluded.seq",
        params![group, &*it.key, &*it.value, it.seq],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, group: i64, key: &str) -> Result<(), StoreError> {
    tx.exec("delete from group_attributes where group_nr = $1 and name = $2", params![group, key])?;
    Ok(())
}

pub fn clear(tx: &mut dyn Tx, group: i64) -> Result<(), StoreError> {
    tx.exec("delete from group_attributes where group_nr = $1", params![group])?;
    Ok(())
}

/// Raises the group's main sequence, and returns it.
pub fn raise(tx: &mut dyn Tx, group: i64) -> Result<i64, StoreError> {
    let row =
        tx.row("update groups set attr_seq = attr_seq + 1 where id = $1 returning attr_seq", params![group])?;
    row.ok_or(StoreError::Shape("there is no such group"))?.int(0)
}
