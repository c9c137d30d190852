//! The log of groups and topics. A lane is the number of a group or topic; `seq` counts from 1 without a gap.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// Bits of `group_messages.flags`.
pub mod flag {
    /// Never counts as unread.
    pub const NO_UNREAD: i64 = 1;
    /// Does not become a conversation's last message.
    pub const NO_LAST: i64 = 1 << 1;
    pub const RECALLED: i64 = 1 << 2;
    /// A tip: its body is an object.
    pub const TIP: i64 = 1 << 3;
    /// Deleted for everybody: its number stays.
    pub const DELETED: i64 = 1 << 4;
    pub const WANTS_RECEIPT: i64 = 1 << 5;
    /// Only for the members of `targets` and its sender.
    pub const TARGETED: i64 = 1 << 6;
    /// Extensions may be set later.
    pub const EXTENSIBLE: i64 = 1 << 7;
    /// Recalled without telling anybody: it counts as unread all the same.
    pub const QUIETLY: i64 = 1 << 8;
    /// Imported from elsewhere: it was never sent here.
    pub const IMPORTED: i64 = 1 << 9;
    /// Where it was sent, as a number above these bits: 0 by REST, else a platform's place in its table and 1.
    pub const PLATFORM_SHIFT: i64 = 16;
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMessage {
    pub lane: i64,
    pub seq: i64,
    pub time: i64,
    pub random: i64,
    pub flags: i64,
    pub priority: i64,
    pub crc: i64,
    pub sender: String,
    /// Of the sender.
    pub tiny: i64,
    pub client_time: i64,
    pub client_seq: i64,
    pub version: i64,
    /// JSON literals as they were at sending; empty when there were none.
    pub nick: String,
    pub face: String,
    pub card: String,
    pub cloud: String,
    pub body: String,
    pub mentions: String,
    pub targets: String,
    /// Of a recalled message: `RevokerInfo`, a JSON object.
    pub revoker: String,
}

impl GroupMessage {
    pub fn has(&self, flag: i64) -> bool {
        self.flags & flag != 0
    }
}

fn message(mut row: Row) -> Result<GroupMessage, StoreError> {
    Ok(GroupMessage {
        lane: row.int(0)?,
        seq: row.int(1)?,
        time: row.int(2)?,
        random: row.int(3)?,
        flags: row.int(4)?,
        priority: row.int(5)?,
        crc: row.int(6)?,
        sender: row.take_text(7)?,
        tiny: row.int(8)?,
        client_time: row.int(9)?,
        client_seq: row.int(10)?,
        version: row.int(11)?,
        nick: row.take_text(12)?,
        face: row.take_text(13)?,
        card: row.take_text(14)?,
        cloud: row.take_text(15)?,
        body: row.take_text(16)?,
        mentions: row.take_text(17)?,
        targets: row.take_text(18)?,
        revoker: row.take_text(19)?,
    })
}

/// The newest number of a lane; 0 when nothing was said yet.
pub fn newest_seq(tx: &mut dyn Tx, lane: i64) -> Result<i64, StoreError> {
    let row = tx.row("select coalesce(max(seq), 0) from group_messages where lane = $1", params![lane])?;
    row.ok_or(StoreError::Shape("max gave no row"))?.int(0)
}

/// Flags of what is no conversation's last message.
pub const UNLISTED: i64 = flag::NO_LAST | flag::DELETED | flag::TARGETED;

/// Appends with the next number of the lane, which is returned. All writes of a lane come under one key.
pub fn append(tx: &mut dyn Tx, it: &GroupMessage) -> Result<i64, StoreError> {
    let row = tx.row(
        "insert into group_messages (lane, seq, time, random, flags, priority, crc, sender, tiny, client_time,
                                     client_seq, version, nick, face, card, cloud, body, mentions, targets, revoker)
         values ($1, (select coalesce(max(seq), 0) + 1 from group_messages where lane = $1), $2, $3, $4, $5, $6, $7,
                 $8, $9, $10, 0, $11, $12, $13, $14, $15, $16, $17, '')
         returning seq",
        params![
            it.lane,
            it.time,
            it.random,
            it.flags,
            it.priority,
            it.crc,
            &*it.sender,
            it.tiny,
            it.client_time,
            it.client_seq,
            &*it.nick,
            &*it.face,
            &*it.card,
            &*it.cloud,
            &*it.body,
            &*it.mentions,
            &*it.targets
        ],
    )?;
    let seq = row.ok_or(StoreError::Shape("insert gave no row"))?.int(0)?;
    if it.has(UNLISTED) {
        tx.exec(
            "insert into group_unlisted (lane, first_seq, last_seq) values ($1, $2, $2)
             on conflict (lane) do update set
               first_seq = case when group_unlisted.last_seq = $2 - 1 then group_unlisted.first_seq else $2 end,
               last_seq = $2",
            params![it.lane, seq],
        )?;
    }
    Ok(seq)
}

