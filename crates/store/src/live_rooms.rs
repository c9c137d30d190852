//! What is kept of live rooms: numbers, marks, bans.

use crate::{StoreError, Tx, params};

/// Reserves so many numbers of a room; returns the last one that was reserved before.
pub fn reserve(tx: &mut dyn Tx, group: i64, count: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "insert into live_rooms (group_nr, reserved) values ($1, $2)
         on conflict (group_nr) do update set reserved = live_rooms.reserved + excluded.reserved
         returning reserved",
        params![group, count],
    )?;
    Ok(row.ok_or(StoreError::Shape("a room has no number"))?.int(0)? - count)
}

/// Live rooms of an app that a user is in: (number, id).
pub fn of_user(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = tx.rows(
        "select g.id, g.group_id from group_members m join groups g on g.id = m.group_nr
         where m.app = $1 and m.user_id = $2 and g.kind = 4",
        params![app, user],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

/// Everybody who is in a live room, after (app, user): (app, user).
pub fn present(tx: &mut dyn Tx, after: (i64, &str), limit: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = tx.rows(
        "select distinct m.app, m.user_id from group_members m join groups g on g.id = m.group_nr
         where g.kind = 4 and (m.app, m.user_id) > ($1, $2) order by m.app, m.user_id limit $3",
        params![after.0, after.1, limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

/// People of a room, who came last first, before (joined at, user): (user, joined at).
pub fn newest_first(
    tx: &mut dyn Tx,
    group: i64,
    before: (i64, &str),
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, joined_at from group_members where group_nr = $1 and (joined_at, user_id) < ($2, $3)
         order by joined_at desc, user_id desc limit $4",
        params![group, before.0, before.1, limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// All marks of a room: (user, mark).
pub fn marks(tx: &mut dyn Tx, group: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, mark from live_marks where group_nr = $1 order by user_id, mark",
        params![group],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// The marks of one user.
pub fn marks_of(tx: &mut dyn Tx, group: i64, user: &str) -> Result<Vec<i64>, StoreError> {
    let rows =
        tx.rows("select mark from live_marks where group_nr = $1 and user_id = $2", params![group, user])?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

/// Users that got a mark after a second.
pub fn marked_since(tx: &mut dyn Tx, group: i64, mark: i64, since: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from live_marks where group_nr = $1 and mark = $2 and set_at > $3",
        params![group, mark, since],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// The different marks of a room, each with how many carry it.
pub fn mark_counts(tx: &mut dyn Tx, group: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows =
        tx.rows("select mark, count(*) from live_marks where group_nr = $1 group by mark", params![group])?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

pub fn set_mark(tx: &mut dyn Tx, group: i64, user: &str, mark: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into live_marks (group_nr, user_id, mark, set_at) values ($1, $2, $3, $4)
         on conflict (group_nr, user_id, mark) do update set set_at = excluded.set_at",
        params![group, user, mark, now],
    )?;
    Ok(())
}

pub fn clear_mark(tx: &mut dyn Tx, group: i64, user: &str, mark: i64) -> Result<(), StoreError> {
    tx.exec(
        "delete from live_marks where group_nr = $1 and user_id = $2 and mark = $3",
        params![group, user, mark],
    )?;
    Ok(())
}

/// Takes all marks from somebody who goes.
pub fn clear_marks(tx: &mut dyn Tx, group: i64, user: &str) -> Result<(), StoreError> {
    tx.exec("delete from live_marks where group_nr = $1 and user_id = $2", params![group, user])?;
    Ok(())
}

/// Until which second a user may not come in; 0 for no ban.
pub fn banned_until(tx: &mut dyn Tx, group: i64, user: &str) -> Result<i64, StoreError> {
    let row =
        tx.row("select until from group_bans where group_nr = $1 and user_id = $2", params![group, user])?;
    row.map_or(Ok(0), |it| it.int(0))
}

pub fn ban(tx: &mut dyn Tx, group: i64, user: &str, until: i64, description: &str) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_bans (group_nr, user_id, until, description) values ($1, $2, $3, $4)
         on conflict (group_nr, user_id) do update set until = excluded.until, description = excluded.description",
        params![group, user, until, description],
    )?;
    Ok(())
}

/// Says whether there was a ban.
pub fn unban(tx: &mut dyn Tx, group: i64, user: &str) -> Result<bool, StoreError> {
    let gone =
        tx.exec("delete from group_bans where group_nr = $1 and user_id = $2", params![group, user])?;
    Ok(gone > 0)
}

/// Bans that last beyond a second, by their end: (user, until).
pub fn bans(
    tx: &mut dyn Tx,
    group: i64,
    now: i64,
    offset: i64,
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, until from group_bans where group_nr = $1 and until > $2
         order by until, user_id limit $4 offset $3",
        params![group, now, offset, limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}
