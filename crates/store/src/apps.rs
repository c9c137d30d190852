//! Apps and their settings. The settings are one JSON document; what is in it is not known here.

use crate::{StoreError, Tx, counters, params};

/// Grows with every change of an app, so that a server sees changes made by another process.
const VERSION: &str = "apps";

pub struct App {
    pub sdkappid: u32,
    pub settings: String,
}

/// Returns false when the id is taken.
pub fn insert(tx: &mut dyn Tx, sdkappid: u32, settings: &str, now: i64) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into apps (sdkappid, settings, created_at) values ($1, $2, $3) on conflict do nothing",
        params![sdkappid, settings, now],
    )?;
    counters::raise(tx, VERSION)?;
    Ok(added == 1)
}

/// Returns false when there is no such app.
pub fn set_settings(tx: &mut dyn Tx, sdkappid: u32, settings: &str) -> Result<bool, StoreError> {
    let changed =
        tx.exec("update apps set settings = $2 where sdkappid = $1", params![sdkappid, settings])?;
    counters::raise(tx, VERSION)?;
    Ok(changed == 1)
}

pub fn get(tx: &mut dyn Tx, sdkappid: u32) -> Result<Option<String>, StoreError> {
    let row = tx.row("select settings from apps where sdkappid = $1", params![sdkappid])?;
    row.map(|mut it| it.take_text(0)).transpose()
}

pub fn all(tx: &mut dyn Tx) -> Result<Vec<App>, StoreError> {
    let rows = tx.rows("select sdkappid, settings from apps order by sdkappid", params![])?;
    rows.into_iter()
        .map(|mut row| {
            let sdkappid =
                u32::try_from(row.int(0)?).map_err(|_| StoreError::Shape("an app id over 32 bits"))?;
            Ok(App { sdkappid, settings: row.take_text(1)? })
        })
        .collect()
}

pub fn version(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    counters::value(tx, VERSION)
}
