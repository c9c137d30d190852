//! Mentions: in messages, as reminders to who is online, and as marks on conversations until they are read.
//! `spec/concepts/message-format.md` 16.

use std::{collections::HashSet, fmt::Write};

use proto::json::quote;
use store::{
    StoreError, Tx,
    group_mentions::{self as marks, Mention},
    group_messages::GroupMessage,
};

use super::{Group, TOPIC_MARK, Told, Topic, find, member_in, topic};
use crate::{Cx, error::Error, fan_out::Audience};

/// Marks of one conversation that a list shows at most, of each kind.
const PENDING_MAX: i64 = 100;
/// `AtFlagList`: the user by name, or everybody.
const ME: &str = "1";
const ALL: &str = "2";

/// As `GroupAtInfo`, or an empty text for none; `None` is everybody.
pub(super) fn list(mentions: &[Option<String>]) -> String {
    if mentions.is_empty() {
        return String::new();
    }
    let items = mentions.iter().map(|it| match it {
        Some(user) => format!("{{\"GroupAtAllFlag\":0,\"GroupAt_Account\":{}}}", quote(user)),
        None => "{\"GroupAtAllFlag\":1}".to_owned(),
    });
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// Marks the conversations of whom a message mentions, and reminds (event 12) who is online of them.
pub(super) fn remind(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    mentions: &[Option<String>],
    message: &GroupMessage,
) -> Result<(), Error> {
    let numbers = (cx.chat.random.u32().into(), cx.chat.random.u32().into());
    let mut named: Vec<String> = Vec::new();
    for user in mentions.iter().flatten() {
        if *user != message.sender && !named.contains(user) && member_in(tx, group.number(), user)?.is_some()
        {
            marks::add(tx, message.lane, message.seq, Some(user), numbers)?;
            named.push(user.clone());
        }
    }
    let event = |flags: &str| event(group, topic, message, numbers, flags);
    let is_everybody = mentions.contains(&None);
    if is_everybody {
        marks::add(tx, message.lane, message.seq, None, numbers)?;
        let but: HashSet<_> = named.iter().chain([&message.sender]).cloned().collect();
        told.room(event(ALL), Audience::But(but.into()), None);
    }
    if !named.is_empty() {
        let flags = if is_everybody { format!("{ME},{ALL}") } else { ME.to_owned() };
        told.room(event(&flags), Audience::Only(named), None);
    }
    Ok(())
}

fn event(
    group: &Group,
    topic: Option<&Topic>,
    message: &GroupMessage,
    (random, client_seq): (i64, i64),
    flags: &str,
) -> String {
    let mut out = format!(
        "{{\"Event\":12,\"GroupTips\":[{{\"MsgRandom\":{random},\"ClientSeq\":{client_seq},\
         \"MsgTimeStamp\":{},\"GroupAtTips\":{{\"GroupId\":{}",
        message.time,
        quote(group.id())
    );
    if let Some(topic) = topic {
        _ = write!(out, ",\"TopicId\":{}", quote(&topic.topic_id));
    }
    _ = write!(
        out,
        ",\"From_Account\":{},\"MsgSeq\":{},\"AtFlagList\":[{flags}]}}}}]}}",
        quote(&message.sender),
        message.seq
    );
    out
}

/// Marks of a member on the conversation of a group or topic that it read up to `read_seq`, as `AtInfoList`.
pub fn pending(tx: &mut dyn Tx, lane: i64, user: &str, read_seq: i64) -> Result<Vec<String>, StoreError> {
    let mut found: Vec<(Mention, String)> = Vec::new();
    for it in marks::pending(tx, lane, user, read_seq, PENDING_MAX)? {
        let flag = if it.is_everybody { ALL } else { ME };
        match found.last_mut().filter(|last| last.0.seq == it.seq) {
            Some(last) => _ = write!(last.1, ",{flag}"),
            None => found.push((it, flag.to_owned())),
        }
    }
    let item = |(it, flags): (Mention, String)| {
        format!(
            "{{\"From_Account\":{},\"AtMsgSeq\":{},\"AtFlagList\":[{flags}],\"MsgRandom\":{},\"ClientSeq\":{}}}",
            quote(&it.sender),
            it.seq,
            it.random,
            it.client_seq
        )
    };
    Ok(found.into_iter().map(item).collect())
}

/// The caller removes a mark from its conversation with a group or topic, by the numbers of the reminder. What is
/// not there is no error.
pub async fn see(cx: &Cx, id: &str, random: i64, client_seq: i64) -> Result<(), Error> {
    let lane = match lane(cx, id).await {
        Ok(it) => it,
        Err(Error::Fail(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let user = cx.caller.user().to_owned();
    let key = super::key(cx.app.id, lane);
    cx.chat
        .db
        .write(key, move |tx| marks::see(tx, lane, &user, (random, client_seq)))
        .await
        .map_err(Error::from)
}

async fn lane(cx: &Cx, id: &str) -> Result<i64, Error> {
    let Some((group, _)) = id.split_once(TOPIC_MARK) else { return Ok(find(cx, id).await?.number()) };
    let group = find(cx, group).await?;
    Ok(topic(cx, &group, id).await?.id)
}
