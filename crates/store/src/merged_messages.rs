//! Lists of merged messages that are too long to travel inside a message.

use crate::{StoreError, Tx, params};

/// Keeps a list, compressed by its owner's caller.
pub fn put(
    tx: &mut dyn Tx,
    (app, key): (u32, &str),
    owner: &str,
    now: i64,
    list: Vec<u8>,
) -> Result<(), StoreError> {
    tx.exec(
        "insert into merged_messages (app, list_key, owner, created_at, list) values ($1, $2, $3, $4, $5)",
        params![app, key, owner, now, list],
    )?;
    Ok(())
}

/// A list that was kept since a second.
pub fn get(tx: &mut dyn Tx, app: u32, key: &str, since: i64) -> Result<Option<Vec<u8>>, StoreError> {
    let sql = "select list from merged_messages where app = $1 and list_key = $2 and created_at >= $3";
    tx.row(sql, params![app, key, since])?.map(|mut it| it.take_blob(0)).transpose()
}

/// Forgets lists of an app from before a second, at most so many.
pub fn prune(tx: &mut dyn Tx, app: u32, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from merged_messages where app = $1 and list_key in
           (select list_key from merged_messages where app = $1 and created_at < $2 order by created_at limit $3)",
        params![app, before, limit],
    )
}
