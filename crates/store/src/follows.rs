//! Who follows whom. The columns are explained in the migration.

use crate::{StoreError, Tx, can_be_there, params};

/// A list of a user, with the side of a relation that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Followers,
    Following,
    /// Those that follow back.
    Mutual,
}

/// Since when one follows the other, and whether it is so the other way round too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Follow {
    pub since: i64,
    pub is_mutual: bool,
}

pub fn get(tx: &mut dyn Tx, app: u32, follower: &str, followed: &str) -> Result<Option<Follow>, StoreError> {
    if !can_be_there(follower) || !can_be_there(followed) {
        return Ok(None);
    }
    let row = tx.row(
        "select added_at, mutual from follows where app = $1 and follower = $2 and followed = $3",
        params![app, follower, followed],
    )?;
    row.map(|it| Ok(Follow { since: it.int(0)?, is_mutual: it.int(1)? == 1 })).transpose()
}

/// Makes a relation that is not there. It is mutual when the other direction is, which is marked so too.
pub fn add(
    tx: &mut dyn Tx,
    app: u32,
    follower: &str,
    followed: &str,
    now: i64,
    is_mutual: bool,
) -> Result<(), StoreError> {
    let mutual_at = if is_mutual { now } else { 0 };
    tx.exec(
        "insert into follows (app, follower, followed, added_at, mutual, mutual_at)
         values ($1, $2, $3, $4, $5, $6)",
        params![app, follower, followed, now, is_mutual, mutual_at],
    )?;
    if is_mutual {
        set_mutual(tx, app, followed, follower, true, now)?;
    }
    Ok(())
}

/// Removes a relation that is there, and what the other direction knows of it.
pub fn remove(tx: &mut dyn Tx, app: u32, follower: &str, followed: &str) -> Result<(), StoreError> {
    tx.exec(
        "delete from follows where app = $1 and follower = $2 and followed = $3",
        params![app, follower, followed],
    )?;
    set_mutual(tx, app, followed, follower, false, 0)
}

fn set_mutual(
    tx: &mut dyn Tx,
    app: u32,
    follower: &str,
    followed: &str,
    is_mutual: bool,
    mutual_at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "update follows set mutual = $4, mutual_at = $5
         where app = $1 and follower = $2 and followed = $3 and mutual <> $4",
        params![app, follower, followed, is_mutual, mutual_at],
    )?;
    Ok(())
}

pub fn count(tx: &mut dyn Tx, app: u32, user: &str, kind: Kind) -> Result<i64, StoreError> {
    let sql = match kind {
        Kind::Followers => "select count(*) from follows where app = $1 and followed = $2",
        Kind::Following => "select count(*) from follows where app = $1 and follower = $2",
        Kind::Mutual => "select count(*) from follows where app = $1 and follower = $2 and mutual = 1",
    };
    tx.row(sql, params![app, user])?.ok_or(StoreError::Shape("count gave no row"))?.int(0)
}

/// Users of a list with their time, latest first and then by id, behind the place `after` = (time, user).
pub fn page(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    kind: Kind,
    after: (i64, &str),
    limit: i64,
) -> Result<Vec<(String, i64)>, StoreError> {
    if !can_be_there(after.1) {
        return Ok(Vec::new());
    }
    let sql = match kind {
        Kind::Followers => {
            "select follower, added_at from follows
             where app = $1 and followed = $2 and added_at <= $3 and (added_at < $3 or follower > $4)
             order by added_at desc, follower limit $5"
        }
        Kind::Following => {
            "select followed, added_at from follows
             where app = $1 and follower = $2 and added_at <= $3 and (added_at < $3 or followed > $4)
             order by added_at desc, followed limit $5"
        }
        Kind::Mutual => {
            "select followed, mutual_at from follows
             where app = $1 and follower = $2 and mutual = 1
               and mutual_at <= $3 and (mutual_at < $3 or followed > $4)
             order by mutual_at desc, followed limit $5"
        }
    };
    let rows = tx.rows(sql, params![app, user, after.0, after.1, limit])?;
    rows.into_iter().map(|mut it| Ok((it.take_text(0)?, it.int(1)?))).collect()
}
