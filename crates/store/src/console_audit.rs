//! The audit log of the console: rows that are only ever added.

use crate::{Row, StoreError, Tx, counters, params};

/// The counter that numbers the rows; holding it keeps other writers out until the commit.
const NUMBER: &str = "console_audit";

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    pub id: i64,
    pub at_ms: i64,
    pub operator: String,
    pub role: String,
    pub address: String,
    pub action: String,
    /// 0 for what is about no app.
    pub app: i64,
    pub target: String,
    /// JSON, or empty.
    pub detail: String,
    pub previous: Vec<u8>,
    pub hash: Vec<u8>,
}

fn entry(mut row: Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        id: row.int(0)?,
        at_ms: row.int(1)?,
        operator: row.take_text(2)?,
        role: row.take_text(3)?,
        address: row.take_text(4)?,
        action: row.take_text(5)?,
        app: row.int(6)?,
        target: row.take_text(7)?,
        detail: row.take_text(8)?,
        previous: row.take_blob(9)?,
        hash: row.take_blob(10)?,
    })
}

/// The number of the next row, which is this transaction's to write, and the hash of the row before.
pub fn next(tx: &mut dyn Tx) -> Result<(i64, Vec<u8>), StoreError> {
    let id = counters::raise(tx, NUMBER)?;
    let row = tx.row("select hash from console_audit where id = $1", params![id - 1])?;
    Ok((id, row.map_or_else(|| Ok(Vec::new()), |mut it| it.take_blob(0))?))
}

/// The number of the newest row that was written, whether it is still there or not.
pub fn newest(tx: &mut dyn Tx) -> Result<i64, StoreError> {
    counters::value(tx, NUMBER)
}

/// Adds a row, and forgets the one that is `most` rows older.
pub fn append(tx: &mut dyn Tx, it: &Entry, most: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into console_audit (id, at_ms, operator, role, address, action, app, target, detail, previous, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            it.id,
            it.at_ms,
            &it.operator,
            &it.role,
            &it.address,
            &it.action,
            it.app,
            &it.target,
            &it.detail,
            &*it.previous,
            &*it.hash
        ],
    )?;
    tx.exec("delete from console_audit where id <= $1", params![it.id - most])?;
    Ok(())
}

/// Rows after a number, oldest first.
pub fn after(tx: &mut dyn Tx, id: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
    let rows = tx.rows(
        "select id, at_ms, operator, role, address, action, app, target, detail, previous, hash
         from console_audit where id > $1 order by id limit $2",
        params![id, limit],
    )?;
    rows.into_iter().map(entry).collect()
}

/// Which rows are wanted.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Numbers below this.
    pub before: i64,
    /// Empty for all.
    pub operator: String,
    pub action: String,
    /// 0 for all.
    pub app: i64,
}

/// Rows as wanted, newest first, among the newest `looked_at`; and the number that was looked at last.
pub fn list(
    tx: &mut dyn Tx,
    it: &Wanted,
    looked_at: i64,
    limit: i64,
) -> Result<(Vec<Entry>, i64), StoreError> {
    let low = it.before.min(newest(tx)? + 1) - looked_at;
    let rows = tx.rows(
        "select id, at_ms, operator, role, address, action, app, target, detail, previous, hash
         from console_audit
         where id < $1 and id >= $2 and ($3 = '' or operator = $3) and ($4 = '' or action = $4)
           and ($5 = 0 or app = $5)
         order by id desc limit $6",
        params![it.before, low, &it.operator, &it.action, it.app, limit],
    )?;
    Ok((rows.into_iter().map(entry).collect::<Result<_, _>>()?, low))
}
