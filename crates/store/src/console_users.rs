//! The console's operators, their sessions and one-time links.

use crate::{Row, StoreError, Tx, can_be_there, params};

#[derive(Clone, Debug)]
pub struct User {
    pub name: String,
    pub role: i64,
    /// Empty until a one-time link was used.
    pub password: String,
    pub created_at: i64,
}

fn user(mut row: Row) -> Result<User, StoreError> {
    Ok(User {
        name: row.take_text(0)?,
        role: row.int(1)?,
        password: row.take_text(2)?,
        created_at: row.int(3)?,
    })
}

pub fn get(tx: &mut dyn Tx, name: &str) -> Result<Option<User>, StoreError> {
    if !can_be_there(name) {
        return Ok(None);
    }
    let row =
        tx.row("select name, role, password, created_at from console_users where name = $1", params![name])?;
    row.map(user).transpose()
}

pub fn all(tx: &mut dyn Tx) -> Result<Vec<User>, StoreError> {
    let rows = tx.rows("select name, role, password, created_at from console_users order by name", &[])?;
    rows.into_iter().map(user).collect()
}

/// Returns false when the name is taken.
pub fn insert(tx: &mut dyn Tx, it: &User) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into console_users (name, role, password, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
        params![&it.name, it.role, &it.password, it.created_at],
    )?;
    Ok(added == 1)
}

pub fn set_role(tx: &mut dyn Tx, name: &str, role: i64) -> Result<(), StoreError> {
    tx.exec("update console_users set role = $2 where name = $1", params![name, role])?;
    Ok(())
}

pub fn set_password(tx: &mut dyn Tx, name: &str, password: &str) -> Result<(), StoreError> {
    tx.exec("update console_users set password = $2 where name = $1", params![name, password])?;
    Ok(())
}

/// Removes the operator with sessions and link.
pub fn remove(tx: &mut dyn Tx, name: &str) -> Result<(), StoreError> {
    tx.exec("delete from console_sessions where name = $1", params![name])?;
    tx.exec("delete from console_links where name = $1", params![name])?;
    tx.exec("delete from console_users where name = $1", params![name])?;
    Ok(())
}

#[derive(Clone, Debug)]
pub struct Session {
    /// SHA-256 of what the cookie holds.
    pub token: Vec<u8>,
    pub name: String,
    pub address: String,
    pub created_at: i64,
    pub used_at: i64,
}

/// Adds a session; of the operator's older ones as many stay as make `most` with it.
pub fn insert_session(tx: &mut dyn Tx, it: &Session, most: i64) -> Result<(), StoreError> {
    tx.exec(
        "delete from console_sessions where name = $1 and token not in (
           select token from console_sessions where name = $1 order by created_at desc, token limit $2)",
        params![&it.name, most - 1],
    )?;
    tx.exec(
        "insert into console_sessions (token, name, address, created_at, used_at) values ($1, $2, $3, $4, $5)",
        params![&*it.token, &it.name, &it.address, it.created_at, it.used_at],
    )?;
    Ok(())
}

/// A session with its operator.
pub fn session(tx: &mut dyn Tx, token: &[u8]) -> Result<Option<(Session, User)>, StoreError> {
    let row = tx.row(
        "select u.name, u.role, u.password, u.created_at, s.address, s.created_at, s.used_at
         from console_sessions s join console_users u on u.name = s.name where s.token = $1",
        params![token],
    )?;
    let Some(mut row) = row else { return Ok(None) };
    let (address, created_at, used_at) = (row.take_text(4)?, row.int(5)?, row.int(6)?);
    let user = user(row)?;
    let name = user.name.clone();
    Ok(Some((Session { token: token.to_vec(), name, address, created_at, used_at }, user)))
}

pub fn use_session(tx: &mut dyn Tx, token: &[u8], now: i64) -> Result<(), StoreError> {
    tx.exec("update console_sessions set used_at = $2 where token = $1", params![token, now])?;
    Ok(())
}

pub fn end_session(tx: &mut dyn Tx, token: &[u8]) -> Result<(), StoreError> {
    tx.exec("delete from console_sessions where token = $1", params![token])?;
    Ok(())
}

pub fn end_sessions_of(tx: &mut dyn Tx, name: &str) -> Result<(), StoreError> {
    tx.exec("delete from console_sessions where name = $1", params![name])?;
    Ok(())
}

/// Forgets sessions that were made or used last before these seconds.
pub fn prune_sessions(tx: &mut dyn Tx, made: i64, used: i64) -> Result<(), StoreError> {
    tx.exec("delete from console_sessions where created_at < $1 or used_at < $2", params![made, used])?;
    Ok(())
}

pub fn count_sessions(tx: &mut dyn Tx, name: &str) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from console_sessions where name = $1", params![name])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

#[derive(Clone, Debug)]
pub struct Link {
    pub name: String,
    /// SHA-256 of the token.
    pub token: Vec<u8>,
    pub role: i64,
    pub expires_at: i64,
}

/// Makes a one-time link; an earlier one of the same operator is good no more.
pub fn put_link(tx: &mut dyn Tx, it: &Link) -> Result<(), StoreError> {
    tx.exec(
        "insert into console_links (name, token, role, expires_at) values ($1, $2, $3, $4)
         on conflict (name) do update set token = excluded.token, role = excluded.role,
           expires_at = excluded.expires_at",
        params![&it.name, &*it.token, it.role, it.expires_at],
    )?;
    Ok(())
}

/// Takes a link away, if there is one with this token.
pub fn take_link(tx: &mut dyn Tx, token: &[u8]) -> Result<Option<Link>, StoreError> {
    let row = tx.row(
        "delete from console_links where token = $1 returning name, token, role, expires_at",
        params![token],
    )?;
    row.map(|mut it| {
        Ok(Link { name: it.take_text(0)?, token: it.take_blob(1)?, role: it.int(2)?, expires_at: it.int(3)? })
    })
    .transpose()
}
