//! Sending to groups and topics. The order of work is that of `spec/rest/group_open_http_svc.send_group_msg.yaml`.
//!
//! One row is written, whatever the number of members; who is online gets the message from the fan-out.

mod hooked;
mod repeated;

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use proto::{
    Code, Fail,
    element::{Body, message_bytes},
    json::quote,
};
use store::{
    StoreError, Tx, group_members as members,
    group_messages::{self as log, GroupMessage, flag},
    groups as rows,
};
use tokio::sync::MutexGuard;

use super::{
    Action, Group, Kind, Member, Role, Told, Topic, backend, discards, find, key, live_rooms, make::added,
    may, member, member_in, mentions, open, receipts, topic, wire,
};
use crate::{
    Caller, Cx,
    accounts::{self, Account},
    error::Error,
    fan_out::Audience,
    messages::{Hooked, platform_bits},
    offline_push,
};

use hooked::Answered;
pub(super) use hooked::queue_sent;
use repeated::{find_first, identity, sent_before};

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
    /// OfflinePushInfo as JSON, empty for none.
    pub push_info: String,
    /// In the order of the text; `None` is everybody.
    pub mentions: Vec<Option<String>>,
    pub targets: Vec<String>,
    pub options: Options,
    pub hooks: Hooked,
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
    let it = Arc::new(it);
    let mut draft = match check(cx, &it).await {
        Ok(Checked::New(it)) => it,
        Ok(Checked::Known(first)) => return Ok(first),
        Err(error) => return Err(hooked::not_sent(cx, &it, error).await),
    };
    let sent = if hooked::may_ask(cx) {
        let turn = cx.app.hooks.turns.queue(hooked::turn_key(cx, &draft.message));
        drop(order);
        // Held until the message is stored, so that one sent again finds it.
        let _turn = turn.await;
        match hooked::ask_about(cx, &it, &mut draft).await? {
            Answered::Done(answer) => return Ok(answer),
            Answered::Go => {
                // The second and the rate are those of now, not of when the question was asked.
                draft.message.time = cx.chat.clock.now();
                hand_in(cx, it.clone(), draft, None).await
            }
        }
    } else {
        hand_in(cx, it.clone(), draft, order).await
    };
    match sent {
        Ok(sent) if sent.dropped => hooked::dropped(cx, &it).await.map(|()| sent),
        Ok(sent) => Ok(sent),
        Err(error) => Err(hooked::not_sent(cx, &it, error).await),
    }
}

/// A message that may be sent, and where to.
struct Draft {
    group: Arc<Group>,
    topic: Option<Arc<Topic>>,
    message: GroupMessage,
    receipt_code: i64,
    /// By the app's backend: the sending session does not know its content.
    is_rewritten: bool,
    /// Who wants no messages of the topic.
    discards: Arc<HashSet<String>>,
}

enum Checked {
    New(Box<Draft>),
    /// It was sent before, with this answer.
    Known(Sent),
}

/// Everything that can be told before the message is stored.
async fn check(cx: &Cx, it: &Outgoing) -> Result<Checked, Error> {
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
    let receipt_code = check_options(cx, &group, it)?;
    let mut message = new_message(cx, &group, topic.as_deref(), it, &sender, receipt_code == 0);
    if let Some(first) = sent_before(cx, &message).await? {
        return Ok(Checked::Known(first));
    }
    check_sender(cx, &group, topic.as_deref(), it, &sender).await?;
    message.card = member(cx, &group, &it.from).await?.map_or_else(String::new, |it| it.row.card.clone());
    let discards = match &topic {
        Some(topic) => discards::of(cx, &group, topic).await?,
        None => Arc::default(),
    };
    let draft = Draft { group, topic, message, receipt_code, is_rewritten: false, discards };
    Ok(Checked::New(Box::new(draft)))
}

