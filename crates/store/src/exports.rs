//! What the hourly files are made of, and which there are.

use crate::{
    Row, StoreError, Tx,
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
    for sql in ["delete from log_marks where at < $1", "delete from originals where time < $1"] {
        tx.exec(sql, params![before])?;
    }
    Ok(())
}

/// Forgets the exports of an app before an hour.
pub fn prune_files(tx: &mut dyn Tx, app: u32, before: i64) -> Result<(), StoreError> {
    tx.exec("delete from exports where hour < $1 and app = $2", params![before, app])?;
    Ok(())
}
