//! Tokens by which devices are pushed to, one for each login instance that has given one.

use crate::{Row, StoreError, Tx, can_be_there, params};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    pub inst_id: i64,
    pub user: String,
    pub token: String,
    pub business: String,
    pub kind: String,
}

/// A login instance that can be pushed to, with its token if it has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub inst_id: i64,
    pub platform: i64,
    /// Empty for an instance that gave none.
    pub token: String,
    pub business: String,
    pub kind: String,
    /// What the device said it has unread; -1 for nothing said.
    pub unread: i64,
    /// Pushes to it since then.
    pub pushed: i64,
}

/// Keeps the token of an instance in place of its earlier one. A token is of one device, so it is taken away from
/// every other instance: whoever used the device before must not be read on it.
pub fn set(tx: &mut dyn Tx, app: u32, it: &Token) -> Result<(), StoreError> {
    tx.exec(
        "delete from push_tokens where app = $1 and token = $2 and inst_id <> $3",
        params![app, &*it.token, it.inst_id],
    )?;
    tx.exec(
        "insert into push_tokens (inst_id, app, user_id, token, business, kind, unread, pushed)
         values ($1, $2, $3, $4, $5, $6, -1, 0)
         on conflict (inst_id) do update set token = excluded.token, business = excluded.business, kind = excluded.kind",
        params![it.inst_id, app, &*it.user, &*it.token, &*it.business, &*it.kind],
    )?;
    Ok(())
}

/// Forgets the token of an instance.
pub fn remove(tx: &mut dyn Tx, inst_id: i64) -> Result<(), StoreError> {
    tx.exec("delete from push_tokens where inst_id = $1", params![inst_id])?;
    Ok(())
}

/// Forgets a token that the push service does not know any more, unless the instance has given another.
pub fn remove_dead(tx: &mut dyn Tx, inst_id: i64, token: &str) -> Result<(), StoreError> {
    tx.exec("delete from push_tokens where inst_id = $1 and token = $2", params![inst_id, token])?;
    Ok(())
}

/// Notes what a device has unread, with -1 that it says nothing; the count of pushes begins anew.
pub fn set_unread(tx: &mut dyn Tx, inst_id: i64, unread: i64) -> Result<(), StoreError> {
    tx.exec("update push_tokens set unread = $2, pushed = 0 where inst_id = $1", params![inst_id, unread])?;
    Ok(())
}

/// Counts a push to a device.
pub fn add_pushed(tx: &mut dyn Tx, inst_id: i64) -> Result<(), StoreError> {
    tx.exec("update push_tokens set pushed = pushed + 1 where inst_id = $1", params![inst_id])?;
    Ok(())
}

/// Forgets the token of the session with this hash.
pub(crate) fn forget_of(tx: &mut dyn Tx, session: &[u8]) -> Result<(), StoreError> {
    tx.exec(
        "delete from push_tokens where inst_id in (select inst_id from sessions where token = $1)",
        params![session],
    )?;
    Ok(())
}

/// Forgets tokens of sessions that lie unused and are about to be forgotten.
pub(crate) fn forget_unused(tx: &mut dyn Tx, unused_since: i64, limit: i64) -> Result<(), StoreError> {
    tx.exec(
        "delete from push_tokens where inst_id in (
           select inst_id from sessions where ended_at = 0 and detached_at > 0 and used_at < $1 limit $2)",
        params![unused_since, limit],
    )?;
    Ok(())
}

fn device(mut row: Row) -> Result<Device, StoreError> {
    Ok(Device {
        inst_id: row.int(0)?,
        platform: row.int(1)?,
        token: row.take_text(2)?,
        business: row.take_text(3)?,
        kind: row.take_text(4)?,
        unread: row.int(5)?,
        pushed: row.int(6)?,
    })
}

/// The instances of a user that have not ended and were connected at `since` or later.
pub fn devices(tx: &mut dyn Tx, app: u32, user: &str, since: i64) -> Result<Vec<Device>, StoreError> {
    if !can_be_there(user) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select s.inst_id, s.platform, coalesce(t.token, ''), coalesce(t.business, ''), coalesce(t.kind, ''),
                coalesce(t.unread, -1), coalesce(t.pushed, 0)
         from sessions s left join push_tokens t on t.inst_id = s.inst_id
         where s.app = $1 and s.user_id = $2 and s.ended_at = 0 and (s.detached_at = 0 or s.detached_at >= $3)
         order by s.inst_id",
        params![app, user, since],
    )?;
    rows.into_iter().map(device).collect()
}

/// Whether there is such an instance; with `with_token` one that has given a token.
pub fn has_device(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    since: i64,
    with_token: bool,
) -> Result<bool, StoreError> {
    let row = tx.row(
        "select 1 from sessions s
         where s.app = $1 and s.user_id = $2 and s.ended_at = 0 and (s.detached_at = 0 or s.detached_at >= $3)
           and ($4 = 0 or exists (select 1 from push_tokens t where t.inst_id = s.inst_id)) limit 1",
        params![app, user, since, i64::from(with_token)],
    )?;
    Ok(row.is_some())
}

/// Members of a group that have such an instance, after `after` in byte order, each with its receive option: the
/// stricter one of the group and of the topic `lane`. Who joined when `seq` was there already is left out, unless it is of a topic.
pub fn members(
    tx: &mut dyn Tx,
    app: u32,
    (group, lane, seq): (i64, i64, i64),
    after: &str,
    since: i64,
    with_token: bool,
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select m.user_id, coalesce((select o.flag from topic_members o
                                     where o.topic_nr = $3 and o.user_id = m.user_id and o.flag > m.flag), m.flag)
         from group_members m
         where m.group_nr = $2 and m.user_id > $5 and (m.joined_seq < $4 or $2 <> $3)
           and exists (select 1 from sessions s
                       where s.app = $1 and s.user_id = m.user_id and s.ended_at = 0
                         and (s.detached_at = 0 or s.detached_at >= $6)
                         and ($7 = 0 or exists (select 1 from push_tokens t where t.inst_id = s.inst_id)))
         order by m.user_id limit $8",
        params![app, group, lane, seq, after, since, i64::from(with_token), limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// Users of an app that have such an instance and whose account is not younger than a second, after `after`.
pub fn users(
    tx: &mut dyn Tx,
    app: u32,
    (after, made_by): (&str, i64),
    since: i64,
    with_token: bool,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select a.user_id from accounts a
         where a.app = $1 and a.user_id > $2 and a.created_at <= $3
           and exists (select 1 from sessions s
                       where s.app = $1 and s.user_id = a.user_id and s.ended_at = 0
                         and (s.detached_at = 0 or s.detached_at >= $4)
                         and ($5 = 0 or exists (select 1 from push_tokens t where t.inst_id = s.inst_id)))
         order by a.user_id limit $6",
        params![app, after, made_by, since, i64::from(with_token), limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}