/// Stores a message; `order` is given up once it has its place in the queue.
async fn hand_in(
    cx: &Cx,
    it: Arc<Outgoing>,
    draft: Box<Draft>,
    order: Option<MutexGuard<'_, ()>>,
) -> Result<Sent, Error> {
    if draft.group.kind == Kind::AvChatRoom {
        return live_rooms::say(cx, it, draft.group, (draft.message, draft.is_rewritten)).await;
    }
    let slot = cx.chat.fan_out.slot().await;
    let (at, after) = (cx.clone(), cx.clone());
    let number = draft.group.number();
    let pending = cx.chat.db.write_then(
        key(cx.app.id, number),
        move |tx| {
            let mut told = Told::new(number);
            told.hold(slot);
            let receipt_code = draft.receipt_code;
            let sent = store(tx, &at, &it, draft, &mut told)?;
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
    let is_special =
        options.online_only || has_control || !it.targets.is_empty() || it.mentions.contains(&None);
    if group.kind == Kind::AvChatRoom && is_special {
        return Err(bad("an AVChatRoom has no OnlineOnlyFlag, SendMsgControl, To_Account or mention of all"));
    }
    if !it.targets.is_empty() {
        if !it.mentions.is_empty() {
            return Err(bad("To_Account does not go with GroupAtInfo"));
        }
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
    let is_small = matches!(group.kind, Kind::Private | Kind::Public | Kind::ChatRoom)
        && group.row.members <= RECEIPT_MEMBERS_MAX;
    let code = match (state.settings.features_read_receipts, options.online_only, is_small) {
        (false, ..) => Code::GroupFeatureOff,
        (true, true, _) => Code::GroupReceiptOnlineOnly,
        (true, false, false) => Code::GroupReceiptTooLarge,
        (true, false, true) => return Ok(0),
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
    if cx.app.is_admin(&it.from) {
        return Ok(());
    }
    let member = member(cx, group, &it.from).await?;
    if !cx.is_admin() && member.is_none() {
        return Err(denied("only members may send"));
    }
    if !cx.is_admin() && !group.row.active && group.row.owner != it.from {
        return Err(denied("the group waits for the first message of its owner"));
    }
    check_muted(cx, group, topic, (&it.from, sender), member.as_deref()).await
}

/// Refuses somebody who may not speak now with 10017, for a mute of its own or of everybody.
pub(super) async fn check_muted(
    cx: &Cx,
    group: &Group,
    topic: Option<&Topic>,
    (user, sender): (&str, &Account),
    member: Option<&Member>,
) -> Result<(), Error> {
    let (now, muted) = (cx.chat.clock.now(), || Error::from(Code::GroupMuted));
    if now < sender.muted_until.1 || member.is_some_and(|it| now < it.muted_until) {
        return Err(muted());
    }
    let role = member.map(|it| it.role);
    let is_leader = role.is_some_and(|it| may(group.kind, it, Action::SpeakUnderMuteAll));
    let all_muted = group.row.muted_all || topic.is_some_and(|it| it.muted_all);
    if all_muted && !is_leader && role != Some(Role::Owner) {
        return Err(muted());
    }
    let Some(topic) = topic.map(|it| it.id) else { return Ok(()) };
    let user = user.to_owned();
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
    GroupMessage {
        lane: topic.map_or(group.number(), |it| it.id),
        time,
        random: it.random.into(),
        flags,
        priority: it.priority,
        // CloudCustomData makes no difference between two messages.
        crc: crate::messages::checksum(it.body.json(), ""),
        sender: it.from.clone(),
        tiny: accounts::tiny_number(&sender.tiny_id),
        client_time: it.client.map_or(time, |it| it.1),
        client_seq: it.client.map_or_else(|| cx.chat.random.u32().into(), |it| it.0),
        nick: sender.nick.clone(),
        face: sender.face.clone(),
        cloud: it.cloud.clone(),
        body: it.body.json().to_owned(),
        mentions: mentions::list(&it.mentions),
        targets: list(&it.targets),
        ..GroupMessage::default()
    }
}

/// User ids as a JSON list, or an empty text for none.
fn list(names: &[String]) -> String {
    match names.is_empty() {
        true => String::new(),
        false => format!("[{}]", names.iter().map(|it| quote(it)).collect::<Vec<_>>().join(",")),
    }
}

/// Runs inside the transaction.
fn store(tx: &mut dyn Tx, cx: &Cx, it: &Outgoing, draft: Box<Draft>, told: &mut Told) -> Result<Sent, Error> {
    let mut group = open(tx, draft.group.number())?;
    let (topic, mut message) = (draft.topic.as_deref(), draft.message);
    let (is_rewritten, discards) = (draft.is_rewritten, draft.discards);
    let settings = &cx.app.state().settings.clone();
    let (now, known) = (message.time, &cx.app.groups.sent);
    if let Some(first) = find_first(tx, cx, &message)? {
        return Ok(first);
    }
    if it.options.online_only {
        deliver(cx, told, (&group, topic), it, (&message, is_rewritten), discards);
        hooked::tell_sent(tx, cx, it, (&group, topic), &message)?;
        return Ok(Sent { time: now, ..Sent::default() });
    }
    if !known.take_turn(message.lane, now, settings.groups_messages_per_second, message.priority) {
        return Ok(Sent { time: now, dropped: true, ..Sent::default() });
    }
    if !group.row.active && (cx.is_admin() || group.row.owner == it.from) {
        activate(tx, cx, told, &mut group)?;
    }
    if !it.targets.is_empty() {
        message.targets = members_of(tx, &group, &it.targets)?;
    }
    message.seq = log::append(tx, &message)?;
    offline_push::post_group(tx, cx, group.number(), &message, &it.push_info)?;
    let audience = match message.has(flag::WANTS_RECEIPT) {
        true => Some(receipts::keep_audience(tx, &group, &message)?),
        false => None,
    };
    known.note(identity(&message), now, message.seq, settings.messages_group_dedup_seconds);
    deliver(cx, told, (&group, topic), it, (&message, is_rewritten), discards);
    if !it.mentions.is_empty() {
        mentions::remind(tx, cx, told, (&group, topic), &it.mentions, &message)?;
    }
    told.sent(&it.from);
    hooked::tell_sent(tx, cx, it, (&group, topic), &message)?;
    if let Some(audience) = audience {
        backend::receipts(tx, cx, &group, &[(message.seq, 0, audience)], None)?;
    }
    Ok(Sent { time: now, seq: message.seq, ..Sent::default() })
}

/// Those of the users that are members, as a JSON list, empty or not.
fn members_of(tx: &mut dyn Tx, group: &Group, users: &[String]) -> Result<String, StoreError> {
    let mut there = Vec::new();
    for user in users {
        if member_in(tx, group.number(), user)?.is_some() {
            there.push(quote(user));
        }
    }
    Ok(format!("[{}]", there.join(",")))
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

/// Who is online gets it.
fn deliver(
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    it: &Outgoing,
    (message, is_rewritten): (&GroupMessage, bool),
    discards: Arc<HashSet<String>>,
) {
    let mut item = wire::item(group, topic, message);
    if it.options.online_only {
        item.insert_str(1, "\"OnlineOnlyFlag\":1,");
    }
    let audience = match (it.targets.is_empty(), topic) {
        (false, _) => Audience::Only(it.targets.iter().chain([&it.from]).cloned().collect()),
        (true, None) => Audience::All,
        (true, Some(_)) => Audience::But(discards),
    };
    let mut except = cx.caller.instance();
    if is_rewritten {
        item.insert_str(1, wire::MODIFIED);
        except = None;
    }
    told.message(wire::message_event(&item), audience, except);
}
