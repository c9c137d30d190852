//! Counters of groups: few numbers with names.

use crate::{StoreError, Tx, params};

/// All counters of a group, by key: (key, value).
pub fn all(tx: &mut dyn Tx, group: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let rows =
        tx.rows("select name, value from group_counters where group_nr = $1 order by name", params![group])?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// Writes one, new or known.
pub fn put(tx: &mut dyn Tx, group: i64, key: &str, value: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_counters (group_nr, name, value) values ($1, $2, $3)
         on conflict (group_nr, name) do update set value = excluded.value",
        params![group, key, value],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, group: i64, key: &str) -> Result<(), StoreError> {
    tx.exec("delete from group_counters where group_nr = $1 and name = $2", params![group, key])?;
    Ok(())
}

/// Raises the group's counter sequence, and returns it.
pub fn raise(tx: &mut dyn Tx, group: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "update groups set counter_seq = counter_seq + 1 where id = $1 returning counter_seq",
        params![group],
    )?;
    row.ok_or(StoreError::Shape("there is no such group"))?.int(0)
}
