//! The log of one-to-one messages.
//!
//! A lane is one direction of a pair: `pair * 2`, plus 1 when the byte-wise greater user sends. A message is
//! named by its lane and (time, seq, random), which is its place in the history too.

use crate::{Row, StoreError, Tx, params};

/// Bits of `messages.flags`.
pub mod flag {
    /// Never counts as unread.
    pub const NO_UNREAD: i64 = 1;
    /// Does not become a conversation's last message.
    pub const NO_LAST: i64 = 1 << 1;
    pub const RECALLED: i64 = 1 << 2;
    /// Not in the sender's view: sent so, or deleted by the sender.
    pub const HIDDEN_FROM_SENDER: i64 = 1 << 3;
    pub const HIDDEN_FROM_RECEIVER: i64 = 1 << 4;
    pub const WANTS_RECEIPT: i64 = 1 << 5;
    pub const RECEIPT_GIVEN: i64 = 1 << 6;
    /// Extensions may be set later.
    pub const EXTENSIBLE: i64 = 1 << 7;
    /// `client_time` came from a client; otherwise it repeats `time`.
    pub const CLIENT_TIME: i64 = 1 << 8;
    /// Imported from elsewhere: it was never sent here.
    pub const IMPORTED: i64 = 1 << 9;
    /// Never reached the receiver, who had blocked the sender; hidden from the receiver too.
    pub const WITHHELD: i64 = 1 << 10;
    /// Where it was sent, as a number above these bits: 0 by REST, else a platform's place in its table and 1.
    pub const PLATFORM_SHIFT: i64 = 16;
}

/// A place in a conversation's history.
pub type Place = (i64, i64, i64);

/// Later than every message.
pub const END: Place = (i64::MAX, i64::MAX, i64::MAX);

#[derive(Clone, Debug, Default)]
pub struct Message {
    pub id: i64,
    pub lane: i64,
    pub time: i64,
    pub seq: i64,
    pub random: i64,
    pub flags: i64,
    pub crc: i64,
    pub client_time: i64,
    /// Counts as unread until this second for somebody who has not been online.
    pub waits_until: i64,
    /// How often it was modified.
    pub version: i64,
    /// JSON literals as they were at sending; empty when there were none.
    pub nick: String,
    pub face: String,
    pub cloud: String,
    pub body: String,
    pub revoker: String,
}

impl Message {
    pub fn place(&self) -> Place {
        (self.time, self.seq, self.random)
    }

    pub fn has(&self, flag: i64) -> bool {
        self.flags & flag != 0
    }
}

pub(crate) fn message(mut row: Row) -> Result<Message, StoreError> {
    Ok(Message {
        id: row.int(0)?,
        lane: row.int(1)?,
        time: row.int(2)?,
        seq: row.int(3)?,
        random: row.int(4)?,
        flags: row.int(5)?,
        crc: row.int(6)?,
        client_time: row.int(7)?,
        waits_until: row.int(8)?,
        version: row.int(9)?,
        nick: row.take_text(10)?,
        face: row.take_text(11)?,
        cloud: row.take_text(12)?,
        body: row.take_text(13)?,
        revoker: row.take_text(14)?,
    })
}

/// Appends a message; `id` is given by the store. Returns false when the pair has a message with this key,
/// in either direction.
pub fn insert(tx: &mut dyn Tx, it: &Message) -> Result<bool, StoreError> {
    let added = tx.exec(
        "insert into messages (lane, time, seq, random, flags, crc, client_time, waits_until, version, nick,
                               face, cloud, body, revoker)
         select $1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12, ''
         where not exists (select 1 from messages where lane = $13 and time = $2 and seq = $3 and random = $4)
         on conflict do nothing",
        params![
            it.lane,
            it.time,
            it.seq,
            it.random,
            it.flags,
            it.crc,
            it.client_time,
            it.waits_until,
            &*it.nick,
            &*it.face,
            &*it.cloud,
            &*it.body,
            it.lane ^ 1
        ],
    )?;
    Ok(added == 1)
}

pub fn get(tx: &mut dyn Tx, lane: i64, place: Place) -> Result<Option<Message>, StoreError> {
    let row = tx.row(
        "select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face, cloud,
                body, revoker
         from messages where lane = $1 and time = $2 and seq = $3 and random = $4",
        params![lane, place.0, place.1, place.2],
    )?;
    row.map(message).transpose()
}

/// Which part of a conversation somebody may see.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// The lane in which the viewer sends; the other one is `own ^ 1`.
    pub own: i64,
    /// Everything up to and with this place is hidden.
    pub clear: Place,
    /// Nothing older than this second is shown.
    pub since: i64,
}

