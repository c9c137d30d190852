//! Secrets of the server itself.

use crate::{StoreError, Tx, params};

/// The secret of this name; `candidate` becomes it if there is none yet.
pub fn get_or_make(tx: &mut dyn Tx, name: &str, candidate: &str) -> Result<String, StoreError> {
    tx.exec(
        "insert into secrets (name, value) values ($1, $2) on conflict do nothing",
        params![name, candidate],
    )?;
    get(tx, name)?.ok_or(StoreError::Shape("a secret is neither there nor new"))
}

/// Sets a secret, or replaces it.
pub fn set(tx: &mut dyn Tx, name: &str, value: &str) -> Result<(), StoreError> {
    tx.exec(
        "insert into secrets (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
        params![name, value],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, name: &str) -> Result<(), StoreError> {
    tx.exec("delete from secrets where name = $1", params![name])?;
    Ok(())
}

pub fn get(tx: &mut dyn Tx, name: &str) -> Result<Option<String>, StoreError> {
    let row = tx.row("select value from secrets where name = $1", params![name])?;
    row.map(|mut it| it.take_text(0)).transpose()
}
