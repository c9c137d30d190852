//! The pushes that wait for one user: part of its unread messages and of its conversation list.
//!
//! A push waits until its time is over, or until the user has read the conversation with its sender, which the
//! user's side of that conversation tells. That side is made when it is first read, cleared or deleted.

use std::{cmp::Reverse, collections::HashMap};

use store::{
    StoreError, Tx, accounts as rows,
    contacts::{self, Contact, KIND_C2C},
    push_marks, pushes,
};

use super::{Condition, Mark, message};
use crate::messages::Message;

/// The newest waiting pushes that are looked at for a user.
const LOOKED_AT_MAX: i64 = 1000;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) id: i64,
    /// Seconds.
    pub(crate) time: i64,
}

/// By sender, each's in the order of their making.
#[derive(Default)]
pub(crate) struct Waiting(HashMap<String, Vec<Item>>);

impl Waiting {
    /// What waits for the owner, read or not.
    pub(crate) fn of(tx: &mut dyn Tx, app: u32, owner: &str, now: i64) -> Result<Waiting, StoreError> {
        let mut all = pushes::waiting(tx, app, now, LOOKED_AT_MAX)?;
        if all.is_empty() {
            return Ok(Waiting::default());
        }
        let Some(account) = rows::get(tx, app, owner)? else { return Ok(Waiting::default()) };
        all.retain(|it| it.sender != owner && account.created_at <= it.made_at / 1000);
        let (mut found, mut has) = (Waiting::default(), None);
        for it in all {
            let condition = Condition::read(&it.condition)?;
            if !condition.is_empty() {
                let has = match &mut has {
                    Some(it) => it,
                    none => none.insert(Having::of(tx, app, owner)?),
                };
                if !condition.holds(|mark| has.had(mark, it.id)) {
                    continue;
                }
            }
            let item = Item { id: it.id, time: it.made_at / 1000 };
            found.0.entry(it.sender).or_default().push(item);
        }
        Ok(found)
    }

    /// Whoever pushed latest comes first.
    pub(crate) fn senders(&self) -> Vec<&String> {
        let mut senders: Vec<_> = self.0.iter().collect();
        senders.sort_by_key(|it| Reverse(it.1.last().map(|it| it.id)));
        senders.into_iter().map(|it| it.0).collect()
    }

    /// What waits of one sender.
    pub(crate) fn from(&self, peer: &str) -> &[Item] {
        self.0.get(peer).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn is_from(&self, peer: &str) -> bool {
        self.0.contains_key(peer)
    }

    /// Numbers of the pushes on the owner's side of a conversation that it has not read.
    pub(crate) fn unread(&self, it: &Contact) -> Vec<i64> {
        let read_until = it.read_at.max(it.clear.0);
        self.from(&it.peer).iter().filter(|it| it.time > read_until).map(|it| it.id).collect()
    }
}

/// What the owner has and had.
struct Having {
    attributes: Vec<push_marks::Attribute>,
    tags: Vec<push_marks::Tag>,
}

impl Having {
    fn of(tx: &mut dyn Tx, app: u32, owner: &str) -> Result<Having, StoreError> {
        Ok(Having {
            attributes: push_marks::attributes(tx, app, owner)?,
            tags: push_marks::tags(tx, app, owner)?,
        })
    }

    /// Whether the owner had the mark when the push of this number was made.
    fn had(&self, mark: &Mark, push: i64) -> bool {
        match mark {
            Mark::Tag(tag) => self.tags.iter().any(|it| it.tag == *tag && it.span.holds(push)),
            Mark::Attribute(number, value) => {
                let is = |it: &&push_marks::Attribute| it.number == *number && it.value == *value;
                self.attributes.iter().filter(is).any(|it| it.span.holds(push))
            }
        }
    }
}

/// The push of this number as a message of the lane.
pub(crate) fn load(tx: &mut dyn Tx, app: u32, id: i64, lane: i64) -> Result<Option<Message>, StoreError> {
    let row = pushes::get(tx, app, id)?;
    Ok(row.map(|it| Message { lane, ..message(&it) }))
}

/// The owner's side of a conversation; made if it is not there and a push of the peer waits, so that there is
/// something to note the reading in.
pub(crate) fn contact(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    peer: &str,
    now: i64,
) -> Result<Option<Contact>, StoreError> {
    if let Some(it) = contacts::get(tx, app, owner, KIND_C2C, peer)? {
        return Ok(Some(it));
    }
    if owner == peer || !pushes::is_waiting_from(tx, app, peer, now)? {
        return Ok(None);
    }
    let pair = contacts::make_pair(tx, app, owner, peer)?;
    contacts::ensure(tx, app, owner, peer, pair, 0)?;
    contacts::get(tx, app, owner, KIND_C2C, peer)
}

/// What stands for the owner's side of a conversation that is not there: no pair has this number.
pub(crate) fn no_contact(peer: &str) -> Contact {
    Contact { kind: KIND_C2C, peer: peer.to_owned(), ..Contact::default() }
}
