//! Sending to groups and topics. The order of work is that of `spec/rest/group_open_http_svc.send_group_msg.yaml`.
//!
//! One row is written, whatever the number of members; who is online gets the message from the fan-out.

use std::{borrow::Cow, fmt::Write, sync::Arc};

use proto::{
    Code, Fail,
    element::{Body, message_bytes},
    json::quote,
    platform::Platform,
};
use store::{
    Tx, group_members as members,
    group_messages::{self as log, GroupMessage, flag},
    groups as rows,
};

use super::{
    Action, Group, Kind, Role, Told, Topic, find, key, make::added, may, member, member_in, open,
    recent::Identity, topic, wire,
};
use crate::{
    Caller, Cx,
    accounts::{self, Account},
    error::Error,
    fan_out::Audience,
};

/// Most mentions of a message.
pub const MENTIONS_MAX: usize = 30;
/// Most members that a targeted message names.
pub const TARGETS_MAX: usize = 50;
/// Members of a group in which read receipts are kept at most.
pub const RECEIPT_MEMBERS_MAX: i64 = 200;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Only for those who are online now: not stored, not counted.
    pub online_only: bool,
    pub no_unread: bool,
    pub no_last: bool,
    pub wants_receipt: bool,
    pub extensible: bool,
}

/// A message to a group.
pub struct Outgoing {
    pub group: String,
    pub topic: Option<String>,
    pub from: String,
    pub random: u32,
    /// 1 High to 4 Lowest.
    pub priority: i64,
    /// The client's numbers; a backend has none.
    pub client: Option<(i64, i64)>,
    pub body: Arc<Body>,
    /// CloudCustomData as a JSON literal, empty for none.
    pub cloud: String,
    /// Mentioned members, and whether all are.
    pub mentions: Vec<String>,
    pub mentions_all: bool,
    pub targets: Vec<String>,
    pub options: Options,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub time: i64,
    /// 0 for one that has no number.
    pub seq: i64,
    /// Over the group's rate: it was not stored.
    pub dropped: bool,
    /// Why it has no receipts although they were asked for; 0 for no reason.
    pub receipt_code: i64,
}

fn denied(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupDenied, info.into()).into()
}

