//! Uploaded files: what is known of them. Their bytes are no business of the store.

use crate::{Row, StoreError, Tx, params};

/// A file, or the promise of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub id: String,
    pub app: u32,
    pub owner: String,
    pub kind: i64,
    pub name: String,
    pub created_at: i64,
    /// The upload must begin before this second.
    pub upload_until: i64,
    /// Where its bytes are or were to come; empty before the first attempt.
    pub blob: String,
    pub size: i64,
    pub media_type: String,
    /// Of a picture that could be read; else 0, 0 and empty.
    pub width: i64,
    pub height: i64,
    pub format: String,
}

fn file(mut row: Row) -> Result<File, StoreError> {
    Ok(File {
        id: row.take_text(0)?,
        app: u32::try_from(row.int(1)?).map_err(|_| StoreError::Shape("an app's id has 32 bits"))?,
        owner: row.take_text(2)?,
        kind: row.int(3)?,
        name: row.take_text(4)?,
        created_at: row.int(5)?,
        upload_until: row.int(6)?,
        blob: row.take_text(7)?,
        size: row.int(8)?,
        media_type: row.take_text(9)?,
        width: row.int(10)?,
        height: row.int(11)?,
        format: row.take_text(12)?,
    })
}

/// Notes that an upload was promised.
pub fn promise(tx: &mut dyn Tx, it: &File) -> Result<(), StoreError> {
    tx.exec(
        "insert into files (id, app, owner, kind, name, state, created_at, upload_until, blob, size, media_type,
                            width, height, format)
         values ($1, $2, $3, $4, $5, 0, $6, $7, '', 0, '', 0, 0, '')",
        params![&*it.id, it.app, &*it.owner, it.kind, &*it.name, it.created_at, it.upload_until],
    )?;
    Ok(())
}

/// Promised uploads of a user that have not come.
pub fn promised(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<i64, StoreError> {
    let sql = "select count(*) from files where app = $1 and owner = $2 and state = 0";
    tx.row(sql, params![app, owner])?.map_or(Ok(0), |it| it.int(0))
}

/// A promised file whose upload has not come.
pub fn find_promised(tx: &mut dyn Tx, app: u32, id: &str) -> Result<Option<File>, StoreError> {
    let row = tx.row(
        "select id, app, owner, kind, name, created_at, upload_until, blob, size, media_type, width, height, format
         from files where id = $1 and app = $2 and state = 0",
        params![id, app],
    )?;
    row.map(file).transpose()
}

pub fn find_stored(tx: &mut dyn Tx, app: u32, id: &str) -> Result<Option<File>, StoreError> {
    let row = tx.row(
        "select id, app, owner, kind, name, created_at, upload_until, blob, size, media_type, width, height, format
         from files where id = $1 and app = $2 and state = 1",
        params![id, app],
    )?;
    row.map(file).transpose()
}

/// Notes where the bytes of a promised file are about to come.
pub fn attempt(tx: &mut dyn Tx, id: &str, blob: &str) -> Result<bool, StoreError> {
    let sql = "update files set blob = $2 where id = $1 and state = 0";
    Ok(tx.exec(sql, params![id, blob])? > 0)
}

/// Notes that a promised file has come, by this attempt. False when it was not the latest, or the file is there.
pub fn store(tx: &mut dyn Tx, it: &File) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update files set state = 1, created_at = $3, size = $4, media_type = $5, width = $6, height = $7, format = $8
         where id = $1 and blob = $2 and state = 0",
        params![
            &*it.id,
            &*it.blob,
            it.created_at,
            it.size,
            &*it.media_type,
            it.width,
            it.height,
            &*it.format
        ],
    )?;
    Ok(changed > 0)
}

/// Promises whose upload had to begin before a second and did not end.
pub fn unfinished(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<Vec<File>, StoreError> {
    let rows = tx.rows(
        "select id, app, owner, kind, name, created_at, upload_until, blob, size, media_type, width, height, format
         from files where upload_until < $1 and state = 0 order by upload_until limit $2",
        params![before, limit],
    )?;
    rows.into_iter().map(file).collect()
}

/// Stored files of an app from before a second, the oldest first.
pub fn stored_before(tx: &mut dyn Tx, app: u32, before: i64, limit: i64) -> Result<Vec<File>, StoreError> {
    let rows = tx.rows(
        "select id, app, owner, kind, name, created_at, upload_until, blob, size, media_type, width, height, format
         from files where app = $1 and created_at < $2 and state = 1 order by created_at limit $3",
        params![app, before, limit],
    )?;
    rows.into_iter().map(file).collect()
}

pub fn forget(tx: &mut dyn Tx, id: &str) -> Result<(), StoreError> {
    tx.exec("delete from files where id = $1", params![id])?;
    Ok(())
}
