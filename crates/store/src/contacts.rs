//! Pairs of people who wrote to one another, and each side's own view of a conversation.

use crate::{
    Row, StoreError, Tx, can_be_there,
    counters::{self, Numbered},
    params,
};

/// `contacts.kind` of a one-to-one conversation.
pub const KIND_C2C: i64 = 1;

/// One side of a conversation. The columns are explained in the migration.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    pub kind: i64,
    pub peer: String,
    pub pair: i64,
    pub active_at: i64,
    pub read_at: i64,
    /// (time, seq, random) of the last hidden message.
    pub clear: (i64, i64, i64),
    pub unlisted_id: i64,
    pub emptied_at: i64,
    pub pinned: bool,
    pub mute: i64,
}

fn contact(mut row: Row) -> Result<Contact, StoreError> {
    Ok(Contact {
        kind: row.int(0)?,
        peer: row.take_text(1)?,
        pair: row.int(2)?,
        active_at: row.int(3)?,
        read_at: row.int(4)?,
        clear: (row.int(5)?, row.int(6)?, row.int(7)?),
        unlisted_id: row.int(8)?,
        emptied_at: row.int(9)?,
        pinned: row.int(10)? == 1,
        mute: row.int(11)?,
    })
}

/// The pair's number, whichever of the two is named first.
pub fn pair(tx: &mut dyn Tx, app: u32, one: &str, other: &str) -> Result<Option<i64>, StoreError> {
    if !can_be_there(one) || !can_be_there(other) {
        return Ok(None);
    }
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let row = tx.row(
        "select id from pairs where app = $1 and user_low = $2 and user_high = $3",
        params![app, low, high],
    )?;
    row.map(|it| it.int(0)).transpose()
}

/// The pair's number, made if these two never wrote to one another.
pub fn make_pair(tx: &mut dyn Tx, app: u32, one: &str, other: &str) -> Result<i64, StoreError> {
    if let Some(id) = pair(tx, app, one, other)? {
        return Ok(id);
    }
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    let id = counters::next(tx, Numbered::Pair)?;
    let made = tx.exec(
        "insert into pairs (id, app, user_low, user_high) values ($1, $2, $3, $4) on conflict do nothing",
        params![id, app, low, high],
    )?;
    if made == 1 {
        return Ok(id);
    }
    pair(tx, app, one, other)?.ok_or(StoreError::Shape("a pair is neither there nor new"))
}

pub fn get(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    kind: i64,
    peer: &str,
) -> Result<Option<Contact>, StoreError> {
    if !can_be_there(owner) || !can_be_there(peer) {
        return Ok(None);
    }
    let row = tx.row(
        "select kind, peer, pair, active_at, read_at, clear_time, clear_seq, clear_random, unlisted_id,
                emptied_at, pinned, mute
         from contacts where app = $1 and owner = $2 and kind = $3 and peer = $4",
        params![app, owner, kind, peer],
    )?;
    row.map(contact).transpose()
}

/// Makes the owner's side of a one-to-one conversation if it is not there.
/// `active_at` 0 makes one that is known but not listed.
pub fn ensure(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    pair: i64,
    active_at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "insert into contacts (app, owner, kind, peer, pair, active_at, read_at, clear_time, clear_seq,
                               clear_random, unlisted_id, emptied_at, pinned, mute)
         values ($1, $2, 1, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 0) on conflict do nothing",
        params![app, owner, peer, pair, active_at],
    )?;
    Ok(())
}

/// Moves the hint by which the list finds this conversation; it never goes back.
pub fn touch(tx: &mut dyn Tx, app: u32, owner: &str, peer: &str, active_at: i64) -> Result<(), StoreError> {
    tx.exec(
        "update contacts set active_at = $4
         where app = $1 and owner = $2 and kind = 1 and peer = $3 and active_at < $4",
        params![app, owner, peer, active_at],
    )?;
    Ok(())
}

/// Moves the read time forward. Returns false when it was there or later already.
pub fn set_read(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    read_at: i64,
) -> Result<bool, StoreError> {
    if !can_be_there(peer) {
        return Ok(false);
    }
    let changed = tx.exec(
        "update contacts set read_at = $4
         where app = $1 and owner = $2 and kind = 1 and peer = $3 and read_at < $4",
        params![app, owner, peer, read_at],
    )?;
    Ok(changed == 1)
}

/// Hides the owner's history up to and with the message `clear`.
pub fn set_clear(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    clear: (i64, i64, i64),
    emptied_at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "update contacts set clear_time = $4, clear_seq = $5, clear_random = $6, emptied_at = $7
         where app = $1 and owner = $2 and kind = 1 and peer = $3
           and (clear_time, clear_seq, clear_random) <= ($4, $5, $6)",
        params![app, owner, peer, clear.0, clear.1, clear.2, emptied_at],
    )?;
    Ok(())
}

/// Takes the conversation out of the list until a message with a greater id comes.
pub fn unlist(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    unlisted_id: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "update contacts set unlisted_id = $4, emptied_at = 0, pinned = 0
         where app = $1 and owner = $2 and kind = 1 and peer = $3",
        params![app, owner, peer, unlisted_id],
    )?;
    Ok(())
}

/// Pins or unpins; `emptied_at` lists a conversation that has no message.
pub fn set_pinned(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    pinned: bool,
    emptied_at: i64,
) -> Result<(), StoreError> {
    tx.exec(
        "update contacts set pinned = $4, emptied_at = $5
         where app = $1 and owner = $2 and kind = 1 and peer = $3",
        params![app, owner, peer, pinned, emptied_at],
    )?;
    Ok(())
}

pub fn set_mute(tx: &mut dyn Tx, app: u32, owner: &str, peer: &str, mute: i64) -> Result<(), StoreError> {
    tx.exec(
        "update contacts set mute = $4 where app = $1 and owner = $2 and kind = 1 and peer = $3",
        params![app, owner, peer, mute],
    )?;
    Ok(())
}

/// The owner's contacts, by hint of activity, latest first, after `before` = (active_at, peer) of the last one.
pub fn by_activity(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    before: (i64, &str),
    limit: i64,
) -> Result<Vec<Contact>, StoreError> {
    let rows = tx.rows(
        "select kind, peer, pair, active_at, read_at, clear_time, clear_seq, clear_random, unlisted_id,
                emptied_at, pinned, mute
         from contacts where app = $1 and owner = $2 and active_at <= $3 and (active_at < $3 or peer > $4)
         order by active_at desc, peer limit $5",
        params![app, owner, before.0, before.1, limit],
    )?;
    rows.into_iter().map(contact).collect()
}

pub fn pinned(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<Vec<Contact>, StoreError> {
    let rows = tx.rows(
        "select kind, peer, pair, active_at, read_at, clear_time, clear_seq, clear_random, unlisted_id,
                emptied_at, pinned, mute
         from contacts where app = $1 and owner = $2 and pinned = 1",
        params![app, owner],
    )?;
    rows.into_iter().map(contact).collect()
}
