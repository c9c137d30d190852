//! Groups and what belongs to them as a whole.

use crate::{
    Row, StoreError, Tx, can_be_there,
    counters::{self, Numbered},
    group_messages, params,
};

/// A group's row; the columns are explained in the migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub id: i64,
    pub app: i64,
    pub group_id: String,
    pub kind: i64,
    pub owner: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face: String,
    pub created_at: i64,
    pub info_seq: i64,
    pub info_at: i64,
    pub max_members: i64,
    pub apply_option: i64,
    pub invite_option: i64,
    pub muted_all: bool,
    pub support_topic: bool,
    pub active: bool,
    pub custom: String,
    pub members: i64,
    pub attr_seq: i64,
    pub counter_seq: i64,
    pub dismissed_at: i64,
    /// 0 as the setting says, 1 shown, 2 hidden.
    pub older_history: i64,
}

fn group(mut row: Row) -> Result<Group, StoreError> {
    group_at(&mut row)
}

/// From the first columns of a row.
pub(crate) fn group_at(row: &mut Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.int(0)?,
        app: row.int(1)?,
        group_id: row.take_text(2)?,
        kind: row.int(3)?,
        owner: row.take_text(4)?,
        name: row.take_text(5)?,
        introduction: row.take_text(6)?,
        notification: row.take_text(7)?,
        face: row.take_text(8)?,
        created_at: row.int(9)?,
        info_seq: row.int(10)?,
        info_at: row.int(11)?,
        max_members: row.int(12)?,
        apply_option: row.int(13)?,
        invite_option: row.int(14)?,
        muted_all: row.int(15)? == 1,
        support_topic: row.int(16)? == 1,
        active: row.int(17)? == 1,
        custom: row.take_text(18)?,
        members: row.int(19)?,
        attr_seq: row.int(20)?,
        counter_seq: row.int(21)?,
        dismissed_at: row.int(22)?,
        older_history: row.int(23)?,
    })
}

/// The group of this id, dismissed or not.
pub fn get(tx: &mut dyn Tx, app: u32, group_id: &str) -> Result<Option<Group>, StoreError> {
    if !can_be_there(group_id) {
        return Ok(None);
    }
    let row = tx.row(
        "select id, app, group_id, kind, owner, name, introduction, notification, face, created_at, info_seq,
                info_at, max_members, apply_option, invite_option, muted_all, support_topic, active, custom,
                members, attr_seq, counter_seq, dismissed_at, older_history
         from groups where app = $1 and group_id = $2",
        params![app, group_id],
    )?;
    row.map(group).transpose()
}

/// The group of this number, dismissed or not.
pub fn by_number(tx: &mut dyn Tx, id: i64) -> Result<Option<Group>, StoreError> {
    let row = tx.row(
        "select id, app, group_id, kind, owner, name, introduction, notification, face, created_at, info_seq,
                info_at, max_members, apply_option, invite_option, muted_all, support_topic, active, custom,
                members, attr_seq, counter_seq, dismissed_at, older_history
         from groups where id = $1",
        params![id],
    )?;
    row.map(group).transpose()
}

/// A number that no group and no topic had before.
pub fn next_number(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    counters::next(tx, Numbered::Group)
}

/// Writes a new group. Its id must be free: a dismissed group of the same id was removed.
pub fn insert(tx: &mut dyn Tx, it: &Group) -> Result<(), StoreError> {
    tx.exec(
        "insert into groups (id, app, group_id, kind, owner, name, introduction, notification, face, created_at,
                             info_seq, info_at, max_members, apply_option, invite_option, muted_all,
                             support_topic, active, custom, members, attr_seq, counter_seq, dismissed_at,
                             older_history)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
                 $22, $23, $24)",
        params![
            it.id,
            it.app,
            &*it.group_id,
            it.kind,
            &*it.owner,
            &*it.name,
            &*it.introduction,
            &*it.notification,
            &*it.face,
            it.created_at,
            it.info_seq,
            it.info_at,
            it.max_members,
            it.apply_option,
            it.invite_option,
            it.muted_all,
            it.support_topic,
            it.active,
            &*it.custom,
            it.members,
            it.attr_seq,
            it.counter_seq,
            it.dismissed_at,
            it.older_history
        ],
    )?;
    Ok(())
}

