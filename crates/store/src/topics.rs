//! Topics of communities, and what members have of them for themselves.

use crate::{Row, StoreError, Tx, can_be_there, group_messages, params};

/// A topic's row; the columns are explained in the migration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topic {
    pub id: i64,
    pub group: i64,
    pub topic_id: String,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face: String,
    pub custom: String,
    pub muted_all: bool,
    pub created_at: i64,
    pub deleted_at: i64,
}

fn topic(mut row: Row) -> Result<Topic, StoreError> {
    Ok(Topic {
        id: row.int(0)?,
        group: row.int(1)?,
        topic_id: row.take_text(2)?,
        name: row.take_text(3)?,
        introduction: row.take_text(4)?,
        notification: row.take_text(5)?,
        face: row.take_text(6)?,
        custom: row.take_text(7)?,
        muted_all: row.int(8)? == 1,
        created_at: row.int(9)?,
        deleted_at: row.int(10)?,
    })
}

/// The topic of this id, deleted or not.
pub fn get(tx: &mut dyn Tx, group: i64, topic_id: &str) -> Result<Option<Topic>, StoreError> {
    if !can_be_there(topic_id) {
        return Ok(None);
    }
    let row = tx.row(
        "select id, group_nr, topic_id, name, introduction, notification, face, custom, muted_all, created_at,
                deleted_at
         from topics where group_nr = $1 and topic_id = $2",
        params![group, topic_id],
    )?;
    row.map(topic).transpose()
}

/// Living topics of a group in the order of their making.
pub fn all(tx: &mut dyn Tx, group: i64) -> Result<Vec<Topic>, StoreError> {
    let rows = tx.rows(
        "select id, group_nr, topic_id, name, introduction, notification, face, custom, muted_all, created_at,
                deleted_at
         from topics where group_nr = $1 and deleted_at = 0 order by id",
        params![group],
    )?;
    rows.into_iter().map(topic).collect()
}

pub fn count(tx: &mut dyn Tx, group: i64) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from topics where group_nr = $1 and deleted_at = 0", params![group])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Living topics of a group in which something was said since a second, each with the number of its newest message.
pub fn spoken_in(tx: &mut dyn Tx, group: i64, since: i64) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.rows(
        "select id, (select seq from group_messages where lane = topics.id order by seq desc limit 1)
         from topics
         where group_nr = $1 and deleted_at = 0
           and (select time from group_messages where lane = topics.id order by seq desc limit 1) >= $2",
        params![group, since],
    )?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}

pub fn insert(tx: &mut dyn Tx, app: u32, it: &Topic) -> Result<(), StoreError> {
    tx.exec(
        "insert into topics (id, app, group_nr, topic_id, name, introduction, notification, face, custom,
                             muted_all, created_at, deleted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)",
        params![
            it.id,
            app,
            it.group,
            &*it.topic_id,
            &*it.name,
            &*it.introduction,
            &*it.notification,
            &*it.face,
            &*it.custom,
            it.muted_all,
            it.created_at
        ],
    )?;
    Ok(())
}

/// Writes what of a topic can change.
pub fn update(tx: &mut dyn Tx, it: &Topic) -> Result<(), StoreError> {
    tx.exec(
        "update topics set name = $2, introduction = $3, notification = $4, face = $5, custom = $6, muted_all = $7
         where id = $1",
        params![it.id, &*it.name, &*it.introduction, &*it.notification, &*it.face, &*it.custom, it.muted_all],
    )?;
    Ok(())
}

/// The topic of a number, deleted or not.
pub fn by_number(tx: &mut dyn Tx, id: i64) -> Result<Option<Topic>, StoreError> {
    let row = tx.row(
        "select id, group_nr, topic_id, name, introduction, notification, face, custom, muted_all, created_at,
                deleted_at
         from topics where id = $1",
        params![id],
    )?;
    row.map(topic).transpose()
}

/// Removes the row of a deleted topic, so that its id can be used again.
pub fn forget(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec("delete from topics where id = $1 and deleted_at > 0", params![id])?;
    Ok(())
}

/// What goes with a topic beside its messages.
const GOES_TOO: &[&str] =
    &["delete from topic_members where topic_nr = $1", "delete from group_mutes where group_nr = $1"];

/// Removes what belongs to the topic, and notes that it is deleted.
pub fn delete(tx: &mut dyn Tx, id: i64, now: i64) -> Result<(), StoreError> {
    crate::exports::keep_topic(tx, id, now)?;
    for sql in GOES_TOO {
        tx.exec(sql, params![id])?;
    }
    group_messages::delete_lane(tx, id)?;
    tx.exec("update topics set deleted_at = $2 where id = $1", params![id, now])?;
    Ok(())
}

/// Deletes all topics of a group.
pub fn dismiss(tx: &mut dyn Tx, group: i64, now: i64) -> Result<(), StoreError> {
    for topic in all(tx, group)? {
        delete(tx, topic.id, now)?;
    }
    Ok(())
}
