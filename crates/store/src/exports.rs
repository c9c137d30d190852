//! What the hourly files are made of, and which there are.

use crate::{
    Row, StoreError, Tx,
    group_messages::flag as group_flag,
    messages::{Message, flag},
    params,
};

/// Notes the newest message id at this second.
pub fn mark(tx: &mut dyn Tx, at: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into log_marks (at, message_id) select $1, coalesce(max(id), 0) from messages
         where true on conflict do nothing",
        params![at],
    )?;
    Ok(())
}

/// The newest mark that is not later: (second, message id).
pub fn mark_before(tx: &mut dyn Tx, at: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "select at, message_id from log_marks where at <= $1 order by at desc limit 1";
    tx.row(sql, params![at])?.map(|it| Ok((it.int(0)?, it.int(1)?))).transpose()
}

/// The oldest mark that is not earlier: (second, message id).
pub fn mark_after(tx: &mut dyn Tx, at: i64) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = "select at, message_id from log_marks where at >= $1 order by at limit 1";
    tx.row(sql, params![at])?.map(|it| Ok((it.int(0)?, it.int(1)?))).transpose()
}

/// Keeps what a message said before it was changed for the first time.
pub fn keep_original(tx: &mut dyn Tx, it: &Message) -> Result<(), StoreError> {
    tx.exec(
        "insert into originals (message_id, time, cloud, body) values ($1, $2, $3, $4) on conflict do nothing",
        params![it.id, it.time, &*it.cloud, &*it.body],
    )?;
    Ok(())
}

/// A message as it was sent, and between whom.
pub struct Sent {
    pub id: i64,
    pub app: i64,
    pub from: String,
    pub to: String,
    pub time: i64,
    pub seq: i64,
    pub random: i64,
    pub flags: i64,
    /// JSON literals.
    pub cloud: String,
    pub body: String,
}

fn sent(mut row: Row) -> Result<Sent, StoreError> {
    let (low, high) = (row.take_text(8)?, row.take_text(9)?);
    let (from, to) = if row.int(2)? % 2 == 0 { (low, high) } else { (high, low) };
    Ok(Sent {
        id: row.int(0)?,
        app: row.int(1)?,
        from,
        to,
        time: row.int(3)?,
        seq: row.int(4)?,
        random: row.int(5)?,
        flags: row.int(6)?,
        cloud: row.take_text(7)?,
        body: row.take_text(10)?,
    })
}

/// One-to-one messages with ids in `ids` (the first exclusive) that were sent here at `times`, by id.
pub fn sent_between(
    tx: &mut dyn Tx,
    ids: (i64, i64),
    times: (i64, i64),
    limit: i64,
) -> Result<Vec<Sent>, StoreError> {
    let rows = tx.rows(
        "select m.id, p.app, m.lane, m.time, m.seq, m.random, m.flags, coalesce(o.cloud, m.cloud),
                p.user_low, p.user_high, coalesce(o.body, m.body)
         from messages m join pairs p on p.id = m.lane / 2 left join originals o on o.message_id = m.id
         where m.id > $1 and m.id <= $2 and m.time >= $3 and m.time < $4 and (m.flags & $5) = 0
         order by m.id limit $6",
        params![ids.0, ids.1, times.0, times.1, flag::IMPORTED, limit],
    )?;
    rows.into_iter().map(sent).collect()
}

/// Of messages whose group or topic goes, those of so many seconds are kept for files that are not written yet.
const KEPT_SECONDS: i64 = 7200;

/// Keeps what was sent in a group that goes.
pub fn keep_group(tx: &mut dyn Tx, lane: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_originals (lane, seq, app, group_id, topic_id, time, random, flags, sender, cloud, body)
         select m.lane, m.seq, g.app, g.group_id, '', m.time, m.random, m.flags, m.sender, m.cloud, m.body
         from group_messages m join groups g on g.id = m.lane
         where m.lane = $1 and m.time >= $2 and (m.flags & $3) = 0 on conflict do nothing",
        params![lane, now - KEPT_SECONDS, NOT_SENT],
    )?;
    Ok(())
}

/// The same of a topic.
pub fn keep_topic(tx: &mut dyn Tx, lane: i64, now: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_originals (lane, seq, app, group_id, topic_id, time, random, flags, sender, cloud, body)
         select m.lane, m.seq, g.app, g.group_id, t.topic_id, m.time, m.random, m.flags, m.sender, m.cloud, m.body
         from group_messages m join topics t on t.id = m.lane join groups g on g.id = t.group_nr
         where m.lane = $1 and m.time >= $2 and (m.flags & $3) = 0 on conflict do nothing",
        params![lane, now - KEPT_SECONDS, NOT_SENT],
    )?;
    Ok(())
}

/// Flags of group messages that nobody sent here.
const NOT_SENT: i64 = group_flag::TIP | group_flag::IMPORTED;

/// A group message as it was sent, and where.
pub struct GroupSent {
    pub lane: i64,
    pub app: i64,
    pub group_id: String,
    /// Empty for none.
    pub topic_id: String,
    pub from: String,
    pub time: i64,
    pub seq: i64,
    pub random: i64,
    pub flags: i64,
    /// JSON literals.
    pub cloud: String,
    pub body: String,
}

