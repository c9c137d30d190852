//! What a member of a community has of a topic for itself, from its first change on.

use crate::{StoreError, Tx, can_be_there, params};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicMember {
    pub read_seq: i64,
    pub flag: i64,
    pub cleared_seq: i64,
}

pub fn get(tx: &mut dyn Tx, topic: i64, user: &str) -> Result<Option<TopicMember>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row = tx.row(
        "select read_seq, flag, cleared_seq from topic_members where topic_nr = $1 and user_id = $2",
        params![topic, user],
    )?;
    row.map(|it| Ok(TopicMember { read_seq: it.int(0)?, flag: it.int(1)?, cleared_seq: it.int(2)? }))
        .transpose()
}

/// Makes the member's row if it is not there, with this read position.
pub fn ensure(tx: &mut dyn Tx, topic: i64, user: &str, read_seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into topic_members (topic_nr, user_id, read_seq, flag, cleared_seq) values ($1, $2, $3, 0, 0)
         on conflict do nothing",
        params![topic, user, read_seq],
    )?;
    Ok(())
}

/// Who wants nothing of which topic of a group.
pub fn discarding(tx: &mut dyn Tx, group: i64) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = tx.rows(
        "select m.topic_nr, m.user_id from topics t join topic_members m on m.topic_nr = t.id and m.flag = 2
         where t.group_nr = $1",
        params![group],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?))).collect()
}

/// Moves the read position forward. Returns false when it was there or later already.
pub fn set_read(tx: &mut dyn Tx, topic: i64, user: &str, seq: i64) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update topic_members set read_seq = $3 where topic_nr = $1 and user_id = $2 and read_seq < $3",
        params![topic, user, seq],
    )?;
    Ok(changed == 1)
}

/// Moves the read position of everybody who has one to the newest.
pub fn set_all_read(tx: &mut dyn Tx, topic: i64, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "update topic_members set read_seq = $2 where topic_nr = $1 and read_seq < $2",
        params![topic, seq],
    )?;
    Ok(())
}

/// Hides the history up to a number, which is read too.
pub fn set_cleared(tx: &mut dyn Tx, topic: i64, user: &str, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "update topic_members set cleared_seq = $3, read_seq = $3 where topic_nr = $1 and user_id = $2",
        params![topic, user, seq],
    )?;
    Ok(())
}
