//! The webhooks around sending. `spec/webhooks/Group.CallbackBeforeSendMsg.yaml`, `Group.CallbackAfterSendMsg.yaml`,
//! `Group.CallbackSendMsgException.yaml`, `Bot.OnGroupMessage.yaml`.

use std::sync::Arc;

use proto::{Code, Fail, user_id};
use serde_json::value::RawValue;
use store::{Pending, Tx, group_members as members, group_messages::GroupMessage};

use super::{Draft, Outgoing, Sent, find_first, identity};
use crate::{
    Cx,
    accounts::tiny_id,
    error::Error,
    groups::{Group, Kind, Topic, find, key, making_key},
    shard,
    webhooks::{
        AfterSendToGroup, BeforeSendToGroup, Hook, Line, MessageToGroup, NotSentToGroup, RobotsMentioned,
        ask::{GROUP_CODES, Rules, Verdict, ask},
        raw, rewritten, tell, wants,
    },
};

const RULES: Rules = Rules {
    refused: Code::GroupRefused,
    own_codes: GROUP_CODES,
    may_drop: true,
    unanswered: Code::BeforeWebhookFailed,
};

/// One after the other: those of one sender in one group or topic.
pub(super) fn turn_key(cx: &Cx, it: &GroupMessage) -> u64 {
    shard(cx.app.id, &format!("\0turn {} {}", it.lane, it.sender))
}

/// Whether the backend is asked before messages. One that forbids it does not overtake those that wait.
pub(super) fn may_ask(cx: &Cx) -> bool {
    wants(cx, Hook::GroupCallbackBeforeSendMsg)
}

/// What the backend made of a message.
pub(super) enum Answered {
    Go,
    /// Nothing more is done; this is the answer.
    Done(Sent),
}

/// Asks the backend, unless the message forbids it or was sent before while this one waited. A refusal is an error.
pub(super) async fn ask_about(cx: &Cx, it: &Outgoing, draft: &mut Draft) -> Result<Answered, Error> {
    if let Some(first) = sent_meanwhile(cx, draft).await? {
        return Ok(Answered::Done(first));
    }
    if !it.hooks.before {
        return Ok(Answered::Go);
    }
    let verdict = {
        let message = &draft.message;
        let body = || BeforeSendToGroup {
            message: shown(cx, it, (&draft.group, draft.topic.as_deref()), message),
            msg_id: id(message),
            group_at_info: raw(&message.mentions),
        };
        ask(cx, Hook::GroupCallbackBeforeSendMsg, &RULES, body).await?
    };
    let message = &mut draft.message;
    match verdict {
        Verdict::Drop => Ok(Answered::Done(Sent { time: message.time, ..Sent::default() })),
        Verdict::Go(answer) => {
            // The checksum stays that of what was sent, by which it is recognised when it is sent again.
            if let Some((body, cloud)) = rewritten(cx, (&message.body, &message.cloud), &answer) {
                draft.is_rewritten = true;
                message.body = body;
                message.cloud = cloud;
            }
            Ok(Answered::Go)
        }
    }
}

async fn sent_meanwhile(cx: &Cx, draft: &Draft) -> Result<Option<Sent>, Error> {
    let message = &draft.message;
    if draft.group.kind == Kind::AvChatRoom {
        let since = message.time - cx.app.state().settings.messages_group_dedup_seconds;
        let seq = cx.app.groups.sent.find(&identity(message), since);
        return Ok(seq.map(|seq| Sent { time: message.time, seq, ..Sent::default() }));
    }
    let (at, message) = (cx.clone(), message.clone());
    cx.chat.db.read(move |tx| find_first(tx, &at, &message)).await
}

/// The id that client SDKs show for a message.
fn id(it: &GroupMessage) -> String {
    format!("{}-{}-{}", tiny_id(it.tiny), it.client_time, it.random)
}

/// What every webhook about the message has.
fn shown<'a>(
    cx: &'a Cx,
    it: &'a Outgoing,
    (group, topic): (&'a Group, Option<&'a Topic>),
    message: &'a GroupMessage,
) -> MessageToGroup<'a> {
    MessageToGroup {
        group_id: group.id(),
        kind: Some(group.kind.name()),
        from: &it.from,
        operator: cx.caller.user(),
        random: message.random,
        online_only_flag: it.options.online_only.into(),
        msg_body: raw(&message.body).unwrap_or(RawValue::NULL),
        cloud_custom_data: raw(&message.cloud),
        topic_id: topic.map(|it| &*it.topic_id),
        event_time: cx.chat.clock.millis(),
    }
}

