//! Replacing the content of a stored message. `spec/rest/openim.modify_group_msg.yaml`,
//! `spec/concepts/message-format.md` 18.

use std::fmt::Write;

use proto::{Code, Fail, element::message_bytes, json::quote};
use store::{
    exports::{self, GroupSent},
    group_messages::{self as log, GroupMessage, flag},
    search_logs,
};

use super::{
    Group, Kind, Topic, find, open, send,
    told::change,
    view::{self, is_meant_for},
};
use crate::{
    Cx, accounts,
    error::Error,
    fan_out::Audience,
    messages::{Change, Modified},
};

/// A message by its number.
pub struct Named {
    pub group: String,
    pub topic: Option<String>,
    pub seq: i64,
}

/// Replaces content of a message and tells the members. A conflict (20027) carries the newest content.
pub async fn modify(cx: &Cx, named: Named, change_to: Change) -> Result<Modified, Error> {
    if find(cx, &named.group).await?.kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "messages of an AVChatRoom are not kept").into());
    }
    let place = view::place(cx, &named.group, named.topic.as_deref()).await?;
    if !cx.is_admin() {
        check_may_speak(cx, &place).await?;
    }
    let (number, lane, seq) = (place.group.number(), place.lane(), named.seq);
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let (group, topic) = (open(tx, number)?, place.topic.as_deref());
        let unknown = || Error::from(Fail::with(Code::ModifyUnknown, "no such message in this group"));
        let found = log::get(tx, lane, seq)?;
        let found = found
            .filter(|it| it.time >= view::since(&at) && !it.has(flag::RECALLED | flag::DELETED | flag::TIP));
        let mut message = found.ok_or_else(unknown)?;
        if !at.is_admin() && !is_meant_for(&message, at.caller.user())? {
            return Err(unknown());
        }
        if change_to.version.is_some_and(|it| it != message.version) {
            let newest = Modified::new(message.version, &message.body, &message.cloud).members();
            return Err(Fail::from(Code::ModifyConflict).extra(newest).into());
        }
        exports::keep_group_original(tx, &original(&at, &group, topic, &message))?;
        if let Some(body) = change_to.body {
            message.body = body.into_json();
        }
        if let Some(cloud) = change_to.cloud {
            message.cloud = cloud;
        }
        check_size(&at, &message)?;
        log::modify(tx, lane, seq, &message.body, &message.cloud)?;
        search_logs::note_group(tx, &message)?;
        message.version += 1;
        let audience = match message.has(flag::TARGETED) {
            true => Audience::Only([view::users(&message.targets)?, vec![message.sender.clone()]].concat()),
            false => Audience::All,
        };
        told.room(event(&group, topic, &message), audience, at.caller.instance());
        Ok(Modified::new(message.version, &message.body, &message.cloud))
    })
    .await
}

async fn check_may_speak(cx: &Cx, place: &view::Place) -> Result<(), Error> {
    let user = cx.caller.user();
    let account = accounts::find_active(cx, user).await?.ok_or(Code::GroupDenied)?;
    let (topic, member) = (place.topic.as_deref(), place.member.as_deref());
    send::check_muted(cx, &place.group, topic, (user, &account), member).await
}

/// The code differs by door. `spec/concepts/message-format.md` 2.
fn check_size(cx: &Cx, it: &GroupMessage) -> Result<(), Fail> {
    let limit = usize::try_from(cx.app.state().settings.messages_max_bytes).unwrap_or(usize::MAX);
    if message_bytes(&it.body, &it.cloud) <= limit {
        return Ok(());
    }
    let code = if cx.is_admin() { Code::C2cTooLong } else { Code::MsgTooLong };
    Err(Fail::with(code, format!("MsgBody and CloudCustomData are longer than {limit} bytes")))
}

fn original(cx: &Cx, group: &Group, topic: Option<&Topic>, it: &GroupMessage) -> GroupSent {
    GroupSent {
        lane: it.lane,
        app: cx.app.id.into(),
        group_id: group.id().to_owned(),
        topic_id: topic.map_or_else(String::new, |it| it.topic_id.clone()),
        from: it.sender.clone(),
        time: it.time,
        seq: it.seq,
        random: it.random,
        flags: it.flags,
        cloud: it.cloud.clone(),
        body: it.body.clone(),
    }
}

/// The notice of a modification, event 18.
fn event(group: &Group, topic: Option<&Topic>, it: &GroupMessage) -> String {
    let mut out = format!("{{\"Event\":18,\"GroupMsgModNotifys\":[{{\"GroupId\":{}", quote(group.id()));
    if let Some(topic) = topic {
        _ = write!(out, ",\"TopicId\":{}", quote(&topic.topic_id));
    }
    let cloud = if it.cloud.is_empty() { "\"\"" } else { &it.cloud };
    _ = write!(
        out,
        ",\"From_Account\":{},\"MsgSeq\":{},\"MsgRandom\":{},\"MsgTimeStamp\":{},\"MsgVersion\":{},\"MsgBody\":{},\
         \"CloudCustomData\":{cloud}}}]}}",
        quote(&it.sender),
        it.seq,
        it.random,
        it.time,
        it.version,
        it.body
    );
    out
}
