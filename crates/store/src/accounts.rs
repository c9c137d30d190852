//! Accounts of an app, and the ids of deleted ones.

use crate::{
    StoreError, Tx, can_be_there,
    counters::{self, Numbered},
    params,
};

/// What is read of an account before anything is done for it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Position of the account in the order of creation; the wire's TinyId is made of it.
    pub tiny: i64,
    pub created_at: i64,
    /// UserSigs made before this second cannot log in.
    pub valid_from: i64,
    /// The last moment with a connection, as far as it is over; 0 before the first.
    pub seen_at: i64,
    /// Until which second the user may not send: one-to-one messages, group messages.
    pub c2c_muted_until: i64,
    pub group_muted_until: i64,
}

pub fn get(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<Account>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row = tx.row(
        "select tiny, created_at, valid_from, seen_at, c2c_muted_until, group_muted_until
         from accounts where app = $1 and user_id = $2",
        params![app, user],
    )?;
    row.map(|it| {
        Ok(Account {
            tiny: it.int(0)?,
            created_at: it.int(1)?,
            valid_from: it.int(2)?,
            seen_at: it.int(3)?,
            c2c_muted_until: it.int(4)?,
            group_muted_until: it.int(5)?,
        })
    })
    .transpose()
}

/// Returns false when the account was there already. `valid_from` is that of a deleted predecessor.
pub fn insert(tx: &mut dyn Tx, app: u32, user: &str, now: i64, valid_from: i64) -> Result<bool, StoreError> {
    if get(tx, app, user)?.is_some() {
        return Ok(false);
    }
    let tiny = counters::next(tx, Numbered::Tiny)?;
    let added = tx.exec(
        "insert into accounts (app, user_id, tiny, created_at, valid_from, seen_at)
         values ($1, $2, $3, $4, $5, 0) on conflict do nothing",
        params![app, user, tiny, now, valid_from],
    )?;
    Ok(added == 1)
}

/// Accounts that count against a quota: all but robots.
pub fn count(tx: &mut dyn Tx, app: u32) -> Result<i64, StoreError> {
    let row =
        tx.row("select count(*) from accounts where app = $1 and user_id not like '@RBT#%'", params![app])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// All accounts, robots too.
pub fn count_all(tx: &mut dyn Tx, app: u32) -> Result<i64, StoreError> {
    let row = tx.row("select count(*) from accounts where app = $1", params![app])?;
    row.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

pub fn set_valid_from(tx: &mut dyn Tx, app: u32, user: &str, second: i64) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let changed = tx.exec(
        "update accounts set valid_from = $3 where app = $1 and user_id = $2",
        params![app, user, second],
    )?;
    Ok(changed == 1)
}

/// Sets the global mutes that are given. Returns false when there is no such account.
pub fn set_muted_until(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    c2c: Option<i64>,
    group: Option<i64>,
) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let changed = tx.exec(
        "update accounts set c2c_muted_until = coalesce($3, c2c_muted_until),
                group_muted_until = coalesce($4, group_muted_until)
         where app = $1 and user_id = $2",
        params![app, user, c2c, group],
    )?;
    Ok(changed == 1)
}

/// Makes sure that the account is there and stays until this transaction ends.
pub fn hold(tx: &mut dyn Tx, app: u32, user: &str) -> Result<bool, StoreError> {
    let held = "update accounts set seen_at = seen_at where app = $1 and user_id = $2";
    Ok(tx.exec(held, params![app, user])? == 1)
}

