//! Blocks: messages that follow one another in a log, ready to be searched. What is inside them is up to the caller.

use crate::{Row, StoreError, Tx, Value, params, search_logs::Place};

/// A block without its texts.
#[derive(Clone, Debug)]
pub struct Block {
    /// 0 for one that is not stored yet.
    pub id: i64,
    pub log: i64,
    /// It holds what is after this place, up to and with the last one.
    pub after: Place,
    pub last: Place,
    /// The second of its newest message.
    pub newest_at: i64,
    pub messages: i64,
    /// How often it was made anew.
    pub version: i64,
    pub grams: Vec<u8>,
}

fn block(mut row: Row) -> Result<Block, StoreError> {
    Ok(Block {
        id: row.int(0)?,
        log: row.int(1)?,
        after: (row.int(2)?, row.int(3)?, row.int(4)?),
        last: (row.int(5)?, row.int(6)?, row.int(7)?),
        newest_at: row.int(8)?,
        messages: row.int(9)?,
        version: row.int(10)?,
        grams: row.take_blob(11)?,
    })
}

/// Logs that one statement asks for; fewer are filled up with a number that no log has.
pub const LOGS_STEP: usize = 50;
const NO_LOG: i64 = -1;

/// All blocks of some logs, at most [`LOGS_STEP`], that have something of a second or later.
pub fn of_logs(tx: &mut dyn Tx, kind: i64, logs: &[i64], since: i64) -> Result<Vec<Block>, StoreError> {
    let mut parameters = vec![Value::Int(kind), Value::Int(since)];
    parameters.extend(logs.iter().take(LOGS_STEP).map(|it| Value::Int(*it)));
    parameters.resize(LOGS_STEP + 2, Value::Int(NO_LOG));
    let rows = tx.rows(
        "select id, log, after_1, after_2, after_3, last_1, last_2, last_3, newest_at, messages, version,
                grams
         from search_blocks where kind = $1 and newest_at >= $2 and log in (
             $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
             $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45,
             $46, $47, $48, $49, $50, $51, $52)",
        &parameters,
    )?;
    rows.into_iter().map(block).collect()
}

/// Blocks of a log before one that holds what is after `before`, the newest first.
pub fn of_log(
    tx: &mut dyn Tx,
    kind: i64,
    log: i64,
    before: Place,
    limit: i64,
) -> Result<Vec<Block>, StoreError> {
    let rows = tx.rows(
        "select id, log, after_1, after_2, after_3, last_1, last_2, last_3, newest_at, messages, version,
                grams
         from search_blocks where kind = $1 and log = $2 and (after_1, after_2, after_3) < ($3, $4, $5)
         order by after_1 desc, after_2 desc, after_3 desc limit $6",
        params![kind, log, before.0, before.1, before.2, limit],
    )?;
    rows.into_iter().map(block).collect()
}

/// The block that holds a place, or would hold it.
pub fn at(tx: &mut dyn Tx, kind: i64, log: i64, place: Place) -> Result<Option<Block>, StoreError> {
    let found = of_log(tx, kind, log, place, 1)?.pop();
    Ok(found.filter(|it| it.last >= place))
}

/// Blocks whose texts one statement asks for.
pub const TEXTS_STEP: usize = 32;
const NO_BLOCK: i64 = -1;

/// The texts of some blocks, at most [`TEXTS_STEP`]: (block, texts).
pub fn texts(tx: &mut dyn Tx, blocks: &[i64]) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let mut parameters: Vec<_> = blocks.iter().take(TEXTS_STEP).map(|it| Value::Int(*it)).collect();
    parameters.resize(TEXTS_STEP, Value::Int(NO_BLOCK));
    let rows = tx.rows(
        "select block, texts from search_texts where block in
           ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $29, $30, $31, $32)",
        &parameters,
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_blob(1)?))).collect()
}

/// Writes a new block.
pub fn insert(tx: &mut dyn Tx, kind: i64, it: &Block, texts: &[u8]) -> Result<(), StoreError> {
    let row = tx.row(
        "insert into search_blocks (kind, log, after_1, after_2, after_3, last_1, last_2, last_3, newest_at,
                                    messages, version, grams)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11) returning id",
        params![
            kind,
            it.log,
            it.after.0,
            it.after.1,
            it.after.2,
            it.last.0,
            it.last.1,
            it.last.2,
            it.newest_at,
            it.messages,
            &*it.grams
        ],
    )?;
    let id = row.ok_or(StoreError::Shape("a block got no number"))?.int(0)?;
    tx.exec("insert into search_texts (block, texts) values ($1, $2)", params![id, texts])?;
    Ok(())
}

/// Writes a block anew, which may reach further now. False when somebody else did so meanwhile.
pub fn replace(tx: &mut dyn Tx, it: &Block, texts: &[u8]) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update search_blocks set last_1 = $2, last_2 = $3, last_3 = $4, newest_at = $5, messages = $6,
                                  version = version + 1, grams = $7
         where id = $1 and version = $8",
        params![it.id, it.last.0, it.last.1, it.last.2, it.newest_at, it.messages, &*it.grams, it.version],
    )?;
    if changed == 1 {
        tx.exec("update search_texts set texts = $2 where block = $1", params![it.id, texts])?;
    }
    Ok(changed == 1)
}