impl View {
    fn after(&self) -> Place {
        self.clear.max((self.since - 1, i64::MAX, i64::MAX))
    }
}

/// The newest messages strictly before `before`, newest first.
pub fn older(tx: &mut dyn Tx, view: View, before: Place, limit: i64) -> Result<Vec<Message>, StoreError> {
    let after = view.after();
    let rows = tx.rows(
        "select * from (
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $1 and flags & 8 = 0
               and (time, seq, random) > ($3, $4, $5) and (time, seq, random) < ($6, $7, $8)
             order by time desc, seq desc, random desc limit $9) own
           union all
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $2 and flags & 16 = 0
               and (time, seq, random) > ($3, $4, $5) and (time, seq, random) < ($6, $7, $8)
             order by time desc, seq desc, random desc limit $9) other
         ) both_lanes order by time desc, seq desc, random desc limit $9",
        params![view.own, view.own ^ 1, after.0, after.1, after.2, before.0, before.1, before.2, limit],
    )?;
    rows.into_iter().map(message).collect()
}

/// The oldest messages strictly after `after`, oldest first.
pub fn newer(tx: &mut dyn Tx, view: View, after: Place, limit: i64) -> Result<Vec<Message>, StoreError> {
    let after = after.max(view.after());
    let rows = tx.rows(
        "select * from (
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $1 and flags & 8 = 0 and (time, seq, random) > ($3, $4, $5)
             order by time, seq, random limit $6) own
           union all
           select * from (
             select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $2 and flags & 16 = 0 and (time, seq, random) > ($3, $4, $5)
             order by time, seq, random limit $6) other
         ) both_lanes order by time, seq, random limit $6",
        params![view.own, view.own ^ 1, after.0, after.1, after.2, limit],
    )?;
    rows.into_iter().map(message).collect()
}

/// The message a conversation list shows for this view: the newest one that may be a last message.
pub fn last(tx: &mut dyn Tx, view: View) -> Result<Option<Message>, StoreError> {
    let own = last_of(tx, view.own, view.after(), flag::HIDDEN_FROM_SENDER | flag::NO_LAST)?;
    let other = last_of(tx, view.own ^ 1, view.after(), flag::HIDDEN_FROM_RECEIVER | flag::NO_LAST)?;
    Ok(own.into_iter().chain(other).max_by_key(Message::place))
}

/// Messages of a lane that are looked at for one that may be shown last, in steps: mostly it is the newest.
/// A sender who hides all its own, or lets none be last, would otherwise make every list read the whole
/// history.
const LAST_LOOKED_AT: [i64; 3] = [1, 10, 100];

