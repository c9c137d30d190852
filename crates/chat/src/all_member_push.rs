//! Push to all users: one message to every account, or to those with certain attributes or tags.
//! `spec/concepts/push-to-all-users.md`.
//!
//! A push is one row. Who is online gets it from a job after the commit. One that waits is in the unread messages
//! and the conversation list of each user it is for until that user reads it or its time is over; nothing is
//! written for a user before.

mod condition;
mod deliver;
mod marks;
mod send;
pub(crate) mod waiting;

pub use condition::{Condition, Mark};
pub(crate) use deliver::{Deliveries, choose};
pub use marks::{
    add_tags, attribute_names, attributes, remove_all_tags, remove_attributes, remove_tags,
    set_attribute_names, set_attributes, tags,
};
pub use send::{Outgoing, Wanted, must_be_enabled, push};

use store::pushes::Push;

use crate::messages::Message;

/// The push as a message. Its lane is not one of the store's.
pub(crate) fn message(it: &Push) -> Message {
    let time = it.made_at / 1000;
    Message {
        time,
        seq: it.seq,
        random: it.random,
        client_time: time,
        waits_until: it.waits_until,
        nick: it.nick.clone(),
        face: it.face.clone(),
        body: it.body.clone(),
        ..Message::default()
    }
}
