//! What is added to messages after they were sent has these in common: the message that it belongs to, how often it
//! changed, and when it goes.

use crate::{StoreError, Tx, group_messages::GroupMessage, messages::Message, params};

const ONE_TO_ONE: i64 = 1;
const IN_GROUP: i64 = 2;

/// The message that something is added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Of {
    pub kind: i64,
    pub lane: i64,
    pub number: i64,
}

impl Of {
    pub fn one_to_one(it: &Message) -> Of {
        Of { kind: ONE_TO_ONE, lane: it.lane, number: it.id }
    }

    pub fn in_group(it: &GroupMessage) -> Of {
        Of { kind: IN_GROUP, lane: it.lane, number: it.seq }
    }
}

/// How often the extensions of a message were changed, and the last change that removed all; 0 for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub extension_seq: i64,
    pub clear_seq: i64,
}

pub fn counters(tx: &mut dyn Tx, of: Of) -> Result<Counters, StoreError> {
    let row = tx.row(
        "select extension_seq, clear_seq from message_additions where kind = $1 and lane = $2 and number = $3",
        params![of.kind, of.lane, of.number],
    )?;
    match row {
        Some(it) => Ok(Counters { extension_seq: it.int(0)?, clear_seq: it.int(1)? }),
        None => Ok(Counters::default()),
    }
}

pub fn set_counters(tx: &mut dyn Tx, of: Of, it: Counters) -> Result<(), StoreError> {
    tx.exec(
        "insert into message_additions (kind, lane, number, extension_seq, clear_seq, reacted)
         values ($1, $2, $3, $4, $5, 0)
         on conflict (kind, lane, number) do update
           set extension_seq = excluded.extension_seq, clear_seq = excluded.clear_seq",
        params![of.kind, of.lane, of.number, it.extension_seq, it.clear_seq],
    )?;
    Ok(())
}

/// Counts a reaction, and returns how many there were with it.
pub fn count_reaction(tx: &mut dyn Tx, of: Of) -> Result<i64, StoreError> {
    let row = tx.row(
        "insert into message_additions (kind, lane, number, extension_seq, clear_seq, reacted)
         values ($1, $2, $3, 0, 0, 1)
         on conflict (kind, lane, number) do update set reacted = message_additions.reacted + 1
         returning reacted",
        params![of.kind, of.lane, of.number],
    )?;
    row.ok_or(StoreError::Shape("the upsert gave no row"))?.int(0)
}

/// Removes everything that was added to a message.
pub fn remove(tx: &mut dyn Tx, of: Of) -> Result<(), StoreError> {
    for sql in [
        "delete from message_extensions where kind = $1 and lane = $2 and number = $3",
        "delete from message_reactions where kind = $1 and lane = $2 and number = $3",
        "delete from message_additions where kind = $1 and lane = $2 and number = $3",
    ] {
        tx.exec(sql, params![of.kind, of.lane, of.number])?;
    }
    Ok(())
}
