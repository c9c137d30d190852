//! The logs that are searched: what is said in them, which of it changed, and how far the index follows them.
//!
//! A log is a pair of people (kind 1) or a group (kind 2); see the migration.

use crate::{Row, StoreError, Tx, group_messages::GroupMessage, messages::Message, params};

/// `kind` of the log of two people, and of a group's.
pub const C2C: i64 = 1;
pub const GROUP: i64 = 2;

/// A place in a log: (time, seq, random) of two people's, (seq, 0, 0) of a group's.
pub type Place = (i64, i64, i64);

/// Before everything.
pub const START: Place = (-1, 0, 0);

/// What is read of a message to search it.
#[derive(Clone, Debug)]
pub struct Said {
    /// Number of the pair or group.
    pub log: i64,
    pub place: Place,
    pub time: i64,
    pub flags: i64,
    /// Of two people: whether the byte-wise greater one sent it.
    pub from_high: bool,
    /// Of a group only.
    pub sender: String,
    /// JSON.
    pub body: String,
}

/// From `lane, time, seq, random, flags, body`.
pub(crate) fn said_c2c(mut row: Row) -> Result<Said, StoreError> {
    let (lane, time) = (row.int(0)?, row.int(1)?);
    Ok(Said {
        log: lane / 2,
        place: (time, row.int(2)?, row.int(3)?),
        time,
        flags: row.int(4)?,
        from_high: lane % 2 == 1,
        sender: String::new(),
        body: row.take_text(5)?,
    })
}

/// From `lane, seq, time, flags, sender, body`.
pub(crate) fn said_in_group(mut row: Row) -> Result<Said, StoreError> {
    Ok(Said {
        log: row.int(0)?,
        place: (row.int(1)?, 0, 0),
        time: row.int(2)?,
        flags: row.int(3)?,
        from_high: false,
        sender: row.take_text(4)?,
        body: row.take_text(5)?,
    })
}

/// What was said after a place and up to another, with both ends' times for two people; oldest first.
pub fn between(
    tx: &mut dyn Tx,
    kind: i64,
    log: i64,
    (after, last): (Place, Place),
    limit: i64,
) -> Result<Vec<Said>, StoreError> {
    if kind == GROUP {
        let rows = tx.rows(
            "select lane, seq, time, flags, sender, body from group_messages
             where lane = $1 and seq > $2 and seq <= $3 order by seq limit $4",
            params![log, after.0, last.0, limit],
        )?;
        return rows.into_iter().map(said_in_group).collect();
    }
    let rows = tx.rows(
        "select * from (
           select * from (
             select lane, time, seq, random, flags, body from messages
             where lane = $1 and (time, seq, random) > ($3, $4, $5) and (time, seq, random) <= ($6, $7, $8)
             order by time, seq, random limit $9) low
           union all
           select * from (
             select lane, time, seq, random, flags, body from messages
             where lane = $2 and (time, seq, random) > ($3, $4, $5) and (time, seq, random) <= ($6, $7, $8)
             order by time, seq, random limit $9) high
         ) both_lanes order by time, seq, random limit $9",
        params![log * 2, log * 2 + 1, after.0, after.1, after.2, last.0, last.1, last.2, limit],
    )?;
    rows.into_iter().map(said_c2c).collect()
}

/// How many messages of two people there are after a place and up to another, both within an existing block.
pub fn count_c2c(tx: &mut dyn Tx, pair: i64, (after, last): (Place, Place)) -> Result<i64, StoreError> {
    let row = tx.row(
        "select (select count(*) from messages where lane = $1 and (time, seq, random) > ($3, $4, $5)
                                                 and (time, seq, random) <= ($6, $7, $8))
              + (select count(*) from messages where lane = $2 and (time, seq, random) > ($3, $4, $5)
                                                 and (time, seq, random) <= ($6, $7, $8))",
        params![pair * 2, pair * 2 + 1, after.0, after.1, after.2, last.0, last.1, last.2],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// How far a log has blocks, and how many they are.
pub fn reached(tx: &mut dyn Tx, kind: i64, log: i64) -> Result<(Place, i64), StoreError> {
    let row = tx.row(
        "select last_1, last_2, last_3, blocks from search_logs where kind = $1 and log = $2",
        params![kind, log],
    )?;
    match row {
        Some(it) => Ok(((it.int(0)?, it.int(1)?, it.int(2)?), it.int(3)?)),
        None => Ok((START, 0)),
    }
}

/// Moves the end of a log's blocks. False when somebody else has moved it meanwhile.
pub fn move_end(
    tx: &mut dyn Tx,
    kind: i64,
    log: i64,
    from: Place,
    to: Place,
    new_blocks: i64,
) -> Result<bool, StoreError> {
    if from == START {
        let made = tx.exec(
            "insert into search_logs (kind, log, last_1, last_2, last_3, blocks) values ($1, $2, $3, $4, $5, $6)
             on conflict do nothing",
            params![kind, log, to.0, to.1, to.2, new_blocks],
        )?;
        return Ok(made == 1);
    }
    let moved = tx.exec(
        "update search_logs set last_1 = $6, last_2 = $7, last_3 = $8, blocks = blocks + $9
         where kind = $1 and log = $2 and last_1 = $3 and last_2 = $4 and last_3 = $5",
        params![kind, log, from.0, from.1, from.2, to.0, to.1, to.2, new_blocks],
    )?;
    Ok(moved == 1)
}

/// A place at which a log changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    pub id: i64,
    pub kind: i64,
    pub log: i64,
    /// `None` asks to look at the whole log.
    pub place: Option<Place>,
}

