//! Members of groups, and mutes, which outlive membership.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// A member's row; the columns are explained in the migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    pub user: String,
    pub role: i64,
    pub joined_at: i64,
    pub joined_seq: i64,
    pub read_seq: i64,
    pub flag: i64,
    pub card: String,
    pub custom: String,
    pub sent_at: i64,
    pub cleared_seq: i64,
    pub unlisted_seq: i64,
    pub emptied_at: i64,
    pub pinned: bool,
}

pub(crate) fn member_at(row: &mut Row, at: usize) -> Result<Member, StoreError> {
    Ok(Member {
        user: row.take_text(at)?,
        role: row.int(at + 1)?,
        joined_at: row.int(at + 2)?,
        joined_seq: row.int(at + 3)?,
        read_seq: row.int(at + 4)?,
        flag: row.int(at + 5)?,
        card: row.take_text(at + 6)?,
        custom: row.take_text(at + 7)?,
        sent_at: row.int(at + 8)?,
        cleared_seq: row.int(at + 9)?,
        unlisted_seq: row.int(at + 10)?,
        emptied_at: row.int(at + 11)?,
        pinned: row.int(at + 12)? == 1,
    })
}

pub fn get(tx: &mut dyn Tx, group: i64, user: &str) -> Result<Option<Member>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row = tx.row(
        "select user_id, role, joined_at, joined_seq, read_seq, flag, card, custom, sent_at, cleared_seq,
                unlisted_seq, emptied_at, pinned
         from group_members where group_nr = $1 and user_id = $2",
        params![group, user],
    )?;
    row.map(|mut it| member_at(&mut it, 0)).transpose()
}

/// Adds a member. Says whether it is new.
pub fn insert(tx: &mut dyn Tx, app: u32, group: i64, it: &Member) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into group_members (group_nr, user_id, app, role, joined_at, joined_seq, read_seq, flag, card,
                                    custom, sent_at, cleared_seq, unlisted_seq, emptied_at, pinned)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) on conflict do nothing",
        params![
            group,
            &*it.user,
            app,
            it.role,
            it.joined_at,
            it.joined_seq,
            it.read_seq,
            it.flag,
            &*it.card,
            &*it.custom,
            it.sent_at,
            it.cleared_seq,
            it.unlisted_seq,
            it.emptied_at,
            it.pinned
        ],
    )?;
    Ok(added == 1)
}

/// Writes what a member is in the group. Its side of the conversation and its read position have their own
/// queries, which others may use at the same time.
pub fn update(tx: &mut dyn Tx, group: i64, it: &Member) -> Result<(), StoreError> {
    tx.exec(
        "update group_members set role = $3, flag = $4, card = $5, custom = $6
         where group_nr = $1 and user_id = $2",
        params![group, &*it.user, it.role, it.flag, &*it.card, &*it.custom],
    )?;
    Ok(())
}

/// Says whether the user was a member.
pub fn remove(tx: &mut dyn Tx, group: i64, user: &str) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let gone =
        tx.exec("delete from group_members where group_nr = $1 and user_id = $2", params![group, user])?;
    Ok(gone == 1)
}

/// Forgets what a user has of the topics of a group.
pub fn forget_topics(tx: &mut dyn Tx, group: i64, user: &str) -> Result<(), StoreError> {
    tx.exec(
        "delete from topic_members
         where user_id = $2 and topic_nr in (select id from topics where group_nr = $1)",
        params![group, user],
    )?;
    Ok(())
}

/// Sets the receive option of a member in a topic, whose row must be there.
pub fn set_topic_flag(tx: &mut dyn Tx, topic: i64, user: &str, flag: i64) -> Result<(), StoreError> {
    tx.exec(
        "update topic_members set flag = $3 where topic_nr = $1 and user_id = $2",
        params![topic, user, flag],
    )?;
    Ok(())
}

/// How many admins a group has, besides its owner.
pub fn count_admins(tx: &mut dyn Tx, group: i64) -> Result<i64, StoreError> {
    let row =
        tx.row("select count(*) from group_members where group_nr = $1 and role = 300", params![group])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Moves the read sequence forward. Returns false when it was there or later already.
pub fn set_read(tx: &mut dyn Tx, group: i64, user: &str, seq: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update group_members set read_seq = $3 where group_nr = $1 and user_id = $2 and read_seq < $3",
        params![group, user, seq],
    )?;
    Ok(changed == 1)
}

