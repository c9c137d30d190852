//! Messages that members deleted from their own view.

use crate::{StoreError, Tx, params};

pub fn hide(tx: &mut dyn Tx, lane: i64, user: &str, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_hidden (lane, user_id, seq) values ($1, $2, $3) on conflict do nothing",
        params![lane, user, seq],
    )?;
    Ok(())
}

/// The numbers from `low` up to `high` that the user deleted, in their order.
pub fn between(tx: &mut dyn Tx, lane: i64, user: &str, low: i64, high: i64) -> Result<Vec<i64>, StoreError> {
    let rows = tx.rows(
        "select seq from group_hidden where lane = $1 and user_id = $2 and seq >= $3 and seq <= $4 order by seq",
        params![lane, user, low, high],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}