fn changed(row: &Row) -> Result<Changed, StoreError> {
    let place = (row.int(3)?, row.int(4)?, row.int(5)?);
    Ok(Changed {
        id: row.int(0)?,
        kind: row.int(1)?,
        log: row.int(2)?,
        place: (place.0 >= 0).then_some(place),
    })
}

/// Notes that a log changed at a place otherwise than by growing.
pub fn note(tx: &mut dyn Tx, kind: i64, log: i64, place: Place) -> Result<(), StoreError> {
    tx.exec(
        "insert into search_changes (kind, log, place_1, place_2, place_3) values ($1, $2, $3, $4, $5)",
        params![kind, log, place.0, place.1, place.2],
    )?;
    Ok(())
}

/// The same of a message of two people.
pub fn note_c2c(tx: &mut dyn Tx, it: &Message) -> Result<(), StoreError> {
    note(tx, C2C, it.lane / 2, it.place())
}

/// The same of a message of a group. Topics are not searched; what is noted of them is forgotten unread.
pub fn note_group(tx: &mut dyn Tx, it: &GroupMessage) -> Result<(), StoreError> {
    note(tx, GROUP, it.lane, (it.seq, 0, 0))
}

/// What was noted and is not taken into account yet, the oldest first.
pub fn changes(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Changed>, StoreError> {
    let sql = "select id, kind, log, place_1, place_2, place_3 from search_changes order by id limit $1";
    tx.rows(sql, params![limit])?.iter().map(changed).collect()
}

/// Those of them that name a place, the newest first.
pub fn changed_places(tx: &mut dyn Tx, limit: i64) -> Result<Vec<Changed>, StoreError> {
    let rows = tx.rows(
        "select id, kind, log, place_1, place_2, place_3 from search_changes where place_1 >= 0 order by id desc limit $1",
        params![limit],
    )?;
    rows.iter().map(changed).collect()
}

pub fn forget_change(tx: &mut dyn Tx, id: i64) -> Result<(), StoreError> {
    tx.exec("delete from search_changes where id = $1", params![id])?;
    Ok(())
}

/// How far new messages of this kind have been looked at.
pub fn progress(tx: &mut dyn Tx, kind: i64) -> Result<i64, StoreError> {
    let row = tx.row("select reached from search_progress where kind = $1", params![kind])?;
    row.map_or(Ok(0), |it| it.int(0))
}

pub fn set_progress(tx: &mut dyn Tx, kind: i64, reached: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into search_progress (kind, reached) values ($1, $2)
         on conflict (kind) do update set reached = excluded.reached
         where search_progress.reached < excluded.reached",
        params![kind, reached],
    )?;
    Ok(())
}

/// One-to-one messages after an id, in their order: (id, pair, place).
pub fn new_c2c(tx: &mut dyn Tx, after: i64, limit: i64) -> Result<Vec<(i64, i64, Place)>, StoreError> {
    let rows = tx.rows(
        "select id, lane / 2, time, seq, random from messages where id > $1 order by id limit $2",
        params![after, limit],
    )?;
    let new = |it: Row| Ok((it.int(0)?, it.int(1)?, (it.int(2)?, it.int(3)?, it.int(4)?)));
    rows.into_iter().map(new).collect()
}

/// Groups, but for topics, live rooms and communities, in which something was said after a second, in the order of
/// time: (second, group).
pub fn new_in_groups(
    tx: &mut dyn Tx,
    after: i64,
    until: i64,
    limit: i64,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let rows = tx.rows(
        "select m.time, m.lane from group_messages m join groups g on g.id = m.lane and g.kind in (1, 2, 3)
         where m.time > $1 and m.time <= $2 order by m.time limit $3",
        params![after, until, limit],
    )?;
    rows.into_iter().map(|it| Ok((it.int(0)?, it.int(1)?))).collect()
}
