//! How calls name messages, one-to-one and in groups.
//! `spec/concepts/message-format.md` 1.

use chat::{Cx, additions::Named, groups, messages};
use proto::{Code, Fail, MsgKey};

use crate::given::Given;

pub(super) const BAD: Code = Code::GroupParam;

/// The two people of a message: who is left out as the sender is the caller.
pub(super) fn people(cx: &Cx, from: Given<String>, to: Given<String>) -> Result<(String, String), Fail> {
    let from = from.optional(BAD, "From_Account")?.filter(|it| !it.is_empty());
    let to = to.need(BAD, "To_Account")?;
    if to.is_empty() {
        return Err(Fail::with(BAD, "To_Account is empty"));
    }
    Ok((from.unwrap_or_else(|| cx.caller.user().to_owned()), to))
}

pub(super) fn key(text: &str) -> Result<MsgKey, Fail> {
    text.parse().map_err(|_| Fail::with(BAD, "a MsgKey is malformed"))
}

pub(super) fn one_to_one(
    cx: &Cx,
    from: Given<String>,
    to: Given<String>,
    msg_key: Given<String>,
) -> Result<Named, Fail> {
    let (from, to) = people(cx, from, to)?;
    let key = key(&msg_key.need(BAD, "MsgKey")?)?;
    Ok(Named::OneToOne(messages::Named { from, to, key }))
}

/// A group with the topic in it, if there is one.
pub(super) fn group(group: Given<String>, topic: Given<String>) -> Result<(String, Option<String>), Fail> {
    let group = group.need(BAD, "GroupId")?;
    if group.is_empty() {
        return Err(Fail::with(BAD, "GroupId is empty"));
    }
    Ok((group, topic.optional(BAD, "TopicId")?.filter(|it| !it.is_empty())))
}

pub(super) fn in_group(
    group_id: Given<String>,
    topic_id: Given<String>,
    seq: Given<i64>,
) -> Result<Named, Fail> {
    let (group, topic) = group(group_id, topic_id)?;
    let seq = seq.need(BAD, "MsgSeq")?;
    Ok(Named::InGroup(groups::modify::Named { group, topic, seq }))
}