/// Members by time of joining and id, after `after`, of these roles (a bit for each: 1 member, 2 admin, 4 owner).
pub fn page(
    tx: &mut dyn Tx,
    group: i64,
    after: (i64, &str),
    roles: i64,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let rows = tx.rows(
        "select user_id, role, joined_at, joined_seq, read_seq, flag, card, custom, sent_at, cleared_seq,
                unlisted_seq, emptied_at, pinned
         from group_members
         where group_nr = $1 and (joined_at, user_id) > ($2, $3)
           and (($4 & 1) <> 0 and role = 200 or ($4 & 2) <> 0 and role = 300 or ($4 & 4) <> 0 and role = 400)
         order by joined_at, user_id limit $5",
        params![group, after.0, after.1, roles, limit],
    )?;
    rows.into_iter().map(|mut it| member_at(&mut it, 0)).collect()
}

/// The same from the `offset`-th.
pub fn page_at(
    tx: &mut dyn Tx,
    group: i64,
    offset: i64,
    roles: i64,
    limit: i64,
) -> Result<Vec<Member>, StoreError> {
    let rows = tx.rows(
        "select user_id, role, joined_at, joined_seq, read_seq, flag, card, custom, sent_at, cleared_seq,
                unlisted_seq, emptied_at, pinned
         from group_members
         where group_nr = $1
           and (($2 & 1) <> 0 and role = 200 or ($2 & 2) <> 0 and role = 300 or ($2 & 4) <> 0 and role = 400)
         order by joined_at, user_id limit $4 offset $3",
        params![group, roles, offset, limit],
    )?;
    rows.into_iter().map(|mut it| member_at(&mut it, 0)).collect()
}

/// User ids of all members after `after`, in byte order.
pub fn users(tx: &mut dyn Tx, group: i64, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from group_members where group_nr = $1 and user_id > $2 order by user_id limit $3",
        params![group, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// Owner and admins of a group.
pub fn leaders(tx: &mut dyn Tx, group: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, role from group_members where group_nr = $1 and role > 200 order by role desc, user_id",
        params![group],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// Groups that a user is in, after a number: (group, the member's row).
pub fn groups_of(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Member)>, StoreError> {
    if !can_be_there(user) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select group_nr, user_id, role, joined_at, joined_seq, read_seq, flag, card, custom, sent_at,
                cleared_seq, unlisted_seq, emptied_at, pinned
         from group_members where app = $1 and user_id = $2 and group_nr > $3 order by group_nr limit $4",
        params![app, user, after, limit],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, member_at(&mut it, 1)?))).collect()
}

pub fn count_groups_of(tx: &mut dyn Tx, app: u32, user: &str) -> Result<i64, StoreError> {
    let row =
        tx.row("select count(*) from group_members where app = $1 and user_id = $2", params![app, user])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Until which second the user may not speak in a group or topic; 0 for no mute.
pub fn muted_until(tx: &mut dyn Tx, group: i64, user: &str) -> Result<i64, StoreError> {
    let row =
        tx.row("select until from group_mutes where group_nr = $1 and user_id = $2", params![group, user])?;
    row.map_or(Ok(0), |it| it.int(0))
}

/// Mutes a user, or with 0 ends that.
pub fn set_muted(tx: &mut dyn Tx, group: i64, user: &str, until: i64) -> Result<(), StoreError> {
    if until == 0 {
        tx.exec("delete from group_mutes where group_nr = $1 and user_id = $2", params![group, user])?;
        return Ok(());
    }
    tx.exec(
        "insert into group_mutes (group_nr, user_id, until) values ($1, $2, $3)
         on conflict (group_nr, user_id) do update set until = excluded.until",
        params![group, user, until],
    )?;
    Ok(())
}

/// Forgets mutes of a group or topic that are over.
pub fn prune_mutes(tx: &mut dyn Tx, group: i64, now: i64) -> Result<(), StoreError> {
    tx.exec("delete from group_mutes where group_nr = $1 and until <= $2", params![group, now])?;
    Ok(())
}

/// Everybody who is muted beyond a second: (user, until).
pub fn muted(tx: &mut dyn Tx, group: i64, now: i64) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.rows(
        "select user_id, until from group_mutes where group_nr = $1 and until > $2 order by user_id",
        params![group, now],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// Notes when members last spoke, as (group, user, second).
pub fn note_sent(tx: &mut dyn Tx, spoke: &[(i64, String, i64)]) -> Result<(), StoreError> {
    for (group, user, second) in spoke {
        tx.exec(
            "update group_members set sent_at = $3 where group_nr = $1 and user_id = $2 and sent_at < $3",
            params![*group, user.as_str(), *second],
        )?;
    }
    Ok(())
}