fn last_of(tx: &mut dyn Tx, lane: i64, after: Place, without: i64) -> Result<Option<Message>, StoreError> {
    for limit in LAST_LOOKED_AT {
        let rows = tx.rows(
            "select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face,
                    cloud, body, revoker
             from messages where lane = $1 and (time, seq, random) > ($2, $3, $4)
             order by time desc, seq desc, random desc limit $5",
            params![lane, after.0, after.1, after.2, limit],
        )?;
        let is_all = (rows.len() as i64) < limit;
        let messages = rows.into_iter().map(message).collect::<Result<Vec<_>, _>>()?;
        let found = messages.into_iter().find(|it| !it.has(without));
        if found.is_some() || is_all {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The newest place of the pair's messages, whoever may see it.
pub fn newest_place(tx: &mut dyn Tx, lane: i64) -> Result<Option<Place>, StoreError> {
    let own = last_of(tx, lane, (-1, -1, -1), 0)?;
    let other = last_of(tx, lane ^ 1, (-1, -1, -1), 0)?;
    Ok(own.into_iter().chain(other).map(|it| it.place()).max())
}

/// The greatest id of the pair's messages, 0 without any.
pub fn newest_id(tx: &mut dyn Tx, lane: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select coalesce(max(id), 0) from (
           select * from (select id from messages where lane = $1 order by time desc, seq desc, random desc
                          limit $3) one
           union all
           select * from (select id from messages where lane = $2 order by time desc, seq desc, random desc
                          limit $3) other) newest",
        params![lane, lane ^ 1, NEWEST_LOOKED_AT],
    )?;
    row.ok_or(StoreError::Shape("max gave no row"))?.int(0)
}

/// Ids follow the order of arrival and places that of time; imports make them differ. Looking at this many
/// of the latest places is enough in practice and keeps the cost constant.
const NEWEST_LOOKED_AT: i64 = 100;

/// What counts as unread in a lane.
#[derive(Clone, Copy, Debug)]
pub struct Unread {
    pub read_at: i64,
    pub since: i64,
    /// Messages that waited longer than until here count only when `seen_at` shows that they were delivered.
    pub now: i64,
    pub seen_at: i64,
}

/// How many of the newest unread messages are looked at for `max` that count: those that never count must
/// not make a count read the whole history.
fn looked_at(max: i64) -> i64 {
    max.saturating_mul(UNREAD_LOOKED_AT)
}

const UNREAD_LOOKED_AT: i64 = 8;

/// Number of unread messages of the lane, at most `max`.
pub fn count_unread(tx: &mut dyn Tx, lane: i64, it: Unread, max: i64) -> Result<i64, StoreError> {
    let row = tx.row(
        "select count(*) from (
           select 1 from (
             select flags, waits_until, time from messages where lane = $1 and time > $2
             order by time desc, seq desc, random desc limit $6) newest
           where flags & 21 = 0 and (waits_until >= $3 or time <= $4)
           limit $5) unread",
        params![lane, it.read_at.max(it.since - 1), it.now, it.seen_at, max, looked_at(max)],
    )?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// The newest unread messages of the lane, recalled ones among them, oldest first.
pub fn unread(tx: &mut dyn Tx, lane: i64, it: Unread, max: i64) -> Result<Vec<Message>, StoreError> {
    let rows = tx.rows(
        "select id, lane, time, seq, random, flags, crc, client_time, waits_until, version, nick, face, cloud,
                body, revoker
         from (
           select * from messages where lane = $1 and time > $2
           order by time desc, seq desc, random desc limit $6) newest
         where flags & 17 = 0 and (waits_until >= $3 or time <= $4)
         order by time desc, seq desc, random desc limit $5",
        params![lane, it.read_at.max(it.since - 1), it.now, it.seen_at, max, looked_at(max)],
    )?;
    let mut messages = rows.into_iter().map(message).collect::<Result<Vec<_>, _>>()?;
    messages.reverse();
    Ok(messages)
}

/// Messages whose waiting time ended before the receiver came online: they never count as unread again.
pub fn give_up_waiting(tx: &mut dyn Tx, lane: i64, sent_after: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "update messages set flags = flags | 1
         where lane = $1 and time > $2 and waits_until < $3 and flags & 1 = 0",
        params![lane, sent_after, now],
    )?;
    Ok(())
}

pub fn add_flags(tx: &mut dyn Tx, id: i64, flags: i64) -> Result<(), StoreError> {
    tx.exec("update messages set flags = flags | $2 where id = $1", params![id, flags])?;
    Ok(())
}

pub fn recall(tx: &mut dyn Tx, id: i64, revoker: &str) -> Result<(), StoreError> {
    tx.exec("update messages set flags = flags | 4, revoker = $2 where id = $1", params![id, revoker])?;
    Ok(())
}

/// Replaces content and raises the version by one.
pub fn modify(tx: &mut dyn Tx, id: i64, body: &str, cloud: &str) -> Result<(), StoreError> {
    tx.exec(
        "update messages set body = $2, cloud = $3, version = version + 1 where id = $1",
        params![id, body, cloud],
    )?;
    Ok(())
}

/// The time of a message with this content, sent in one of the seconds `from..=to`.
pub fn find_sent(
    tx: &mut dyn Tx,
    lane: i64,
    from: i64,
    to: i64,
    seq: i64,
    random: i64,
    crc: i64,
) -> Result<Option<i64>, StoreError> {
    let row = tx.row(
        "with recursive seconds (second) as (
           select cast($2 as bigint) union all select second + 1 from seconds where second < $3)
         select time from seconds join messages on time = second
         where lane = $1 and seq = $4 and random = $5 and crc = $6 limit 1",
        params![lane, from, to, seq, random, crc],
    )?;
    row.map(|it| it.int(0)).transpose()
}

/// What identifies a stored message when it is sent again.
pub struct Sent {
    pub id: i64,
    pub lane: i64,
    pub time: i64,
    pub seq: i64,
    pub random: i64,
    pub crc: i64,
}

/// The messages stored last before id `before`, latest first.
pub fn latest(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<Vec<Sent>, StoreError> {
    let rows = tx.rows(
        "select id, lane, time, seq, random, crc from messages where id < $1 order by id desc limit $2",
        params![before, limit],
    )?;
    rows.into_iter()
        .map(|it| {
            Ok(Sent {
                id: it.int(0)?,
                lane: it.int(1)?,
                time: it.int(2)?,
                seq: it.int(3)?,
                random: it.int(4)?,
                crc: it.int(5)?,
            })
        })
        .collect()
}
