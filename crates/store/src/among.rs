//! What many users are, have, or are to one of them. A statement asks for fifty at once, so that a
//! batch of a thousand costs twenty round trips and not a thousand.

use std::collections::{HashMap, HashSet};

use crate::{Row, StoreError, Tx, Value, can_be_there};

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

/// Their custom statuses; who is no account is not there.
pub fn custom_statuses(
    tx: &mut dyn Tx,
    app: u32,
    users: &[String],
) -> Result<HashMap<String, String>, StoreError> {
    let sql = among!("select user_id, custom_status from accounts where app = $1 and user_id", "");
    let rows = rows(tx, sql, app, users, &[])?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.take_text(1)?))).collect()
}

/// Their login instances that have not ended, one user's in the order of their numbers.
pub fn alive(tx: &mut dyn Tx, app: u32, users: &[String]) -> Result<Vec<Alive>, StoreError> {
    let sql = among!(
        "select user_id, inst_id, platform, detached_at from sessions
         where ended_at = 0 and app = $1 and user_id",
        " order by user_id, inst_id"
    );
    let rows = rows(tx, sql, app, users, &[])?;
    let alive = |mut it: Row| {
        Ok(Alive {
            user: it.take_text(0)?,
            inst_id: it.int(1)?,
            platform: it.int(2)?,
            detached_at: it.int(3)?,
        })
    };
    rows.into_iter().map(alive).collect()
}

/// A login instance that has not ended; see the migration.
pub struct Alive {
    pub user: String,
    pub inst_id: i64,
    pub platform: i64,
    pub detached_at: i64,
}

/// The friend lists of `owner` that they are in: friend and number of the list, one friend's in the order of
/// their making.
pub fn lists_of(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    friends: &[String],
) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = among!(
        "select friend, list from friend_list_members where app = $1 and friend",
        " and owner = $52 order by friend, list"
    );
    let rows = rows(tx, sql, app, friends, &[owner.into()])?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// What they have set in their profiles: user, tag, JSON literal.
pub fn profiles(
    tx: &mut dyn Tx,
    app: u32,
    users: &[String],
) -> Result<Vec<(String, String, String)>, StoreError> {
    let sql = among!(
        "select user_id, tag, value from profiles where app = $1 and user_id",
        " order by user_id, tag"
    );
    let rows = rows(tx, sql, app, users, &[])?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.take_text(1)?, it.take_text(2)?))).collect()
}

/// Those that had the tag when the push was made.
pub fn tagged(
    tx: &mut dyn Tx,
    app: u32,
    users: &[String],
    tag: &str,
    push: i64,
) -> Result<HashSet<String>, StoreError> {
    let sql = among!(
        "select user_id from push_tags where app = $1 and user_id",
        " and tag = $52 and since < $53 and (until = 0 or until >= $53)"
    );
    let rows = rows(tx, sql, app, users, &[tag.into(), push.into()])?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// Those whose attribute of this number had this value when the push was made.
pub fn with_attribute(
    tx: &mut dyn Tx,
    app: u32,
    users: &[String],
    (number, value): (i64, &str),
    push: i64,
) -> Result<HashSet<String>, StoreError> {
    let sql = among!(
        "select user_id from push_attributes where app = $1 and user_id",
        " and number = $52 and value = $53 and since < $54 and (until = 0 or until >= $54)"
    );
    let rows = rows(tx, sql, app, users, &[number.into(), value.into(), push.into()])?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

fn ask(
    tx: &mut dyn Tx,
    sql: &'static str,
    app: u32,
    users: &[String],
    one: Option<&str>,
) -> Result<HashSet<String>, StoreError> {
    let more: Vec<_> = one.map(Value::from).into_iter().collect();
    rows(tx, sql, app, users, &more)?.into_iter().map(|mut it| it.take_text(0)).collect()
}

fn rows(
    tx: &mut dyn Tx,
    sql: &'static str,
    app: u32,
    users: &[String],
    more: &[Value],
) -> Result<Vec<Row>, StoreError> {
    let mut found = Vec::new();
    let users: Vec<_> = users.iter().filter(|it| can_be_there(it)).collect();
    for step in users.chunks(STEP) {
        let mut params = Vec::with_capacity(1 + STEP + more.len());
        params.push(Value::from(app));
        params.extend(step.iter().map(|it| Value::from(*it)));
        params.resize(STEP + 1, Value::from(""));
        params.extend_from_slice(more);
        found.extend(tx.rows(sql, &params)?);
    }
    Ok(found)
}
