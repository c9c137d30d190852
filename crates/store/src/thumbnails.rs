//! Smaller pictures that were made of uploaded ones. Their bytes are no business of the store.

use crate::{StoreError, Tx, params};

/// What is known of a picture in one of its smaller sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The id of the file it was made of.
    pub file: String,
    /// Pixels of the shorter side.
    pub side: i64,
    /// 0: there is none, the original stands for it.
    pub size: i64,
    pub media_type: String,
}

pub fn find(tx: &mut dyn Tx, file: &str, side: i64) -> Result<Option<Thumbnail>, StoreError> {
    let sql = "select size, media_type from thumbnails where file = $1 and side = $2";
    let Some(mut row) = tx.row(sql, params![file, side])? else { return Ok(None) };
    Ok(Some(Thumbnail { file: file.to_owned(), side, size: row.int(0)?, media_type: row.take_text(1)? }))
}

/// Notes what was made, instead of what was known before.
pub fn note(tx: &mut dyn Tx, it: &Thumbnail) -> Result<(), StoreError> {
    tx.exec(
        "insert into thumbnails (file, side, size, media_type) values ($1, $2, $3, $4)
         on conflict (file, side) do update set size = excluded.size, media_type = excluded.media_type",
        params![&*it.file, it.side, it.size, &*it.media_type],
    )?;
    Ok(())
}

/// Forgets everything that was made of a file.
pub fn forget(tx: &mut dyn Tx, file: &str) -> Result<(), StoreError> {
    tx.exec("delete from thumbnails where file = $1", params![file])?;
    Ok(())
}
