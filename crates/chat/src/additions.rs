//! What is added to a message after it was sent: extensions and reactions. `spec/concepts/message-format.md` 18.
//!
//! Both live with the message: there is none on what was recalled, has expired or was never stored. They are written
//! under the key of the conversation or group, so that they keep their order with the messages there.

pub mod extensions;
pub mod reactions;

use proto::{Code, Fail, MsgKey, json::quote};
use store::{Tx, additions::Of};

use crate::{Cx, error::Error, groups, messages};

/// A message by what a call names it with.
pub enum Named {
    OneToOne(messages::Named),
    InGroup(groups::modify::Named),
}

/// Messages of one conversation.
pub enum Several {
    /// Of two people, whoever of them sent each.
    OneToOne {
        one: String,
        other: String,
        keys: Vec<MsgKey>,
    },
    InGroup {
        group: String,
        topic: Option<String>,
        numbers: Vec<i64>,
    },
}

/// The stored message, as far as additions need it.
pub(crate) struct Target {
    pub(crate) of: Of,
    /// Whether it was sent so that it may have extensions.
    pub(crate) is_extensible: bool,
    /// Of its sender.
    pub(crate) tiny_id: String,
    pub(crate) client_time: i64,
    pub(crate) random: i64,
    pub(crate) site: Site,
}

/// Where a message stands, as members of an event.
pub(crate) enum Site {
    OneToOne { from: String, to: String, seq: i64, time: i64 },
    InGroup { group: String, topic: Option<String>, seq: i64 },
}

impl Site {
    /// `"GroupId":…` with the topic's id.
    fn group_members(group: &str, topic: Option<&str>) -> String {
        let topic = topic.map_or_else(String::new, |it| format!(",\"TopicId\":{}", quote(it)));
        format!("\"GroupId\":{}{topic}", quote(group))
    }
}

/// Whom an event is for.
pub(crate) enum Tell {
    /// Everybody in the conversation, without the session that called.
    Others(String),
    Everybody(String),
    /// The sessions of who called.
    Own(String),
}

/// The answer to a message that is not there, or not for who asks.
pub(crate) fn unknown() -> Error {
    Fail::with(Code::ExtensionUnknown, "there is no such message").into()
}

/// A change of what is added to a message: the result, and who is told of it after the commit.
pub(crate) type Done<T> = Result<(T, Vec<Tell>), Error>;

/// Runs `work` on the message, and tells whoever must know. `in_live_room` answers for messages of live rooms, which
/// are not kept.
async fn change<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    in_live_room: Code,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Done<T> + Send + 'static,
) -> Result<T, Error> {
    match named {
        Named::OneToOne(named) => messages::additions::change(cx, named, work).await,
        Named::InGroup(named) => groups::additions::change(cx, named, in_live_room, work).await,
    }
}

/// Runs `work` on the message; it cannot write.
async fn read<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    in_live_room: Code,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match named {
        Named::OneToOne(named) => messages::additions::read(cx, named, work).await,
        Named::InGroup(named) => groups::additions::read(cx, named, in_live_room, work).await,
    }
}