/// The message is stored, or delivered if that is all that is done with it.
pub(super) fn tell_sent(
    tx: &mut dyn Tx,
    cx: &Cx,
    it: &Outgoing,
    (group, topic): (&Group, Option<&Topic>),
    message: &GroupMessage,
) -> Result<(), Error> {
    let line = Line::Group(group.id());
    if it.hooks.after {
        tell(tx, cx, Hook::GroupCallbackAfterSendMsg, line, |_| {
            Ok(AfterSendToGroup {
                message: shown(cx, it, (group, topic), message),
                msg_seq: message.seq,
                msg_time: message.time,
                msg_id: id(message),
                group_at_info: raw(&message.mentions),
            })
        })?;
    }
    if !it.hooks.robots
        || it.mentions.is_empty()
        || user_id::is_robot(&it.from)
        || !wants(cx, Hook::BotOnGroupMessage)
    {
        return Ok(());
    }
    let robots = robots_of(tx, cx, group, &it.mentions)?;
    if robots.is_empty() {
        return Ok(());
    }
    tell(tx, cx, Hook::BotOnGroupMessage, line, |_| {
        Ok(RobotsMentioned {
            message: shown(cx, it, (group, topic), message),
            msg_seq: message.seq,
            msg_time: message.time,
            robots,
        })
    })
}

/// Queues what the backend is told of a message that was said in a live room; nothing if it wants to hear nothing.
pub(in crate::groups) fn queue_sent(
    cx: &Cx,
    it: Arc<Outgoing>,
    group: &Arc<Group>,
    message: &GroupMessage,
) -> Option<Pending<(), Error>> {
    if !(it.hooks.after && wants(cx, Hook::GroupCallbackAfterSendMsg)) {
        return None;
    }
    let (at, group, message) = (cx.clone(), group.clone(), message.clone());
    let key = key(cx.app.id, group.number());
    Some(cx.chat.db.write(key, move |tx| tell_sent(tx, &at, &it, (&group, None), &message)))
}

/// The valid robots that are mentioned by name and members, each once.
fn robots_of<'a>(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: &Group,
    mentions: &'a [Option<String>],
) -> Result<Vec<&'a str>, Error> {
    let mut robots: Vec<&str> = Vec::new();
    for user in mentions.iter().flatten().filter(|it| user_id::is_robot(it)) {
        if !robots.contains(&&**user)
            && store::robots::is_valid(tx, cx.app.id, user)? == Some(true)
            && members::get(tx, group.number(), user)?.is_some()
        {
            robots.push(user);
        }
    }
    Ok(robots)
}

/// Tells the backend of a message that was not handed out, and passes the reason on.
pub(super) async fn not_sent(cx: &Cx, it: &Outgoing, error: Error) -> Error {
    let Error::Fail(fail) = &error else { return error };
    match tell_not_sent(cx, it, fail).await {
        Ok(()) => error,
        Err(other) => other,
    }
}

/// The same of one that was dropped for the group's rate, of which the sender is told success.
pub(super) async fn dropped(cx: &Cx, it: &Outgoing) -> Result<(), Error> {
    tell_not_sent(cx, it, &Code::GroupMsgRate.into()).await
}

async fn tell_not_sent(cx: &Cx, it: &Outgoing, fail: &Fail) -> Result<(), Error> {
    if !wants(cx, Hook::GroupCallbackSendMsgException) {
        return Ok(());
    }
    let group = find(cx, &it.group).await.ok();
    // Of a group that does not exist there is no number to make a key from.
    let key = group.as_ref().map_or_else(|| making_key(cx.app.id), |it| key(cx.app.id, it.number()));
    let message = MessageToGroup {
        group_id: &it.group,
        kind: group.as_ref().map(|it| it.kind.name()),
        from: &it.from,
        operator: cx.caller.user(),
        random: it.random.into(),
        online_only_flag: it.options.online_only.into(),
        msg_body: raw(it.body.json()).unwrap_or(RawValue::NULL),
        cloud_custom_data: raw(&it.cloud),
        topic_id: it.topic.as_deref(),
        event_time: cx.chat.clock.millis(),
    };
    let body = NotSentToGroup { message, error_code: fail.number, error_info: &fail.info };
    let body = serde_json::to_value(body)?;
    let (at, id) = (cx.clone(), it.group.clone());
    let done = cx.chat.db.write(key, move |tx| {
        tell(tx, &at, Hook::GroupCallbackSendMsgException, Line::Group(&id), |_| Ok(body))
    });
    done.await
}
