//! Friend requests that wait for an answer.

use crate::{Row, StoreError, Tx, can_be_there, params};

/// A request with what the requester wants for the entry to come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    pub sender: String,
    pub receiver: String,
    /// Whether both are to get an entry.
    pub mutual: bool,
    pub asked_at: i64,
    pub remark: String,
    /// Name of a list of the sender, or empty.
    pub list: String,
    pub source: String,
    pub wording: String,
}

fn request(mut row: Row) -> Result<Request, StoreError> {
    Ok(Request {
        sender: row.take_text(0)?,
        receiver: row.take_text(1)?,
        mutual: row.int(2)? == 1,
        asked_at: row.int(3)?,
        remark: row.take_text(4)?,
        list: row.take_text(5)?,
        source: row.take_text(6)?,
        wording: row.take_text(7)?,
    })
}

pub fn get(tx: &mut dyn Tx, app: u32, sender: &str, receiver: &str) -> Result<Option<Request>, StoreError> {
    if !can_be_there(sender) || !can_be_there(receiver) {
        return Ok(None);
    }
    let row = tx.row(
        "select sender, receiver, mutual, asked_at, remark, list, source, wording
         from friend_requests where app = $1 and sender = $2 and receiver = $3",
        params![app, sender, receiver],
    )?;
    row.map(request).transpose()
}

/// Writes the request, new or over the old one.
pub fn put(tx: &mut dyn Tx, app: u32, it: &Request) -> Result<(), StoreError> {
    tx.exec(
        "insert into friend_requests (app, sender, receiver, mutual, asked_at, remark, list, source, wording)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (app, sender, receiver) do update
         set mutual = excluded.mutual, asked_at = excluded.asked_at, remark = excluded.remark,
             list = excluded.list, source = excluded.source, wording = excluded.wording",
        params![
            app,
            &*it.sender,
            &*it.receiver,
            it.mutual,
            it.asked_at,
            &*it.remark,
            &*it.list,
            &*it.source,
            &*it.wording
        ],
    )?;
    Ok(())
}

/// Says whether it was there.
pub fn remove(tx: &mut dyn Tx, app: u32, sender: &str, receiver: &str) -> Result<bool, StoreError> {
    if !can_be_there(sender) || !can_be_there(receiver) {
        return Ok(false);
    }
    let gone = tx.exec(
        "delete from friend_requests where app = $1 and sender = $2 and receiver = $3",
        params![app, sender, receiver],
    )?;
    Ok(gone > 0)
}

/// Open requests that the user sent, in no order. There are at most a hundred or so.
pub fn sent_by(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Request>, StoreError> {
    let rows = tx.rows(
        "select sender, receiver, mutual, asked_at, remark, list, source, wording
         from friend_requests where app = $1 and sender = $2",
        params![app, user],
    )?;
    rows.into_iter().map(request).collect()
}

/// Open requests to the user, in no order. There are at most a hundred or so.
pub fn sent_to(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Vec<Request>, StoreError> {
    let rows = tx.rows(
        "select sender, receiver, mutual, asked_at, remark, list, source, wording
         from friend_requests where app = $1 and receiver = $2",
        params![app, user],
    )?;
    rows.into_iter().map(request).collect()
}

/// How many requests the user has open, and how many others have open to the user.
pub fn count(tx: &mut dyn Tx, app: u32, user: &str) -> Result<(i64, i64), StoreError> {
    let row = tx.row(
        "select (select count(*) from friend_requests where app = $1 and sender = $2),
                (select count(*) from friend_requests where app = $1 and receiver = $2)",
        params![app, user],
    )?;
    let row = row.ok_or(StoreError::Shape("count gave no row"))?;
    Ok((row.int(0)?, row.int(1)?))
}

/// A request as one side sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub other: String,
    pub asked_at: i64,
    pub source: String,
    pub wording: String,
    /// Two profile fields of the other side as JSON literals, if they are set.
    pub nick: Option<String>,
    pub face: Option<String>,
}

fn seen(mut row: Row) -> Result<Seen, StoreError> {
    Ok(Seen {
        other: row.take_text(0)?,
        asked_at: row.int(1)?,
        source: row.take_text(2)?,
        wording: row.take_text(3)?,
        nick: row.take_opt_text(4)?,
        face: row.take_opt_text(5)?,
    })
}

/// Open requests that the user sent, newest first; `tags` are those of the two profile fields.
pub fn seen_by_sender(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    tags: (&str, &str),
) -> Result<Vec<Seen>, StoreError> {
    let rows = tx.rows(
        "select r.receiver, r.asked_at, r.source, r.wording, n.value, f.value from friend_requests r
         left join profiles n on n.app = $1 and n.user_id = r.receiver and n.tag = $3
         left join profiles f on f.app = $1 and f.user_id = r.receiver and f.tag = $4
         where r.app = $1 and r.sender = $2 order by r.asked_at desc, r.receiver",
        params![app, user, tags.0, tags.1],
    )?;
    rows.into_iter().map(seen).collect()
}

/// Open requests to the user, newest first; `tags` are those of the two profile fields.
pub fn seen_by_receiver(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    tags: (&str, &str),
) -> Result<Vec<Seen>, StoreError> {
    let rows = tx.rows(
        "select r.sender, r.asked_at, r.source, r.wording, n.value, f.value from friend_requests r
         left join profiles n on n.app = $1 and n.user_id = r.sender and n.tag = $3
         left join profiles f on f.app = $1 and f.user_id = r.sender and f.tag = $4
         where r.app = $1 and r.receiver = $2 order by r.asked_at desc, r.sender",
        params![app, user, tags.0, tags.1],
    )?;
    rows.into_iter().map(seen).collect()
}
