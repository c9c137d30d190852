//! Conversations as they are stored, with what people no longer see.

use chat::{
    console::{
        Role,
        explain::{c2c_flags, group_flags},
    },
    messages::platform_name,
};
use proto::msg_key::MsgKey;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use store::{group_messages::GroupMessage, messages};

use super::{
    endpoint::{Ask, Endpoint, Refusal, Rest, get},
    pages,
};

pub const C2C: Endpoint = get!(
    "apps/{sdkappid}/messages/c2c",
    Some(Role::Viewer),
    "Shows what two people wrote to one another.",
    ["one", "other", "before", "limit"],
    Messages,
    c2c
);
pub const GROUP: Endpoint = get!(
    "apps/{sdkappid}/messages/group",
    Some(Role::Viewer),
    "Shows what was said in a group or topic.",
    ["group", "topic", "before", "limit"],
    Messages,
    in_group
);

#[derive(Serialize, JsonSchema)]
struct Messages {
    messages: Vec<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    rest: Rest,
}

#[derive(Serialize, JsonSchema)]
pub struct Message {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub seq: i64,
    pub random: i64,
    pub time: i64,
    pub from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    pub nick: String,
    pub body: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_custom_data: Option<Value>,
    pub flags: Vec<&'static str>,
    pub platform: &'static str,
    pub version: i64,
}

/// A one-to-one message with its sender and receiver.
pub fn of_c2c(it: &messages::Message, from: &str, to: &str) -> Message {
    let number = |it: i64| u32::try_from(it).unwrap_or(0);
    let key = MsgKey { seq: number(it.seq), random: number(it.random), time: it.time };
    Message {
        key: Some(key.to_string()),
        seq: it.seq,
        random: it.random,
        time: it.time,
        from: from.to_owned(),
        to: Some(to.to_owned()),
        group: None,
        topic: None,
        nick: pages::text_of(&it.nick),
        body: pages::value_of(&it.body),
        cloud_custom_data: (!it.cloud.is_empty()).then(|| pages::value_of(&it.cloud)),
        flags: c2c_flags(it),
        platform: platform_name(it.flags),
        version: it.version,
    }
}

pub fn of_group(it: &GroupMessage, group: &str, topic: &str) -> Message {
    Message {
        key: None,
        seq: it.seq,
        random: it.random,
        time: it.time,
        from: it.sender.clone(),
        to: None,
        group: Some(group.to_owned()),
        topic: (!topic.is_empty()).then(|| topic.to_owned()),
        nick: pages::text_of(&it.nick),
        body: pages::value_of(&it.body),
        cloud_custom_data: (!it.cloud.is_empty()).then(|| pages::value_of(&it.cloud)),
        flags: group_flags(it),
        platform: platform_name(it.flags),
        version: it.version,
    }
}

async fn c2c(ask: &Ask) -> Result<Messages, Refusal> {
    let (app, limit) = (ask.app()?, pages::limit(ask)?);
    let (one, other) = (ask.need("one")?, ask.need("other")?);
    let before: messages::Place = pages::from_place(ask, "before")?.unwrap_or(messages::END);
    let people = (one.clone(), other.clone());
    let found = ask.node.chat.whole_conversation(app.id, people, before, limit).await?;
    let shown = found.messages.iter().map(|it| match it.lane == found.lane_of_one {
        true => of_c2c(it, &one, &other),
        false => of_c2c(it, &other, &one),
    });
    let body = json!({
        "Operator_Account": one, "Peer_Account": other, "MaxCnt": limit.min(100), "MinTime": 0,
        "MaxTime": before.0.min(u32::MAX.into()),
    });
    Ok(Messages {
        messages: shown.collect(),
        next: pages::next(&found.messages, limit, messages::Message::place),
        rest: Rest::new("openim/admin_getroammsg", body),
    })
}

async fn in_group(ask: &Ask) -> Result<Messages, Refusal> {
    let (app, limit) = (ask.app()?, pages::limit(ask)?);
    let (group, topic) = (ask.need("group")?, ask.text("topic")?);
    let before = pages::from_place(ask, "before")?.unwrap_or(0);
    let place = (group.clone(), topic.clone());
    let found = ask.node.chat.whole_log(app.id, place, before, limit).await?;
    let next = pages::next(&found, limit, |it| it.seq).filter(|_| found.last().is_some_and(|it| it.seq > 1));
    let mut body = json!({ "GroupId": group, "ReqMsgNumber": limit.min(20), "WithRecalledMsg": 1 });
    if before > 0 {
        body["ReqMsgSeq"] = (before - 1).into();
    }
    if !topic.is_empty() {
        body["TopicId"] = topic.clone().into();
    }
    Ok(Messages {
        messages: found.iter().map(|it| of_group(it, &group, &topic)).collect(),
        next,
        rest: Rest::new("group_open_http_svc/group_msg_get_simple", body),
    })
}
