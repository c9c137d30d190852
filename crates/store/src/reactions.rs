//! Reactions to messages: who reacted with what, in the order in which they did.

use crate::{StoreError, Tx, additions::Of, params};

/// One user's reaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    pub reaction: String,
    pub user: String,
    /// Grows with each reaction to the message.
    pub place: i64,
}

/// All reactions to a message, in their order.
pub fn all(tx: &mut dyn Tx, of: Of) -> Result<Vec<Reacted>, StoreError> {
    let rows = tx.rows(
        "select reaction, user_id, place from message_reactions
         where kind = $1 and lane = $2 and number = $3 order by place",
        params![of.kind, of.lane, of.number],
    )?;
    rows.into_iter()
        .map(|mut it| Ok(Reacted { reaction: it.take_text(0)?, user: it.take_text(1)?, place: it.int(2)? }))
        .collect()
}

pub fn insert(tx: &mut dyn Tx, of: Of, it: &Reacted) -> Result<(), StoreError> {
    tx.exec(
        "insert into message_reactions (kind, lane, number, reaction, user_id, place)
         values ($1, $2, $3, $4, $5, $6)",
        params![of.kind, of.lane, of.number, &*it.reaction, &*it.user, it.place],
    )?;
    Ok(())
}

pub fn remove(tx: &mut dyn Tx, of: Of, reaction: &str, user: &str) -> Result<(), StoreError> {
    tx.exec(
        "delete from message_reactions
         where kind = $1 and lane = $2 and number = $3 and reaction = $4 and user_id = $5",
        params![of.kind, of.lane, of.number, reaction, user],
    )?;
    Ok(())
}
