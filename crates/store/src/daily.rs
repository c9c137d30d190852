//! Counters of a calendar day, and who did what on it.

use crate::{StoreError, Tx, params};

/// Adds to a counter of a day.
pub fn add(tx: &mut dyn Tx, app: u32, day: i64, what: &str, value: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into daily_counts (app, day, what, value) values ($1, $2, $3, $4)
         on conflict (app, day, what) do update set value = daily_counts.value + excluded.value",
        params![app, day, what, value],
    )?;
    Ok(())
}

/// Raises a counter of a day to at least this.
pub fn raise(tx: &mut dyn Tx, app: u32, day: i64, what: &str, value: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into daily_counts (app, day, what, value) values ($1, $2, $3, $4)
         on conflict (app, day, what) do update set value = excluded.value
         where daily_counts.value < excluded.value",
        params![app, day, what, value],
    )?;
    Ok(())
}

/// Sets a counter of a day.
pub fn set(tx: &mut dyn Tx, app: u32, day: i64, what: &str, value: i64) -> Result<(), StoreError> {
    tx.exec(
        "insert into daily_counts (app, day, what, value) values ($1, $2, $3, $4)
         on conflict (app, day, what) do update set value = excluded.value",
        params![app, day, what, value],
    )?;
    Ok(())
}

/// All counters since a day: (day, what, value), in the order of the days.
pub fn since(tx: &mut dyn Tx, app: u32, day: i64) -> Result<Vec<(i64, String, i64)>, StoreError> {
    let rows = tx.rows(
        "select day, what, value from daily_counts where app = $1 and day >= $2 order by day, what",
        params![app, day],
    )?;
    rows.into_iter().map(|mut it| Ok((it.int(0)?, it.take_text(1)?, it.int(2)?))).collect()
}

/// The first day that has a counter.
pub fn first_day(tx: &mut dyn Tx, app: u32) -> Result<Option<i64>, StoreError> {
    let sql = "select day from daily_counts where app = $1 order by day limit 1";
    tx.row(sql, params![app])?.map(|it| it.int(0)).transpose()
}

/// The value of a counter on the last day before this one that has it.
pub fn value_before(tx: &mut dyn Tx, app: u32, day: i64, what: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "select value from daily_counts where app = $1 and day < $2 and what = $3 order by day desc limit 1",
        params![app, day, what],
    )?;
    row.map_or(Ok(0), |it| it.int(0))
}

/// Notes what a user did on a day, as bits. Returns the bits that were known before.
pub fn note(tx: &mut dyn Tx, app: u32, day: i64, user: &str, did: i64) -> Result<i64, StoreError> {
    let known = tx.row(
        "select did from daily_users where app = $1 and day = $2 and user_id = $3",
        params![app, day, user],
    )?;
    let known = known.map_or(Ok(0), |it| it.int(0))?;
    if known | did != known {
        tx.exec(
            "insert into daily_users (app, day, user_id, did) values ($1, $2, $3, $4)
             on conflict (app, day, user_id) do update set did = excluded.did",
            params![app, day, user, known | did],
        )?;
    }
    Ok(known)
}

/// Forgets who did what before a day, so many rows at most. Returns how many went.
pub fn prune_users(tx: &mut dyn Tx, app: u32, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from daily_users where app = $1 and day < $2 and (day, user_id) in
           (select day, user_id from daily_users where app = $1 and day < $2 limit $3)",
        params![app, before, limit],
    )
}
