//! The outbox of pushes to people who are away.

use crate::{Outbox, Row, StoreError, Tx, engine, params};

/// Values of `offline_pushes.kind`.
pub mod kind {
    pub const C2C: i64 = 1;
    pub const GROUP: i64 = 2;
    pub const ALL: i64 = 3;
}

/// A row; the columns are explained in the migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    pub id: i64,
    pub kind: i64,
    pub lane: i64,
    pub number: i64,
    pub seq: i64,
    pub random: i64,
    pub group: i64,
    pub sender: String,
    pub user: String,
    pub inst_id: i64,
    pub reached: String,
    pub info: String,
    pub first_id: i64,
    pub created_at: i64,
    pub until: i64,
    pub due_at: i64,
    pub attempts: i64,
}

/// Puts a push into the outbox; whoever empties it is woken after the commit.
pub fn post(tx: &mut dyn Tx, app: u32, it: &Waiting) -> Result<(), StoreError> {
    tx.exec(
        "insert into offline_pushes (app, kind, lane, number, seq, random, group_nr, sender, user_id, inst_id,
                                     reached, info, first_id, created_at, until, due_at, attempts)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        params![
            app,
            it.kind,
            it.lane,
            it.number,
            it.seq,
            it.random,
            it.group,
            &*it.sender,
            &*it.user,
            it.inst_id,
            &*it.reached,
            &*it.info,
            it.first_id,
            it.created_at,
            it.until,
            it.due_at,
            it.attempts
        ],
    )?;
    engine::posted(Outbox::OfflinePushes);
    Ok(())
}

/// What is due at a second, the longest due first.
pub fn due(tx: &mut dyn Tx, app: u32, now: i64, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let rows = tx.rows(
        "select id, kind, lane, number, seq, random, group_nr, sender, user_id, inst_id, reached, info, first_id,
                created_at, until, due_at, attempts
         from offline_pushes where app = $1 and due_at <= $2 order by due_at, id limit $3",
        params![app, now, limit],
    )?;
    rows.into_iter().map(waiting).collect()
}

fn waiting(mut row: Row) -> Result<Waiting, StoreError> {
    Ok(Waiting {
        id: row.int(0)?,
        kind: row.int(1)?,
        lane: row.int(2)?,
        number: row.int(3)?,
        seq: row.int(4)?,
        random: row.int(5)?,
        group: row.int(6)?,
        sender: row.take_text(7)?,
        user: row.take_text(8)?,
        inst_id: row.int(9)?,
        reached: row.take_text(10)?,
        info: row.take_text(11)?,
        first_id: row.int(12)?,
        created_at: row.int(13)?,
        until: row.int(14)?,
        due_at: row.int(15)?,
        attempts: row.int(16)?,
    })
}

/// How many wait; counts to `most`.
pub fn count(tx: &mut dyn Tx, app: u32, most: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from (select 1 from offline_pushes where app = $1 limit $2) w",
        params![app, most],
    )?;
    row.map_or(Ok(0), |it| it.int(0))
}

/// Notes how far one for many has come.
pub fn set_reached(tx: &mut dyn Tx, id: i64, reached: &str) -> Result<(), StoreError> {
    tx.exec("update offline_pushes set reached = $2, attempts = 0 where id = $1", params![id, reached])?;
    Ok(())
}

/// Puts off the next attempt.
pub fn put_off(tx: &mut dyn Tx, id: i64, due_at: i64, attempts: i64) -> Result<(), StoreError> {
    tx.exec(
        "update offline_pushes set due_at = $2, attempts = $3 where id = $1",
        params![id, due_at, attempts],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec("delete from offline_pushes where id = $1", params![id])?;
    Ok(())
}

/// Forgets what waits, at most so much: the app pushes no more. Says how many went.
pub fn remove_some(tx: &mut dyn Tx, app: u32, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from offline_pushes where id in (select id from offline_pushes where app = $1 limit $2)",
        params![app, limit],
    )
}
