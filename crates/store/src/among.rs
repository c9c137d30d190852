//! Which of many users stand in some relation to one of them. A statement asks for fifty at once, so that a
//! batch of a thousand costs twenty round trips and not a thousand.

use std::collections::HashSet;

use crate::{StoreError, Tx, Value, can_be_there};

/// Users that one statement asks for; fewer are filled up with ids that nobody has.
const STEP: usize = 50;

/// A statement with the users as `$2` to `$51` and whatever follows from `$52` on.
macro_rules! among {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            " in (\
             $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, \
             $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, \
             $42, $43, $44, $45, $46, $47, $48, $49, $50, $51 \
             )",
            $after
        )
    };
}

/// Those that are accounts.
pub fn accounts(tx: &mut dyn Tx, app: u32, users: &[String]) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select user_id from accounts where app = $1 and user_id", "");
    ask(tx, sql, app, users, None)
}

/// Those that are in the friend list of `owner`.
pub fn friends_of(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select friend from friends where app = $1 and friend", " and owner = $52");
    ask(tx, sql, app, users, Some(owner))
}

/// Those that have `user` in their friend list.
pub fn owners_of(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select owner from friends where app = $1 and owner", " and friend = $52");
    ask(tx, sql, app, users, Some(user))
}

/// Those that `owner` blocked.
pub fn blocked_by(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select blocked from blocks where app = $1 and blocked", " and owner = $52");
    ask(tx, sql, app, users, Some(owner))
}

/// Those that blocked `user`.
pub fn blockers_of(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select owner from blocks where app = $1 and owner", " and blocked = $52");
    ask(tx, sql, app, users, Some(user))
}

/// Those that `user` follows.
pub fn followed_by(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select followed from follows where app = $1 and followed", " and follower = $52");
    ask(tx, sql, app, users, Some(user))
}

/// Those that follow `user`.
pub fn followers_of(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    users: &[String],
) -> Result<HashSet<String>, StoreError> {
    let sql = among!("select follower from follows where app = $1 and follower", " and followed = $52");
    ask(tx, sql, app, users, Some(user))
}

fn ask(
    tx: &mut dyn Tx,
    sql: &'static str,
    app: u32,
    users: &[String],
    one: Option<&str>,
) -> Result<HashSet<String>, StoreError> {
    let mut found = HashSet::new();
    let users: Vec<_> = users.iter().filter(|it| can_be_there(it)).collect();
    for step in users.chunks(STEP) {
        let mut params = Vec::with_capacity(STEP + 2);
        params.push(Value::from(app));
        params.extend(step.iter().map(|it| Value::from(*it)));
        params.resize(STEP + 1, Value::from(""));
        params.extend(one.map(Value::from));
        for mut row in tx.rows(sql, &params)? {
            found.insert(row.take_text(0)?);
        }
    }
    Ok(found)
}
