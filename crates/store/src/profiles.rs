//! Profile fields. A value is kept as the JSON literal that was set, so its type survives.

use crate::{StoreError, Tx, params};

pub fn set(tx: &mut dyn Tx, app: u32, user: &str, tag: &str, value: &str) -> Result<(), StoreError> {
    tx.exec(
        "insert into profiles (app, user_id, tag, value) values ($1, $2, $3, $4)
         on conflict (app, user_id, tag) do update set value = excluded.value",
        params![app, user, tag, value],
    )?;
    Ok(())
}

/// Every field that was ever set: (tag, JSON literal).
pub fn all(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<(String, String)>, StoreError> {
    let rows = tx.rows(
        "select tag, value from profiles where app = $1 and user_id = $2 order by tag",
        params![app, user],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.take_text(1)?))).collect()
}
