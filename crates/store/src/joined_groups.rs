//! The groups of a user, with all that their list shows.

use crate::{
    Row, StoreError, Tx, Value, can_be_there,
    group_members::{Member, member_at},
    groups::{Group, group_at},
    params,
};

/// Which of a user's groups are meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// A bit for each kind: 1 for the first, 2, 4, 8, and 16 for communities without topics.
    pub kinds: i64,
    /// Communities with topics.
    pub with_topics: bool,
    /// Groups that wait for their first message: of everybody, or only those that the user owns.
    pub inactive: bool,
    pub own_inactive: bool,
}

/// One group of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    pub group: Group,
    pub member: Member,
    pub muted_until: i64,
    /// Number and time of the newest message; 0 for none.
    pub last_seq: i64,
    pub last_time: i64,
}

fn parameters(app: u32, user: &str, wanted: &Wanted) -> Vec<Value> {
    let kinds = wanted.kinds | if wanted.with_topics { 32 } else { 0 };
    let inactive = i64::from(wanted.inactive) | i64::from(wanted.own_inactive) << 1;
    params![app, user, kinds, inactive].to_vec()
}

/// How many there are.
pub fn count(tx: &mut dyn Tx, app: u32, user: &str, wanted: &Wanted) -> Result<i64, StoreError> {
    if !can_be_there(user) {
        return Ok(0);
    }
    let row = tx.row(
        "select count(*) from group_members m join groups g on g.id = m.group_nr
         where m.app = $1 and m.user_id = $2
           and (($3 & 1) <> 0 and g.kind = 1 or ($3 & 2) <> 0 and g.kind = 2 or ($3 & 4) <> 0 and g.kind = 3
             or ($3 & 8) <> 0 and g.kind = 4 or ($3 & 16) <> 0 and g.kind = 5 and g.support_topic = 0
             or ($3 & 32) <> 0 and g.kind = 5 and g.support_topic = 1)
           and (g.active = 1 or ($4 & 1) <> 0 or ($4 & 2) <> 0 and g.owner = $2)",
        &parameters(app, user, wanted),
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Those from the `offset`-th on, the one joined last first.
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    wanted: &Wanted,
    (offset, limit): (i64, i64),
) -> Result<Vec<Joined>, StoreError> {
    if !can_be_there(user) {
        return Ok(Vec::new());
    }
    let mut parameters = parameters(app, user, wanted);
    parameters.extend([Value::Int(limit), Value::Int(offset)]);
    // The page is chosen first: what must be looked up for each group is looked up for no other.
    let rows = tx.rows(
        "with page as materialized (
           select g.id, g.app, g.group_id, g.kind, g.owner, g.name, g.introduction, g.notification, g.face,
                  g.created_at, g.info_seq, g.info_at, g.max_members, g.apply_option, g.invite_option,
                  g.muted_all, g.support_topic, g.active, g.custom, g.members, g.attr_seq, g.counter_seq,
                  g.dismissed_at, g.older_history,
                  m.user_id, m.role, m.joined_at, m.joined_seq, m.read_seq, m.flag, m.card,
                  m.custom as member_custom, m.sent_at, m.cleared_seq, m.unlisted_seq, m.emptied_at, m.pinned
           from group_members m join groups g on g.id = m.group_nr
           where m.app = $1 and m.user_id = $2
             and (($3 & 1) <> 0 and g.kind = 1 or ($3 & 2) <> 0 and g.kind = 2 or ($3 & 4) <> 0 and g.kind = 3
               or ($3 & 8) <> 0 and g.kind = 4 or ($3 & 16) <> 0 and g.kind = 5 and g.support_topic = 0
               or ($3 & 32) <> 0 and g.kind = 5 and g.support_topic = 1)
             and (g.active = 1 or ($4 & 1) <> 0 or ($4 & 2) <> 0 and g.owner = $2)
           order by m.joined_at desc, g.group_id limit $5 offset $6)
         select page.*,
                coalesce((select until from group_mutes
                          where group_mutes.group_nr = page.id and group_mutes.user_id = page.user_id), 0),
                coalesce((select seq from group_messages where lane = page.id order by seq desc limit 1), 0),
                coalesce((select time from group_messages where lane = page.id order by seq desc limit 1), 0)
         from page order by page.joined_at desc, page.group_id",
        &parameters,
    )?;
    rows.into_iter().map(joined).collect()
}

/// Columns of a group, and of a member.
const GROUP_COLUMNS: usize = 24;
const MEMBER_COLUMNS: usize = 13;

fn joined(mut row: Row) -> Result<Joined, StoreError> {
    let after = GROUP_COLUMNS + MEMBER_COLUMNS;
    Ok(Joined {
        group: group_at(&mut row)?,
        member: member_at(&mut row, GROUP_COLUMNS)?,
        muted_until: row.int(after)?,
        last_seq: row.int(after + 1)?,
        last_time: row.int(after + 2)?,
    })
}

/// A topic of a community: its number, its newest message's, and up to where a user has read, if that is noted.
pub fn topic_positions(
    tx: &mut dyn Tx,
    group: i64,
    user: &str,
) -> Result<Vec<(i64, i64, Option<i64>)>, StoreError> {
    let rows = tx.rows(
        "select topics.id,
                coalesce((select seq from group_messages where lane = topics.id order by seq desc limit 1), 0),
                coalesce((select read_seq from topic_members where topic_nr = topics.id and user_id = $2), -1)
         from topics where group_nr = $1 and deleted_at = 0",
        params![group, user],
    )?;
    let position = |it: Row| Ok((it.int(0)?, it.int(1)?, Some(it.int(2)?).filter(|it| *it >= 0)));
    rows.into_iter().map(position).collect()
}

/// Number and time of the newest message of a lane; 0 for none.
pub fn newest(tx: &mut dyn Tx, lane: i64) -> Result<(i64, i64), StoreError> {
    let row = tx.row(
        "select seq, time from group_messages where lane = $1 order by seq desc limit 1",
        params![lane],
    )?;
    row.map_or(Ok((0, 0)), |it| Ok((it.int(0)?, it.int(1)?)))
}