fn bad(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

/// Sends a message. It is durable, and on its way to who is online, when this returns.
pub async fn send(cx: &Cx, it: Outgoing) -> Result<Sent, Error> {
    // A session's messages go into the queue in the order of their frames.
    let order = match &cx.caller {
        Caller::User(session) => Some(session.send_order.lock().await),
        Caller::Admin(_) | Caller::Guest => None,
    };
    let group = find(cx, &it.group).await?;
    let topic = match &it.topic {
        Some(id) => Some(topic(cx, &group, id).await?),
        None if group.million_flag() == 2 => return Err(denied("this community is spoken in by TopicId")),
        None => None,
    };
    let sender = accounts::find_active(cx, &it.from).await?;
    let sender =
        sender.ok_or_else(|| Fail::with(Code::GroupAccountUnknown, "From_Account does not exist"))?;
    check_size(cx, it.body.json(), &it.cloud)?;
    let receipt_code = check_options(cx, &group, &it)?;
    check_sender(cx, &group, topic.as_deref(), &it, &sender).await?;
    let mut message = new_message(cx, &group, topic.as_deref(), &it, &sender, receipt_code == 0);
    message.card = member(cx, &group, &it.from).await?.map_or_else(String::new, |it| it.row.card.clone());
    let slot = cx.chat.fan_out.slot().await;
    let (at, after) = (cx.clone(), cx.clone());
    let number = group.number();
    let pending = cx.chat.db.write_then(
        key(cx.app.id, number),
        move |tx| {
            let mut told = Told::new(number);
            told.hold(slot);
            let sent = store(tx, &at, &it, message, (number, topic.as_deref()), &mut told)?;
            Ok::<_, Error>((Sent { receipt_code, ..sent }, told))
        },
        move |(_, told)| told.hand_over(&after),
    );
    drop(order);
    Ok(pending.await?.0)
}

/// Refuses content over the app's limit with 80002.
pub(crate) fn check_size(cx: &Cx, body: &str, cloud: &str) -> Result<(), Fail> {
    let limit = usize::try_from(cx.app.state().settings.messages_max_bytes).unwrap_or(usize::MAX);
    match message_bytes(body, cloud) <= limit {
        true => Ok(()),
        false => Err(Fail::with(
            Code::MsgTooLong,
            format!("MsgBody and CloudCustomData are longer than {limit} bytes"),
        )),
    }
}

/// Refuses options that do not go together or not with this kind; says why there can be no receipts.
fn check_options(cx: &Cx, group: &Group, it: &Outgoing) -> Result<i64, Error> {
    let options = it.options;
    let has_control = options.no_unread || options.no_last;
    if it.mentions.len() > MENTIONS_MAX {
        return Err(Code::GroupMentions.into());
    }
    if options.online_only && has_control {
        return Err(bad("SendMsgControl does not go with OnlineOnlyFlag"));
    }
    if group.kind == Kind::AvChatRoom {
        if options.online_only || has_control || !it.targets.is_empty() || it.mentions_all {
            return Err(bad(
                "an AVChatRoom has no OnlineOnlyFlag, SendMsgControl, To_Account or mention of all",
            ));
        }
    }
    if !it.targets.is_empty() {
        if it.targets.len() > TARGETS_MAX {
            return Err(bad(format!("To_Account names more than {TARGETS_MAX} members")));
        }
        if group.kind == Kind::Community {
            return Err(bad("messages of a community cannot be targeted"));
        }
    }
    let state = cx.app.state();
    if options.no_unread && group.kind == Kind::ChatRoom && !state.settings.groups_chatroom_unread {
        return Err(bad("a ChatRoom counts no unread messages"));
    }
    if !options.wants_receipt {
        return Ok(0);
    }
    if !state.settings.features_read_receipts && cx.is_admin() {
        return Err(Code::GroupFeatureOff.into());
    }
    let is_small = matches!(group.kind, Kind::Private | Kind::Public | Kind::ChatRoom)
        && group.row.members <= RECEIPT_MEMBERS_MAX;
    let code = match (options.online_only, is_small) {
        (true, _) => Code::GroupReceiptOnlineOnly,
        (false, false) => Code::GroupReceiptTooLarge,
        (false, true) => return Ok(0),
    };
    // A client's message goes out without receipts; a backend is told.
    if cx.is_admin() { Err(code.into()) } else { Ok(code.number()) }
}

/// Whether the sender may speak: member, mutes, mute all. Administrators of the app always may.
async fn check_sender(
    cx: &Cx,
    group: &Group,
    topic: Option<&Topic>,
    it: &Outgoing,
    sender: &Account,
) -> Result<(), Error> {
    let now = cx.chat.clock.now();
    if cx.app.is_admin(&it.from) {
        return Ok(());
    }
    let member = member(cx, group, &it.from).await?;
    if !cx.is_admin() && member.is_none() && group.kind.has_members() {
        return Err(denied("only members may send"));
    }
    if !cx.is_admin() && !group.row.active && group.row.owner != it.from {
        return Err(denied("the group waits for the first message of its owner"));
    }
    let muted = || Error::from(Code::GroupMuted);
    if now < sender.muted_until.1 || member.as_ref().is_some_and(|it| now < it.muted_until) {
        return Err(muted());
    }
    let role = member.as_ref().map(|it| it.role);
    let is_leader = role.is_some_and(|it| may(group.kind, it, Action::SpeakUnderMuteAll));
    let all_muted = group.row.muted_all || topic.is_some_and(|it| it.muted_all);
    if all_muted && !is_leader && role != Some(Role::Owner) {
        return Err(muted());
    }
    let Some(topic) = topic.map(|it| it.id) else { return Ok(()) };
    let user = it.from.clone();
    let until = cx.chat.db.read(move |tx| members::muted_until(tx, topic, &user)).await?;
    if now < until { Err(muted()) } else { Ok(()) }
}

fn new_message(
    cx: &Cx,
    group: &Group,
    topic: Option<&Topic>,
    it: &Outgoing,
    sender: &Account,
    may_have_receipts: bool,
) -> GroupMessage {
    let time = cx.chat.clock.now();
    let mut flags = platform_bits(&cx.caller);
    for (on, bit) in [
        (it.options.no_unread, flag::NO_UNREAD),
        (it.options.no_last, flag::NO_LAST),
        (it.options.wants_receipt && may_have_receipts, flag::WANTS_RECEIPT),
        (it.options.extensible, flag::EXTENSIBLE),
        (!it.targets.is_empty(), flag::TARGETED),
    ] {
        if on {
            flags |= bit;
        }
    }
    let list = |names: &[String]| match names.is_empty() {
        true => String::new(),
        false => format!("[{}]", names.iter().map(|it| quote(it)).collect::<Vec<_>>().join(",")),
    };
    GroupMessage {
        lane: topic.map_or(group.number(), |it| it.id),
        time,
        random: it.random.into(),
        flags,
        priority: it.priority,
        crc: crate::messages::checksum(it.body.json(), &it.cloud),
        sender: it.from.clone(),
        tiny: accounts::tiny_number(&sender.tiny_id),
        client_time: it.client.map_or(time, |it| it.1),
        client_seq: it.client.map_or_else(|| cx.chat.random.u32().into(), |it| it.0),
        nick: sender.nick.clone(),
        face: sender.face.clone(),
        cloud: it.cloud.clone(),
        body: it.body.json().to_owned(),
        mentions: mentions(it),
        targets: list(&it.targets),
        ..GroupMessage::default()
    }
}

fn mentions(it: &Outgoing) -> String {
    let mut items = Vec::new();
    if it.mentions_all {
        items.push("{\"GroupAtAllFlag\":1}".to_owned());
    }
    for user in &it.mentions {
        items.push(format!("{{\"GroupAtAllFlag\":0,\"GroupAt_Account\":{}}}", quote(user)));
    }
    if items.is_empty() { String::new() } else { format!("[{}]", items.join(",")) }
}

fn platform_bits(caller: &Caller) -> i64 {
    let Caller::User(session) = caller else { return 0 };
    let place = Platform::ALL.iter().position(|it| *it == session.platform);
    place.map_or(0, |it| (it as i64 + 1) << flag::PLATFORM_SHIFT)
}

/// Runs inside the transaction.
fn store(
    tx: &mut dyn Tx,
    cx: &Cx,
    it: &Outgoing,
    mut message: GroupMessage,
    (number, topic): (i64, Option<&Topic>),
    told: &mut Told,
) -> Result<Sent, Error> {
    let mut group = open(tx, number)?;
    let settings = &cx.app.state().settings.clone();
    let (now, known) = (message.time, &cx.app.groups.sent);
    let identity: Identity = (message.lane, message.tiny, message.random, message.crc);
    if let Some(first) = find_first(tx, cx, &identity, now - settings.messages_group_dedup_seconds)? {
        return Ok(Sent { time: first.time, seq: first.seq, ..Sent::default() });
    }
    if it.options.online_only {
        deliver(tx, cx, told, &group, topic, it, &message)?;
        return Ok(Sent { time: now, ..Sent::default() });
    }
    // Lower priorities give way first.
    let rate = settings.groups_messages_per_second;
    let most = if message.priority == 1 { rate + rate / 4 } else { rate };
    if !known.take_rate(message.lane, now, most) {
        return Ok(Sent { time: now, dropped: true, ..Sent::default() });
    }
    if !group.row.active && (cx.is_admin() || group.row.owner == it.from) {
        activate(tx, cx, told, &mut group)?;
    }
    message.seq = log::append(tx, &message)?;
    known.note(identity, now, message.seq, settings.messages_group_dedup_seconds);
    deliver(tx, cx, told, &group, topic, it, &message)?;
    told.sent(&it.from);
    Ok(Sent { time: now, seq: message.seq, ..Sent::default() })
}

/// The message that was sent with the same content before, if the store has it.
fn find_first(tx: &mut dyn Tx, cx: &Cx, it: &Identity, since: i64) -> Result<Option<GroupMessage>, Error> {
    let Some(seq) = cx.app.groups.sent.find(it, since) else { return Ok(None) };
    let found = log::get(tx, it.0, seq)?;
    Ok(found.filter(|found| (found.tiny, found.random, found.crc) == (it.1, it.2, it.3)))
}

/// The first message of a Private group: everybody learns of the group before it.
fn activate(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, group: &mut Group) -> Result<(), Error> {
    group.row.active = true;
    rows::update(tx, &group.row)?;
    told.forget_group(group.id());
    let inviter =
        if group.row.owner.is_empty() { cx.caller.user().to_owned() } else { group.row.owner.clone() };
    for user in members::users(tx, group.number(), "", group.row.members.max(1))? {
        if user != inviter {
            added(tx, cx, told, group, &inviter, &user)?;
        }
    }
    Ok(())
}

/// Who is online gets it, and the mentioned their reminder.
fn deliver(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    topic: Option<&Topic>,
    it: &Outgoing,
    message: &GroupMessage,
) -> Result<(), Error> {
    let mut item = wire::item(group, topic, message);
    if it.options.online_only {
        item.insert_str(1, "\"OnlineOnlyFlag\":1,");
    }
    let audience = match it.targets.is_empty() {
        true => Audience::All,
        false => Audience::Only(it.targets.iter().chain([&it.from]).cloned().collect()),
    };
    told.message(wire::message_event(&item), audience, cx.caller.instance());
    if it.mentions.is_empty() && !it.mentions_all {
        return Ok(());
    }
    remind(tx, cx, told, group, topic, it, message)
}

/// Event 12 to whom a message mentions, besides the message itself.
fn remind(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    topic: Option<&Topic>,
    it: &Outgoing,
    message: &GroupMessage,
) -> Result<(), Error> {
    let mut named = Vec::new();
    for user in &it.mentions {
        if *user != it.from && member_in(tx, group.number(), user)?.is_some() {
            named.push(user.clone());
        }
    }
    let event = |flags: &str| {
        let mut out = format!(
            "{{\"Event\":12,\"GroupTips\":[{{\"MsgRandom\":{},\"ClientSeq\":{},\"MsgTimeStamp\":{},\
             \"GroupAtTips\":{{\"GroupId\":{}",
            cx.chat.random.u32(),
            cx.chat.random.u32(),
            message.time,
            quote(group.id())
        );
        if let Some(topic) = topic {
            _ = write!(out, ",\"TopicId\":{}", quote(&topic.topic_id));
        }
        _ = write!(
            out,
            ",\"From_Account\":{},\"MsgSeq\":{},\"AtFlagList\":[{flags}]}}}}]}}",
            quote(&it.from),
            message.seq
        );
        out
    };
    if it.mentions_all {
        let but = named.iter().chain([&it.from]).cloned().collect();
        told.room(event("2"), Audience::But(but), None);
    }
    if !named.is_empty() {
        told.room(event(if it.mentions_all { "1,2" } else { "1" }), Audience::Only(named), None);
    }
    Ok(())
}