/// Writes the profile of a group: everything that `modify_group_base_info` and a change of owner can change.
pub fn update(tx: &mut dyn Tx, it: &Group) -> Result<(), StoreError> {
    tx.exec(
        "update groups set owner = $2, name = $3, introduction = $4, notification = $5, face = $6, info_seq = $7,
                info_at = $8, max_members = $9, apply_option = $10, invite_option = $11, muted_all = $12,
                active = $13, custom = $14, older_history = $15
         where id = $1",
        params![
            it.id,
            &*it.owner,
            &*it.name,
            &*it.introduction,
            &*it.notification,
            &*it.face,
            it.info_seq,
            it.info_at,
            it.max_members,
            it.apply_option,
            it.invite_option,
            it.muted_all,
            it.active,
            &*it.custom,
            it.older_history
        ],
    )?;
    Ok(())
}

/// Adds to the number of members, and returns it.
pub fn add_members(tx: &mut dyn Tx, id: i64, count: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "update groups set members = members + $2 where id = $1 returning members",
        params![id, count],
    )?;
    row.ok_or(StoreError::Shape("there is no such group"))?.int(0)
}

/// What goes with a group beside its messages. Those of topics go with the topic.
const GOES_TOO: &[&str] = &[
    "delete from group_members where group_nr = $1",
    "delete from group_mutes where group_nr = $1",
    "delete from group_attributes where group_nr = $1",
    "delete from group_counters where group_nr = $1",
    "delete from group_requests where group_nr = $1",
    "delete from group_bans where group_nr = $1",
    "delete from live_rooms where group_nr = $1",
    "delete from live_marks where group_nr = $1",
];

/// Removes what belongs to the group, and notes that it is dismissed.
pub fn dismiss(tx: &mut dyn Tx, id: i64, now: i64) -> Result<(), StoreError> {
    crate::exports::keep_group(tx, id, now)?;
    for sql in GOES_TOO {
        tx.exec(sql, params![id])?;
    }
    group_messages::delete_lane(tx, id)?;
    tx.exec(
        "delete from search_names where kind = 2 and (app, id) in (select app, group_id from groups where id = $1)",
        params![id],
    )?;
    tx.exec("update groups set dismissed_at = $2, members = 0 where id = $1", params![id, now])?;
    Ok(())
}

/// Removes the row of a dismissed group, so that its id can be used again.
pub fn forget(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec("delete from groups where id = $1 and dismissed_at > 0", params![id])?;
    Ok(())
}

/// Living groups of an app, by number, after one; of one kind, or with 0 of all.
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    kind: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = match kind {
        0 => tx.rows(
            "select id, group_id from groups where app = $1 and id > $2 and dismissed_at = 0 order by id limit $3",
            params![app, after, limit],
        )?,
        kind => tx.rows(
            "select id, group_id from groups where app = $1 and kind = $2 and id > $3 and dismissed_at = 0
             order by id limit $4",
            params![app, kind, after, limit],
        )?,
    };
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

/// Living groups of an app; of one kind, or with 0 of all.
pub fn count(tx: &mut dyn Tx, app: u32, kind: i64) -> Result<i64, StoreError> {
    let row = match kind {
        0 => tx.row("select count(*) from groups where app = $1 and dismissed_at = 0", params![app])?,
        kind => tx.row(
            "select count(*) from groups where app = $1 and kind = $2 and dismissed_at = 0",
            params![app, kind],
        )?,
    };
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// How many living groups of each kind somebody owns: (kind, count).
pub fn owned(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.rows(
        "select kind, count(*) from groups where app = $1 and owner = $2 and dismissed_at = 0 group by kind",
        params![app, owner],
    )?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

/// Living groups, but for live rooms and communities, that were made before a second and in which nobody spoke
/// since, by number, after one.
pub fn silent(tx: &mut dyn Tx, app: u32, since: i64, after: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let rows = tx.rows(
        "select id from groups
         where app = $1 and kind in (1, 2, 3) and id > $2 and dismissed_at = 0 and created_at < $3
           and coalesce((select time from group_messages where lane = groups.id order by seq desc limit 1), 0) < $3
         order by id limit $4",
        params![app, after, since, limit],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

/// Whether nobody spoke in a group since a second.
pub fn is_silent(tx: &mut dyn Tx, id: i64, since: i64) -> Result<bool, StoreError> {
    let row = tx.row(
        "select 1 from group_messages
         where lane = $1 and seq = (select max(seq) from group_messages where lane = $1) and time >= $2",
        params![id, since],
    )?;
    Ok(row.is_none())
}
