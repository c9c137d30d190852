//! Pushes to all users: one row each. The columns are explained in the migration.

use crate::{Row, StoreError, Tx, can_be_there, params};

#[derive(Clone, Debug, Default)]
pub struct Push {
    pub id: i64,
    /// Milliseconds.
    pub made_at: i64,
    pub waits_until: i64,
    pub sender: String,
    pub seq: i64,
    pub random: i64,
    pub condition: String,
    pub nick: String,
    pub face: String,
    pub push_info: String,
    pub body: String,
}

/// What of a waiting push says for whom it is.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub id: i64,
    /// Milliseconds.
    pub made_at: i64,
    pub sender: String,
    pub condition: String,
}

/// One that has not been handed to all who are online.
#[derive(Clone, Debug)]
pub struct GoingOut {
    pub app: u32,
    pub id: i64,
    /// Milliseconds.
    pub made_at: i64,
    pub reached: String,
}

/// What the next push has to follow.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newest {
    pub id: i64,
    /// Milliseconds.
    pub made_at: i64,
    pub seq: i64,
}

/// The app's newest push.
pub fn newest(tx: &mut dyn Tx, app: u32) -> Result<Option<Newest>, StoreError> {
    let row =
        tx.row("select id, made_at, seq from pushes where app = $1 order by id desc limit 1", params![app])?;
    row.map(|it| Ok(Newest { id: it.int(0)?, made_at: it.int(1)?, seq: it.int(2)? })).transpose()
}

/// How many were made since a millisecond.
pub fn count_since(tx: &mut dyn Tx, app: u32, since: i64) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from pushes where app = $1 and made_at >= $2", params![app, since])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// The newest with this random number that was made since a millisecond.
pub fn find(tx: &mut dyn Tx, app: u32, random: i64, since: i64) -> Result<Option<i64>, StoreError> {
    let row = tx.row(
        "select id from pushes where app = $1 and random = $2 and made_at >= $3 order by id desc limit 1",
        params![app, random, since],
    )?;
    row.map(|it| it.int(0)).transpose()
}

/// Adds a push. One that does not wait is going out from then on.
pub fn insert(tx: &mut dyn Tx, app: u32, it: &Push) -> Result<(), StoreError> {
    tx.exec(
        "insert into pushes (app, id, made_at, waits_until, going_out, reached, sender, seq, random, condition,
                             nick, face, push_info, body)
         values ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            app,
            it.id,
            it.made_at,
            it.waits_until,
            it.waits_until == 0,
            &*it.sender,
            it.seq,
            it.random,
            &*it.condition,
            &*it.nick,
            &*it.face,
            &*it.push_info,
            &*it.body
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut dyn Tx, app: u32, id: i64) -> Result<Option<Push>, StoreError> {
    let row = tx.row(
        "select id, made_at, waits_until, sender, seq, random, condition, nick, face, push_info, body
         from pushes where app = $1 and id = $2",
        params![app, id],
    )?;
    row.map(push).transpose()
}

fn push(mut row: Row) -> Result<Push, StoreError> {
    Ok(Push {
        id: row.int(0)?,
        made_at: row.int(1)?,
        waits_until: row.int(2)?,
        sender: row.take_text(3)?,
        seq: row.int(4)?,
        random: row.int(5)?,
        condition: row.take_text(6)?,
        nick: row.take_text(7)?,
        face: row.take_text(8)?,
        push_info: row.take_text(9)?,
        body: row.take_text(10)?,
    })
}

/// The newest pushes that wait at a second, oldest first.
pub fn waiting(tx: &mut dyn Tx, app: u32, now: i64, limit: i64) -> Result<Vec<Waiting>, StoreError> {
    let rows = tx.rows(
        "select id, made_at, sender, condition from pushes where app = $1 and waits_until >= $2
         order by id desc limit $3",
        params![app, now, limit],
    )?;
    let waiting = |mut it: Row| {
        Ok(Waiting {
            id: it.int(0)?,
            made_at: it.int(1)?,
            sender: it.take_text(2)?,
            condition: it.take_text(3)?,
        })
    };
    rows.into_iter().rev().map(waiting).collect()
}

/// Whether a push of this sender waits at a second, for whomever.
pub fn is_waiting_from(tx: &mut dyn Tx, app: u32, sender: &str, now: i64) -> Result<bool, StoreError> {
    if !can_be_there(sender) {
        return Ok(false);
    }
    let row = tx.row(
        "select 1 from pushes where app = $1 and waits_until >= $2 and sender = $3 limit 1",
        params![app, now, sender],
    )?;
    Ok(row.is_some())
}

/// Those that are going out, of all apps, in the order of their making.
pub fn going_out(tx: &mut dyn Tx) -> Result<Vec<GoingOut>, StoreError> {
    let rows =
        tx.rows("select app, id, made_at, reached from pushes where going_out = 1 order by app, id", &[])?;
    let going_out = |mut it: Row| {
        let app = u32::try_from(it.int(0)?).map_err(|_| StoreError::Shape("an app's number is too large"))?;
        Ok(GoingOut { app, id: it.int(1)?, made_at: it.int(2)?, reached: it.take_text(3)? })
    };
    rows.into_iter().map(going_out).collect()
}

/// Notes how far a push has gone out.
pub fn set_reached(tx: &mut dyn Tx, app: u32, id: i64, user: &str) -> Result<(), StoreError> {
    tx.exec("update pushes set reached = $3 where app = $1 and id = $2", params![app, id, user])?;
    Ok(())
}

/// Notes that a push has gone out.
pub fn set_gone_out(tx: &mut dyn Tx, app: u32, id: i64) -> Result<(), StoreError> {
    tx.exec("update pushes set going_out = 0 where app = $1 and id = $2", params![app, id])?;
    Ok(())
}

/// Forgets pushes made before a millisecond that do not wait at a second, but the newest. Returns how many went.
pub fn prune(tx: &mut dyn Tx, app: u32, before: i64, now: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from pushes where app = $1 and id in
           (select id from pushes where app = $1 and made_at < $2 and waits_until < $3 and going_out = 0
              and id < (select max(id) from pushes where app = $1) limit $4)",
        params![app, before, now, limit],
    )
}

/// The oldest push that somebody may still get at a second.
pub fn oldest_needed(tx: &mut dyn Tx, app: u32, now: i64) -> Result<Option<i64>, StoreError> {
    let row = tx.row(
        "select min(id) from pushes where app = $1 and (waits_until >= $2 or going_out = 1)",
        params![app, now],
    )?;
    row.ok_or(StoreError::Shape("min gave no row"))?.opt_int(0)
}