/// The user's custom status, empty when there is none; `None` when there is no such account.
pub fn custom_status(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<String>, StoreError> {
    if !can_be_there(user) {
        return Ok(None);
    }
    let row =
        tx.row("select custom_status from accounts where app = $1 and user_id = $2", params![app, user])?;
    row.map(|mut it| it.take_text(0)).transpose()
}

/// Sets the custom status, or clears it with an empty text. Says whether that changed it.
pub fn set_custom_status(tx: &mut dyn Tx, app: u32, user: &str, text: &str) -> Result<bool, StoreError> {
    let changed = tx.exec(
        "update accounts set custom_status = $3 where app = $1 and user_id = $2 and custom_status <> $3",
        params![app, user, text],
    )?;
    Ok(changed == 1)
}

/// Ids after `after` that have a custom status, in byte order.
pub fn with_custom_status(
    tx: &mut dyn Tx,
    app: u32,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from accounts where app = $1 and user_id > $2 and custom_status <> ''
         order by user_id limit $3",
        params![app, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

pub fn set_seen_at(tx: &mut dyn Tx, app: u32, user: &str, second: i64) -> Result<(), StoreError> {
    tx.exec("update accounts set seen_at = $3 where app = $1 and user_id = $2", params![app, user, second])?;
    Ok(())
}

/// What goes with an account: its own, and its places in what is others'. Others' sequences grow before, so that
/// their clients read again.
const GOES_TOO: &[&str] = &[
    "delete from profiles where app = $1 and user_id = $2",
    "delete from search_names where kind = 1 and app = $1 and id = $2",
    "delete from contacts where app = $1 and owner = $2 and kind <> 1",
    "update relation_sequences set standard = standard + 1, custom = custom + 1, lists = lists + 1
     where app = $1 and user_id in (select owner from friends where app = $1 and friend = $2)",
    "delete from friend_list_members where app = $1 and friend = $2
     and owner in (select owner from friends where app = $1 and friend = $2)",
    "delete from friend_list_members where app = $1 and owner = $2",
    "delete from friend_lists where app = $1 and owner = $2",
    "delete from friends where app = $1 and friend = $2",
    "delete from friends where app = $1 and owner = $2",
    "update relation_sequences set requests = requests + 1 where app = $1 and user_id in
       (select sender from friend_requests where app = $1 and receiver = $2
        union select receiver from friend_requests where app = $1 and sender = $2)",
    "delete from friend_requests where app = $1 and receiver = $2",
    "delete from friend_requests where app = $1 and sender = $2",
    "update relation_sequences set blocks = blocks + 1
     where app = $1 and user_id in (select owner from blocks where app = $1 and blocked = $2)",
    "delete from blocks where app = $1 and blocked = $2",
    "delete from blocks where app = $1 and owner = $2",
    // The user's own sequences stay and grow: they never go back, for a later account of this id neither.
    "update relation_sequences set standard = standard + 1, custom = custom + 1, lists = lists + 1,
       blocks = blocks + 1, requests = requests + 1, requests_read_at = 0
     where app = $1 and user_id = $2",
    "delete from follows where app = $1 and follower = $2",
    "delete from follows where app = $1 and followed = $2",
    "delete from contact_marks where app = $1 and owner = $2",
    "delete from contact_marks where app = $1 and kind = 1 and peer = $2",
    "delete from contact_groups where app = $1 and owner = $2",
    "delete from contact_group_members where app = $1 and owner = $2",
    "delete from contact_group_members where app = $1 and kind = 1 and peer = $2",
    "delete from subscriptions where app = $1 and subscriber = $2",
    "delete from subscriptions where app = $1 and target = $2",
    "delete from do_not_disturb where app = $1 and user_id = $2",
    "delete from push_attributes where app = $1 and user_id = $2",
    "delete from push_tags where app = $1 and user_id = $2",
    "delete from offline_pushes where app = $1 and user_id = $2",
    "delete from group_notices where app = $1 and user_id = $2",
    "delete from group_requests where app = $1 and (asker = $2 or joiner = $2)",
    "delete from group_hidden where user_id = $2 and lane in
       (select group_nr from group_members where app = $1 and user_id = $2)",
    "delete from topic_members where user_id = $2 and topic_nr in
       (select id from topics where group_nr in
          (select group_nr from group_members where app = $1 and user_id = $2))",
    "delete from live_marks where user_id = $2 and group_nr in
       (select group_nr from group_members where app = $1 and user_id = $2)",
    "update groups set members = members - 1
     where id in (select group_nr from group_members where app = $1 and user_id = $2)",
    "delete from group_members where app = $1 and user_id = $2",
];

/// Removes the account with all that belongs to it alone; messages stay with the peers.
/// Returns false when there was none.
pub fn delete(tx: &mut dyn Tx, app: u32, user: &str, now: i64) -> Result<bool, StoreError> {
    if !can_be_there(user) {
        return Ok(false);
    }
    let gone = tx.exec("delete from accounts where app = $1 and user_id = $2", params![app, user])?;
    if gone == 0 {
        return Ok(false);
    }
    for sql in GOES_TOO {
        tx.exec(sql, params![app, user])?;
    }
    // The groups stay, without an owner.
    tx.exec(
        "update groups set owner = '', info_seq = info_seq + 1, info_at = $3
         where app = $1 and owner = $2 and dismissed_at = 0",
        params![app, user, now],
    )?;
    // The messages stay with the peers, so a later account of this id must find its side of them cleared.
    tx.exec(
        "update contacts set active_at = 0, read_at = 0, clear_time = $3, clear_seq = $4, clear_random = $4,
                unlisted_id = 0, emptied_at = 0, pinned = 0, mute = 0
         where app = $1 and owner = $2 and kind = 1",
        params![app, user, now, i64::MAX],
    )?;
    tx.exec(
        "insert into deleted_accounts (app, user_id, deleted_at) values ($1, $2, $3)
         on conflict (app, user_id) do update set deleted_at = excluded.deleted_at",
        params![app, user, now],
    )?;
    Ok(true)
}

/// When an account of this id was last deleted.
pub fn deleted_at(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<i64>, StoreError> {
    let row = tx
        .row("select deleted_at from deleted_accounts where app = $1 and user_id = $2", params![app, user])?;
    row.map(|it| it.int(0)).transpose()
}

/// Ids after `after`, in byte order: the page of a listing.
pub fn list(tx: &mut dyn Tx, app: u32, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select user_id from accounts where app = $1 and user_id > $2 order by user_id limit $3",
        params![app, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}
