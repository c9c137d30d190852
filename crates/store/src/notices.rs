//! Numbers of the system notices of each user, and those that are kept.

use crate::{StoreError, Tx, params};

/// The next number of a user's notices; the first is 1.
pub fn next_number(tx: &mut dyn Tx, app: u32, user: &str) -> Result<i64, StoreError> {
    let row = tx.row(
        "insert into notice_numbers (app, user_id, last) values ($1, $2, 1)
         on conflict (app, user_id) do update set last = notice_numbers.last + 1 returning last",
        params![app, user],
    )?;
    row.ok_or(StoreError::Shape("a counter gave no number"))?.int(0)
}

/// A notice that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub seq: i64,
    pub random: i64,
    pub time: i64,
    /// As it is pushed.
    pub item: String,
}

/// A notice this many numbers behind the newest is not kept any longer.
const NUMBERS_KEPT: i64 = 10_000;

pub fn keep(tx: &mut dyn Tx, app: u32, user: &str, it: &Kept) -> Result<(), StoreError> {
    tx.exec(
        "insert into group_notices (app, user_id, seq, random, time, item) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        params![app, user, it.seq, it.random, it.time, &*it.item],
    )?;
    tx.exec(
        "delete from group_notices where app = $1 and user_id = $2 and seq <= $3",
        params![app, user, it.seq - NUMBERS_KEPT],
    )?;
    Ok(())
}

/// The newest notices of a user since a second, oldest first.
pub fn kept(tx: &mut dyn Tx, app: u32, user: &str, since: i64, limit: i64) -> Result<Vec<Kept>, StoreError> {
    let rows = tx.rows(
        "select seq, random, time, item from group_notices
         where app = $1 and user_id = $2 and time >= $3 order by seq desc limit $4",
        params![app, user, since, limit],
    )?;
    rows.into_iter()
        .rev()
        .map(|mut it| {
            Ok(Kept { seq: it.int(0)?, random: it.int(1)?, time: it.int(2)?, item: it.take_text(3)? })
        })
        .collect()
}

/// Removes a notice. Says whether it was there.
pub fn remove(tx: &mut dyn Tx, app: u32, user: &str, seq: i64, random: i64) -> Result<bool, StoreError> {
    let gone = tx.exec(
        "delete from group_notices where app = $1 and user_id = $2 and seq = $3 and random = $4",
        params![app, user, seq, random],
    )?;
    Ok(gone > 0)
}

/// Removes what a user is told of the request with this authentication, which is of letters that JSON does not
/// escape.
pub fn remove_about(tx: &mut dyn Tx, app: u32, user: &str, auth: &str) -> Result<(), StoreError> {
    tx.exec(
        "delete from group_notices where app = $1 and user_id = $2 and item like $3",
        params![app, user, format!("%\"Authentication\":\"{auth}\"%")],
    )?;
    Ok(())
}

/// Forgets notices from before a second, so many at once. Says how many.
pub fn prune(tx: &mut dyn Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    tx.exec(
        "delete from group_notices where (app, user_id, seq) in
           (select app, user_id, seq from group_notices where time < $1 limit $2)",
        params![before, limit],
    )
}