pub fn get(tx: &mut dyn Tx, lane: i64, seq: i64) -> Result<Option<GroupMessage>, StoreError> {
    let row = tx.row(
        "select lane, seq, time, random, flags, priority, crc, sender, tiny, client_time, client_seq, version,
                nick, face, card, cloud, body, mentions, targets, revoker
         from group_messages where lane = $1 and seq = $2",
        params![lane, seq],
    )?;
    row.map(message).transpose()
}

/// Messages with numbers from `low` up to `high`, newest first.
pub fn range(
    tx: &mut dyn Tx,
    lane: i64,
    low: i64,
    high: i64,
    limit: i64,
) -> Result<Vec<GroupMessage>, StoreError> {
    let rows = tx.rows(
        "select lane, seq, time, random, flags, priority, crc, sender, tiny, client_time, client_seq, version,
                nick, face, card, cloud, body, mentions, targets, revoker
         from group_messages where lane = $1 and seq >= $2 and seq <= $3 order by seq desc limit $4",
        params![lane, low, high, limit],
    )?;
    rows.into_iter().map(message).collect()
}

/// The newest message after `since` (a second) and above `low` whose flags have none of `without`.
pub fn last(
    tx: &mut dyn Tx,
    lane: i64,
    low: i64,
    since: i64,
    without: i64,
) -> Result<Option<GroupMessage>, StoreError> {
    let row = tx.row(
        "select lane, seq, time, random, flags, priority, crc, sender, tiny, client_time, client_seq, version,
                nick, face, card, cloud, body, mentions, targets, revoker
         from group_messages where lane = $1 and seq > $2 and time >= $3 and (flags & $4) = 0
         order by seq desc limit 1",
        params![lane, low, since, without],
    )?;
    row.map(message).transpose()
}

/// Time of the newest stored message; 0 for none.
pub fn last_time(tx: &mut dyn Tx, lane: i64) -> Result<i64, StoreError> {
    let row =
        tx.row("select time from group_messages where lane = $1 order by seq desc limit 1", params![lane])?;
    row.map_or(Ok(0), |it| it.int(0))
}

/// Looks for a message that was sent before: same sender, random and checksum, among the numbers above `above` up to
/// `last`.
pub fn find_sent(
    tx: &mut dyn Tx,
    (lane, above, last): (i64, i64, i64),
    sender: &str,
    random: i64,
    crc: i64,
) -> Result<Option<(i64, i64)>, StoreError> {
    let row = tx.row(
        "select seq, time from group_messages
         where lane = $1 and seq > $2 and seq <= $3 and sender = $4 and random = $5 and crc = $6
         order by seq desc limit 1",
        params![lane, above, last, sender, random, crc],
    )?;
    row.map(|it| Ok((it.int(0)?, it.int(1)?))).transpose()
}

/// What tells a message from others.
pub struct Identified {
    pub seq: i64,
    pub time: i64,
    pub tiny: i64,
    pub random: i64,
    pub crc: i64,
}

/// The messages of a lane from one second on and before another, the oldest first; at most one more than `max`.
pub fn identities(
    tx: &mut dyn Tx,
    lane: i64,
    (since, before): (i64, i64),
    max: i64,
) -> Result<Vec<Identified>, StoreError> {
    let (above, last) = (last_before(tx, lane, since)?, last_before(tx, lane, before)?);
    let rows = tx.rows(
        "select seq, time, tiny, random, crc from group_messages where lane = $1 and seq > $2 and seq <= $3
         order by seq limit $4",
        params![lane, above, last, max + 1],
    )?;
    let identified = |it: &Row| {
        let (seq, time, tiny) = (it.int(0)?, it.int(1)?, it.int(2)?);
        Ok(Identified { seq, time, tiny, random: it.int(3)?, crc: it.int(4)? })
    };
    rows.iter().map(identified).collect()
}

/// The newest message with this random number at `since` or later, whoever sent it.
pub fn find_random(tx: &mut dyn Tx, lane: i64, since: i64, random: i64) -> Result<Option<i64>, StoreError> {
    let above = last_before(tx, lane, since)?;
    let row = tx.row(
        "select seq from group_messages where lane = $1 and seq > $2 and random = $3 order by seq desc limit 1",
        params![lane, above, random],
    )?;
    row.map(|it| it.int(0)).transpose()
}

