//! Login instances: which token stands for whom, and how it ended.

use crate::{
    Row, StoreError, Tx,
    counters::{self, Numbered},
    params, push_tokens,
};

/// `ended_by` of a session whose time was over.
const EXPIRED: i64 = 5;

#[derive(Clone, Debug)]
pub struct Session {
    /// SHA-256 of the token; the token itself is not kept.
    pub token: Vec<u8>,
    pub app: u32,
    pub user: String,
    pub inst_id: i64,
    pub page: String,
    pub platform: i64,
    pub created_at: i64,
    /// SHA-256 of the UserSig that made the session, and its two times.
    pub sig_hash: Vec<u8>,
    pub sig_time: i64,
    pub expires_at: i64,
    pub used_at: i64,
    /// When the last connection was lost; 0 while connected.
    pub detached_at: i64,
    pub ended_at: i64,
    /// 0 while alive; the numbers are those of the column's comment in the migration.
    pub ended_by: i64,
}

fn session(mut row: Row) -> Result<Session, StoreError> {
    Ok(Session {
        token: row.take_blob(0)?,
        app: u32::try_from(row.int(1)?).map_err(|_| StoreError::Shape("an app id over 32 bits"))?,
        user: row.take_text(2)?,
        inst_id: row.int(3)?,
        page: row.take_text(4)?,
        platform: row.int(5)?,
        created_at: row.int(6)?,
        sig_hash: row.take_blob(7)?,
        sig_time: row.int(8)?,
        expires_at: row.int(9)?,
        used_at: row.int(10)?,
        detached_at: row.int(11)?,
        ended_at: row.int(12)?,
        ended_by: row.int(13)?,
    })
}

/// A number for a new instance, never 0 and never used before.
pub fn next_instance(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    counters::next(tx, Numbered::Instance)
}

pub fn insert(tx: &mut dyn Tx, it: &Session) -> Result<(), StoreError> {
    tx.exec(
        "insert into sessions (token, app, user_id, inst_id, page, platform, created_at, sig_hash, sig_time,
                               expires_at, used_at, detached_at, ended_at, ended_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            &*it.token,
            it.app,
            &*it.user,
            it.inst_id,
            &*it.page,
            it.platform,
            it.created_at,
            &*it.sig_hash,
            it.sig_time,
            it.expires_at,
            it.used_at,
            it.detached_at,
            it.ended_at,
            it.ended_by
        ],
    )?;
    Ok(())
}

pub fn get(tx: &mut dyn Tx, token: &[u8]) -> Result<Option<Session>, StoreError> {
    let row = tx.row(
        "select token, app, user_id, inst_id, page, platform, created_at, sig_hash, sig_time, expires_at,
                used_at, detached_at, ended_at, ended_by
         from sessions where token = $1",
        params![token],
    )?;
    row.map(session).transpose()
}

/// The instances of a user that have not ended, oldest first.
pub fn alive(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Session>, StoreError> {
    let rows = tx.rows(
        "select token, app, user_id, inst_id, page, platform, created_at, sig_hash, sig_time, expires_at,
                used_at, detached_at, ended_at, ended_by
         from sessions where app = $1 and user_id = $2 and ended_at = 0 order by inst_id",
        params![app, user],
    )?;
    rows.into_iter().map(session).collect()
}

/// All sessions of an app that have a connection.
pub fn attached(tx: &mut dyn Tx, app: u32) -> Result<Vec<Session>, StoreError> {
    let rows = tx.rows(
        "select token, app, user_id, inst_id, page, platform, created_at, sig_hash, sig_time, expires_at,
                used_at, detached_at, ended_at, ended_by
         from sessions where app = $1 and ended_at = 0 and detached_at = 0 order by inst_id",
        params![app],
    )?;
    rows.into_iter().map(session).collect()
}

/// Whether an instance of the user has a connection.
pub fn is_attached(tx: &mut dyn Tx, app: u32, user: &str) -> Result<bool, StoreError> {
    let row = tx.row(
        "select 1 from sessions where app = $1 and user_id = $2 and ended_at = 0 and detached_at = 0 limit 1",
        params![app, user],
    )?;
    Ok(row.is_some())
}

/// Whether a user without a connection left without a goodbye: an instance has not ended, or the last to end did
/// so by itself. `valid_from` is when the user was last kicked, which is a goodbye too.
pub fn left_silently(tx: &mut dyn Tx, app: u32, user: &str, valid_from: i64) -> Result<bool, StoreError> {
    let alive = "select 1 from sessions where app = $1 and user_id = $2 and ended_at = 0 limit 1";
    if tx.row(alive, params![app, user])?.is_some() {
        return Ok(true);
    }
    let last = "select ended_by, ended_at from sessions where app = $1 and user_id = $2
                order by ended_at desc limit 1";
    let Some(row) = tx.row(last, params![app, user])? else { return Ok(false) };
    Ok(row.int(0)? == EXPIRED && row.int(1)? >= valid_from)
}

/// Ends a session that is still alive. Returns false when it was not.
pub fn end(tx: &mut dyn Tx, token: &[u8], by: i64, now: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update sessions set ended_at = $3, ended_by = $2 where token = $1 and ended_at = 0",
        params![token, by, now],
    )?;
    push_tokens::forget_of(tx, token)?;
    Ok(changed == 1)
}

/// Notes that the session has a connection (`detached_at` 0) or lost it.
pub fn set_detached(tx: &mut dyn Tx, token: &[u8], detached_at: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "update sessions set detached_at = $2, used_at = $3 where token = $1",
        params![token, detached_at, now],
    )?;
    Ok(())
}

/// After a start nobody is connected: what says otherwise is left from a crash.
pub fn detach_all(tx: &mut dyn Tx, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "update accounts set seen_at = $1 where exists (
           select 1 from sessions where sessions.app = accounts.app and sessions.user_id = accounts.user_id
             and sessions.ended_at = 0 and sessions.detached_at = 0)",
        params![now],
    )?;
    tx.exec("update sessions set detached_at = $1 where detached_at = 0 and ended_at = 0", params![now])?;
    Ok(())
}

/// Whether a login of this user has shown exactly this UserSig before.
pub fn sig_was_used(tx: &mut dyn Tx, app: u32, user: &str, sig_hash: &[u8]) -> Result<bool, StoreError> {
    let row = tx.row(
        "select 1 from sessions where app = $1 and user_id = $2 and sig_hash = $3 limit 1",
        params![app, user, sig_hash],
    )?;
    Ok(row.is_some())
}

/// Forgets at most `limit` sessions that ended before `ended_before` or lie unused since `unused_since`.
pub fn prune(tx: &mut dyn Tx, ended_before: i64, unused_since: i64, limit: i64) -> Result<u64, StoreError> {
    push_tokens::forget_unused(tx, unused_since, limit)?;
    tx.exec(
        "delete from sessions where token in (
           select token from sessions
           where (ended_at > 0 and ended_at < $1) or (ended_at = 0 and detached_at > 0 and used_at < $2) limit $3)",
        params![ended_before, unused_since, limit],
    )
}
