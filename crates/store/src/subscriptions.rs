//! Whose status a user wants to be told of, and who has to be told of a user.

use crate::{StoreError, Tx, can_be_there, params};

/// What a user subscribed to: the target and its place; a later subscription has a greater one.
pub type Subscription = (String, i64);

/// The user's subscriptions, oldest first.
pub fn of(tx: &mut dyn Tx, app: u32, subscriber: &str) -> Result<Vec<Subscription>, StoreError> {
    let rows = tx.rows(
        "select target, place from subscriptions where app = $1 and subscriber = $2 order by place",
        params![app, subscriber],
    )?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}

/// Subscribes, or moves a subscription that is there to this place.
pub fn put(tx: &mut dyn Tx, app: u32, subscriber: &str, target: &str, place: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into subscriptions (app, subscriber, target, place) values ($1, $2, $3, $4)
         on conflict (app, subscriber, target) do update set place = excluded.place",
        params![app, subscriber, target, place],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, app: u32, subscriber: &str, target: &str) -> Result<(), StoreError> {
    if can_be_there(target) {
        tx.exec(
            "delete from subscriptions where app = $1 and subscriber = $2 and target = $3",
            params![app, subscriber, target],
        )?;
    }
    Ok(())
}

/// Ends all subscriptions of a user. Says how many there were.
pub fn remove_all(tx: &mut dyn Tx, app: u32, subscriber: &str) -> Result<u64, StoreError> {
    tx.exec("delete from subscriptions where app = $1 and subscriber = $2", params![app, subscriber])
}

pub fn has_any(tx: &mut dyn Tx, app: u32, subscriber: &str) -> Result<bool, StoreError> {
    let sql = "select 1 from subscriptions where app = $1 and subscriber = $2 limit 1";
    Ok(tx.row(sql, params![app, subscriber])?.is_some())
}

/// Users after `after` with a subscription, in byte order.
pub fn subscribers(tx: &mut dyn Tx, app: u32, after: &str, limit: i64) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select distinct subscriber from subscriptions where app = $1 and subscriber > $2
         order by subscriber limit $3",
        params![app, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// Users after `after` who subscribed to `target`, in byte order.
pub fn subscribers_of(
    tx: &mut dyn Tx,
    app: u32,
    target: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select subscriber from subscriptions where app = $1 and target = $2 and subscriber > $3
         order by subscriber limit $4",
        params![app, target, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}

/// The same with those who have `target` in their friend list, each user once.
pub fn watchers_of(
    tx: &mut dyn Tx,
    app: u32,
    target: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = tx.rows(
        "select watcher from (
           select watcher from (
             select subscriber as watcher from subscriptions
             where app = $1 and target = $2 and subscriber > $3 order by subscriber limit $4) subscribed
           union
           select watcher from (
             select owner as watcher from friends
             where app = $1 and friend = $2 and owner > $3 order by owner limit $4) befriended
         ) watching order by watcher limit $4",
        params![app, target, after, limit],
    )?;
    rows.into_iter().map(|mut it| it.take_text(0)).collect()
}
