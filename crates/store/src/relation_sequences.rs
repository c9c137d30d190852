//! How often the relations of a user changed, by kind. `spec/concepts/relationships.md` 5.

use crate::{StoreError, Tx, params};

/// The sequences of a user; all 0 for somebody who never had a relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sequences {
    pub standard: i64,
    pub custom: i64,
    pub lists: i64,
    pub blocks: i64,
    pub requests: i64,
    /// Requests up to this second are read.
    pub requests_read_at: i64,
}

pub fn get(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Sequences, StoreError> {
    let row = tx.row(
        "select standard, custom, lists, blocks, requests, requests_read_at
         from relation_sequences where app = $1 and user_id = $2",
        params![app, user],
    )?;
    let Some(it) = row else { return Ok(Sequences::default()) };
    Ok(Sequences {
        standard: it.int(0)?,
        custom: it.int(1)?,
        lists: it.int(2)?,
        blocks: it.int(3)?,
        requests: it.int(4)?,
        requests_read_at: it.int(5)?,
    })
}

pub fn put(tx: &mut dyn Tx, app: u32, user: &str, it: Sequences) -> Result<(), StoreError> {
    tx.exec(
        "insert into relation_sequences
           (app, user_id, standard, custom, lists, blocks, requests, requests_read_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (app, user_id) do update
         set standard = excluded.standard, custom = excluded.custom, lists = excluded.lists,
             blocks = excluded.blocks, requests = excluded.requests,
             requests_read_at = excluded.requests_read_at",
        params![app, user, it.standard, it.custom, it.lists, it.blocks, it.requests, it.requests_read_at],
    )?;
    Ok(())
}
