//! When users do not want to be disturbed.

use crate::{StoreError, Tx, params};

/// As the user set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// 0 off, 1 discard, 2 silent.
    pub level: i64,
    pub start_at: i64,
    pub end_at: i64,
    /// Every day from the time of day of the start.
    pub is_repeated: bool,
}

pub fn get(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<Record>, StoreError> {
    let row = tx.row(
        "select level, start_at, end_at, repeated from do_not_disturb where app = $1 and user_id = $2",
        params![app, user],
    )?;
    row.map(|it| {
        Ok(Record {
            level: it.int(0)?,
            start_at: it.int(1)?,
            end_at: it.int(2)?,
            is_repeated: it.int(3)? == 1,
        })
    })
    .transpose()
}

pub fn set(tx: &mut dyn Tx, app: u32, user: &str, it: Record) -> Result<(), StoreError> {
    tx.exec(
        "insert into do_not_disturb (app, user_id, level, start_at, end_at, repeated) values ($1, $2, $3, $4, $5, $6)
         on conflict (app, user_id) do update
           set level = excluded.level, start_at = excluded.start_at, end_at = excluded.end_at,
               repeated = excluded.repeated",
        params![app, user, it.level, it.start_at, it.end_at, it.is_repeated],
    )?;
    Ok(())
}