/// The largest number of a message before a second, 0 for none: times do not fall within a lane. Numbers whose
/// messages are gone count as before.
pub fn last_before(tx: &mut dyn Tx, lane: i64, second: i64) -> Result<i64, StoreError> {
    let first =
        tx.row("select seq, time from group_messages where lane = $1 order by seq limit 1", params![lane])?;
    let Some(first) = first else { return Ok(0) };
    // Everything below `low` is before, everything from `high` on is not.
    let mut low = first.int(0)?;
    let mut high = if first.int(1)? < second { newest_seq(tx, lane)? + 1 } else { low };
    while low < high {
        let middle = low + (high - low) / 2;
        let sql = "select seq, time from group_messages where lane = $1 and seq >= $2 order by seq limit 1";
        match tx.row(sql, params![lane, middle])? {
            Some(it) if it.int(1)? < second => low = it.int(0)? + 1,
            _ => high = middle,
        }
    }
    Ok(low - 1)
}

/// Marks a message as recalled by `revoker`, which is JSON; `flags` come on top.
pub fn recall(tx: &mut dyn Tx, lane: i64, seq: i64, flags: i64, revoker: &str) -> Result<(), StoreError> {
    tx.exec(
        "update group_messages set flags = flags | $3, revoker = $4 where lane = $1 and seq = $2",
        params![lane, seq, flag::RECALLED | flags, revoker],
    )?;
    Ok(())
}

/// Numbers of what a user said above a number and what is still there, oldest first.
pub fn said_by(tx: &mut dyn Tx, lane: i64, sender: &str, above: i64) -> Result<Vec<i64>, StoreError> {
    if !can_be_there(sender) {
        return Ok(Vec::new());
    }
    let gone = flag::RECALLED | flag::TIP | flag::DELETED;
    let rows = tx.rows(
        "select seq from group_messages where lane = $1 and sender = $2 and seq > $3 and (flags & $4) = 0
         order by seq",
        params![lane, sender, above, gone],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

pub fn add_flags(tx: &mut dyn Tx, lane: i64, seq: i64, flags: i64) -> Result<(), StoreError> {
    tx.exec(
        "update group_messages set flags = flags | $3 where lane = $1 and seq = $2",
        params![lane, seq, flags],
    )?;
    Ok(())
}

/// Replaces the content, and counts that.
pub fn modify(tx: &mut dyn Tx, lane: i64, seq: i64, body: &str, cloud: &str) -> Result<(), StoreError> {
    tx.exec(
        "update group_messages set body = $3, cloud = $4, version = version + 1 where lane = $1 and seq = $2",
        params![lane, seq, body, cloud],
    )?;
    Ok(())
}

/// How many messages above a number count as unread for a user. Numbers up to `above` must have been read, or
/// have no message any more.
pub fn unread(tx: &mut dyn Tx, lane: i64, above: i64, user: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "select coalesce(max(seq), 0),
                (select count(*) from group_messages where lane = $1 and sender = $3 and seq > $2),
                (select count(*) from group_messages
                 where lane = $1 and seq > $2 and (flags & 85) <> 0 and sender <> $3
                   and ((flags & 81) <> 0 or (flags & 256) = 0))
         from group_messages where lane = $1",
        params![lane, above, user],
    )?;
    let row = row.ok_or(StoreError::Shape("count gave no row"))?;
    Ok((row.int(0)? - above - row.int(1)? - row.int(2)?).max(0))
}

/// Numbers above one that do not count as unread for a user, in their order.
pub fn uncounted(tx: &mut dyn Tx, lane: i64, above: i64, user: &str) -> Result<Vec<i64>, StoreError> {
    let rows = tx.rows(
        "select seq from group_messages where lane = $1 and sender = $3 and seq > $2
         union
         select seq from group_messages
         where lane = $1 and seq > $2 and (flags & 85) <> 0 and ((flags & 81) <> 0 or (flags & 256) = 0)
         order by seq",
        params![lane, above, user],
    )?;
    rows.into_iter().map(|it| it.int(0)).collect()
}

/// All that a lane holds: its messages, and what belongs to them or to who reads them.
const LANE: &[&str] = &[
    "delete from group_hidden where lane = $1",
    "delete from group_pins where lane = $1",
    "delete from group_receipts where lane = $1",
    "delete from group_audiences where lane = $1",
    "delete from group_recalls where lane = $1",
    "delete from group_mentions where lane = $1",
    "delete from group_mentions_seen where lane = $1",
    "delete from group_unlisted where lane = $1",
    "delete from message_extensions where kind = 2 and lane = $1",
    "delete from message_reactions where kind = 2 and lane = $1",
    "delete from message_additions where kind = 2 and lane = $1",
    "delete from search_texts where block in (select id from search_blocks where kind = 2 and log = $1)",
    "delete from search_blocks where kind = 2 and log = $1",
    "delete from search_logs where kind = 2 and log = $1",
    "delete from group_messages where lane = $1",
];

/// Removes a lane: that of a group or of a topic.
pub fn delete_lane(tx: &mut dyn Tx, lane: i64) -> Result<(), StoreError> {
    LANE.iter().try_for_each(|sql| tx.exec(sql, params![lane]).map(drop))
}
