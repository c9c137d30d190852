//! Groups as conversations of their members: what the list is made of, and the owner's side of each.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// A group in the list of one of its members.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The group's number.
    pub lane: i64,
    pub group_id: String,
    pub kind: i64,
    pub name: String,
    pub face: String,
    pub flag: i64,
    pub joined_seq: i64,
    pub read_seq: i64,
    pub cleared_seq: i64,
    pub emptied_at: i64,
    pub pinned: bool,
    pub newest_seq: i64,
    /// Number and time of the message that the list shows; 0 for none.
    pub last_seq: i64,
    pub last_time: i64,
}

fn conversation(mut row: Row) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        lane: row.int(0)?,
        group_id: row.take_text(1)?,
        kind: row.int(2)?,
        name: row.take_text(3)?,
        face: row.take_text(4)?,
        flag: row.int(5)?,
        joined_seq: row.int(6)?,
        read_seq: row.int(7)?,
        cleared_seq: row.int(8)?,
        emptied_at: row.int(9)?,
        pinned: row.int(10)? == 1,
        newest_seq: row.int(11)?,
        last_seq: row.int(12)?,
        last_time: row.int(13)?,
    })
}

/// The groups that a user is in and that can have a conversation, after a number: no live rooms (kind 4), and a
/// group that waits for its first message only for its owner.
///
/// The last message of a conversation is the newest that the user was there for and did not hide, and that is meant
/// for the list (flags 2, 16 and 64 are not).
pub fn of_user(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<Conversation>, StoreError> {
    if !can_be_there(user) {
        return Ok(Vec::new());
    }
    let rows = tx.rows(
        "select t.lane, t.group_id, t.kind, t.name, t.face, t.flag, t.joined_seq, t.read_seq, t.cleared_seq,
                t.emptied_at, t.pinned, t.newest, coalesce(l.seq, 0), coalesce(l.time, 0)
         from (select m.group_nr as lane, g.group_id, g.kind, g.name, g.face, m.flag, m.joined_seq, m.read_seq,
                      m.cleared_seq, m.emptied_at, m.pinned,
                      (select coalesce(max(n.seq), 0) from group_messages n where n.lane = m.group_nr) as newest,
                      (select x.seq from group_messages x
                       where x.lane = m.group_nr
                         and x.seq > case when m.cleared_seq >= m.unlisted_seq and m.cleared_seq >= m.joined_seq
                                            then m.cleared_seq
                                          when m.unlisted_seq >= m.joined_seq then m.unlisted_seq
                                          else m.joined_seq end
                         and x.seq < coalesce((select u.first_seq from group_unlisted u
                                               where u.lane = m.group_nr
                                                 and u.last_seq = (select max(n.seq) from group_messages n
                                                                   where n.lane = m.group_nr)),
                                              9223372036854775807)
                         and (x.flags & 82) = 0
                         and not exists (select 1 from group_hidden h
                                         where h.lane = x.lane and h.user_id = m.user_id and h.seq = x.seq)
                       order by x.seq desc limit 1) as last_seq
               from group_members m join groups g on g.id = m.group_nr
               where m.app = $1 and m.user_id = $2 and m.group_nr > $3 and g.kind <> 4
                 and (g.active = 1 or g.owner = m.user_id)
               order by m.group_nr limit $4) t
         left join group_messages l on l.lane = t.lane and l.seq = t.last_seq
         order by t.lane",
        params![app, user, after, limit],
    )?;
    rows.into_iter().map(conversation).collect()
}

/// How many groups a user pinned.
pub fn count_pinned(tx: &mut dyn Tx, app: u32, user: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from group_members where app = $1 and user_id = $2 and pinned = 1",
        params![app, user],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Pins a group or unpins it; `emptied_at` is since when it is listed without a message.
pub fn set_pinned(
    tx: &mut dyn Tx,
    group: i64,
    user: &str,
    pinned: bool,
    emptied_at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "update group_members set pinned = $3, emptied_at = $4 where group_nr = $1 and user_id = $2",
        params![group, user, pinned, emptied_at],
    )?;
    Ok(())
}

/// Takes a group out of the list until it has a number above `seq`; everything so far is read.
pub fn unlist(tx: &mut dyn Tx, group: i64, user: &str, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "update group_members
         set unlisted_seq = $3, read_seq = case when read_seq < $3 then $3 else read_seq end, pinned = 0,
             emptied_at = 0
         where group_nr = $1 and user_id = $2",
        params![group, user, seq],
    )?;
    Ok(())
}

/// Hides the history up to a number, which is read too; with a time the group is listed without a message.
pub fn clear(tx: &mut dyn Tx, group: i64, user: &str, seq: i64, emptied_at: i64) -> Result<(), StoreError> {
    tx.exec(
        "update group_members
         set cleared_seq = $3, read_seq = case when read_seq < $3 then $3 else read_seq end, emptied_at = $4
         where group_nr = $1 and user_id = $2",
        params![group, user, seq, emptied_at],
    )?;
    Ok(())
}

/// Sets the read position, back too.
pub fn place_read(tx: &mut dyn Tx, group: i64, user: &str, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "update group_members set read_seq = $3 where group_nr = $1 and user_id = $2",
        params![group, user, seq],
    )?;
    Ok(())
}

/// Moves everybody's read position to the newest number.
pub fn set_all_read(tx: &mut dyn Tx, group: i64, seq: i64) -> Result<(), StoreError> {
    tx.exec(
        "update group_members set read_seq = $2 where group_nr = $1 and read_seq < $2",
        params![group, seq],
    )?;
    Ok(())
}
