//! Which accounts are robots. `spec/concepts/robots.md` 1.

use crate::{StoreError, Tx, can_be_there, params};

/// Whether the robot may be used; `None` for an id that never was one.
pub fn is_valid(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<bool>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row = tx.row("select valid from robots where app = $1 and user_id = $2", params![app, user])?;
    row.map(|it| Ok(it.int(0)? == 1)).transpose()
}

/// Makes the robot valid. `place` is its position in the order of creation, kept if it was there before.
pub fn put(tx: &mut dyn Tx, app: u32, user: &str, place: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into robots (app, user_id, place, valid) values ($1, $2, $3, 1)
         on conflict (app, user_id) do update set valid = 1",
        params![app, user, place],
    )?;
    Ok(())
}

/// Says whether it was valid before.
pub fn invalidate(tx: &mut dyn Tx, app: u32, user: &str) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let sql = "update robots set valid = 0 where app = $1 and user_id = $2 and valid = 1";
    Ok(tx.exec(sql, params![app, user])? > 0)
}

/// Valid robots, the oldest first.
pub fn all(tx: &mut dyn Tx, app: u32) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from robots where app = $1 and valid = 1 order by place, user_id",
        params![app],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}