/// Keeps a group message as it is now, if none is kept of it.
pub fn keep_group_original(tx: &mut dyn Tx, it: &GroupSent) -> Result<(), StoreError> {
    if it.flags & NOT_SENT != 0 {
        return Ok(());
    }
    tx.exec(
        "insert into group_originals (lane, seq, app, group_id, topic_id, time, random, flags, sender, cloud, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        params![
            it.lane,
            it.seq,
            it.app,
            &*it.group_id,
            &*it.topic_id,
            it.time,
            it.random,
            it.flags,
            &*it.from,
            &*it.cloud,
            &*it.body
        ],
    )?;
    Ok(())
}

/// The first second from `since` on, before `until`, in which something was said in a group.
pub fn next_group_second(tx: &mut dyn Tx, since: i64, until: i64) -> Result<Option<i64>, StoreError> {
    let mut first: Option<i64> = None;
    for sql in [
        "select time from group_messages where time >= $1 and time < $2 order by time limit 1",
        "select time from group_originals where time >= $1 and time < $2 order by time limit 1",
    ] {
        if let Some(it) = tx.row(sql, params![since, until])? {
            let time = it.int(0)?;
            first = Some(first.map_or(time, |known| known.min(time)));
        }
    }
    Ok(first)
}

/// What was said in groups and topics of all apps in a second.
pub fn group_sent_in(tx: &mut dyn Tx, second: i64) -> Result<Vec<GroupSent>, StoreError> {
    let mut rows = tx.rows(
        "select m.lane, g.app, g.group_id, coalesce(t.topic_id, ''), m.sender, m.time, m.seq, m.random, m.flags,
                m.cloud, m.body
         from group_messages m left join topics t on t.id = m.lane
              join groups g on g.id = coalesce(t.group_nr, m.lane)
         where m.time = $1 and (m.flags & $2) = 0
           and not exists (select 1 from group_originals o where o.lane = m.lane and o.seq = m.seq)",
        params![second, NOT_SENT],
    )?;
    rows.extend(tx.rows(
        "select lane, app, group_id, topic_id, sender, time, seq, random, flags, cloud, body
         from group_originals where time = $1",
        params![second],
    )?);
    rows.into_iter().map(group_sent).collect()
}

fn group_sent(mut row: Row) -> Result<GroupSent, StoreError> {
    Ok(GroupSent {
        lane: row.int(0)?,
        app: row.int(1)?,
        group_id: row.take_text(2)?,
        topic_id: row.take_text(3)?,
        from: row.take_text(4)?,
        time: row.int(5)?,
        seq: row.int(6)?,
        random: row.int(7)?,
        flags: row.int(8)?,
        cloud: row.take_text(9)?,
        body: row.take_text(10)?,
    })
}

/// A file of an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From 1.
    pub part: i64,
    /// Bytes and MD5 in hexadecimal, before and after compression.
    pub size: i64,
    pub md5: String,
    pub gzip_size: i64,
    pub gzip_md5: String,
}

/// The hours since one that were exported.
pub fn exported_since(tx: &mut dyn Tx, app: u32, kind: i64, hour: i64) -> Result<Vec<i64>, StoreError> {
    let sql =
        "select hour from exports where app = $1 and kind = $2 and hour >= $3 and part = 0 order by hour";
    tx.rows(sql, params![app, kind, hour])?.into_iter().map(|it| it.int(0)).collect()
}

/// The files of an hour, in their order.
pub fn files(tx: &mut dyn Tx, app: u32, kind: i64, hour: i64) -> Result<Vec<File>, StoreError> {
    let rows = tx.rows(
        "select part, size, md5, gzip_size, gzip_md5 from exports
         where app = $1 and kind = $2 and hour = $3 and part > 0 order by part",
        params![app, kind, hour],
    )?;
    rows.into_iter()
        .map(|mut it| {
            Ok(File {
                part: it.int(0)?,
                size: it.int(1)?,
                md5: it.take_text(2)?,
                gzip_size: it.int(3)?,
                gzip_md5: it.take_text(4)?,
            })
        })
        .collect()
}

/// Notes that an hour is exported, in these files.
pub fn put(tx: &mut dyn Tx, app: u32, kind: i64, hour: i64, files: &[File]) -> Result<(), StoreError> {
    let done = File { part: 0, size: 0, md5: String::new(), gzip_size: 0, gzip_md5: String::new() };
    for it in files.iter().chain([&done]) {
        tx.exec(
            "insert into exports (app, kind, hour, part, size, md5, gzip_size, gzip_md5)
             values ($1, $2, $3, $4, $5, $6, $7, $8)
             on conflict (app, kind, hour, part) do update
             set size = excluded.size, md5 = excluded.md5, gzip_size = excluded.gzip_size,
                 gzip_md5 = excluded.gzip_md5",
            params![app, kind, hour, it.part, it.size, &*it.md5, it.gzip_size, &*it.gzip_md5],
        )?;
    }
    Ok(())
}

/// Forgets what only older hours need: marks and originals before `before`, and the exports of an app.
pub fn prune(tx: &mut dyn Tx, before: i64) -> Result<(), StoreError> {
    for sql in [
        "delete from log_marks where at < $1",
        "delete from originals where time < $1",
        "delete from group_originals where time < $1",
    ] {
        tx.exec(sql, params![before])?;
    }
    Ok(())
}

/// Forgets the exports of an app before an hour.
pub fn prune_files(tx: &mut dyn Tx, app: u32, before: i64) -> Result<(), StoreError> {
    tx.exec("delete from exports where hour < $1 and app = $2", params![before, app])?;
    Ok(())
}
