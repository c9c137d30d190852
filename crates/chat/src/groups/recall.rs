//! Recalling messages for everybody. `spec/rest/group_open_http_svc.group_msg_recall.yaml`,
//! `spec/rest/group_open_http_svc.delete_group_msg_by_sender.yaml`, `spec/concepts/message-format.md` 17.

use std::fmt::Write;

use proto::{Code, json::quote};
use store::{
    StoreError, Tx,
    additions::{self, Of},
    group_mentions as mentions,
    group_messages::{self as log, GroupMessage, flag},
    group_pins as pins, group_recalls as recalls, search_logs,
};

use super::{
    Action, Group, Kind, Role, SYSTEM, Told, Topic, backend, may, may_act_on, member_in, open,
    told::change,
    view::{self, is_among},
    wire,
};
use crate::{Cx, accounts::tiny_id, error::Error, fan_out::Audience};

/// Most messages of one call.
pub const MESSAGES_MAX: usize = 10;
/// Most bytes of a reason.
pub const REASON_BYTES_MAX: usize = 100;
/// Numbers of a log that are looked through for what one account sent.
const LAST_NUMBERS: i64 = 1000;
/// How old a message of a live room may be that is recalled, also by a backend. Seconds.
const ROOM_WINDOW_SECONDS: i64 = 3600;
const MICROS_PER_MILLI: i64 = 1000;

/// What became of each message: its number and code, 0 for recalled.
pub type Outcomes = Vec<(i64, i64)>;

/// Recalls messages, each for itself. A client may recall its own, and those of members it stands above, within the
/// app's window; a backend all that are in the history.
pub async fn recall(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    numbers: Vec<i64>,
    reason: &str,
) -> Result<Outcomes, Error> {
    if !cx.app.state().settings.messages_group_recall_enabled {
        return Err(Code::GroupRecallOff.into());
    }
    let place = view::place(cx, group_id, topic).await?;
    let number = place.group.number();
    let revoker = wire::revoker(cx.caller.user(), reason);
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        let topic = place.topic.as_deref();
        let role = match at.is_admin() {
            true => None,
            false => Some(member_in(tx, number, at.caller.user())?.ok_or(Code::GroupDenied)?.role),
        };
        let (mut outcomes, mut done) = (Vec::with_capacity(numbers.len()), Vec::new());
        for seq in numbers {
            let code = match checked(tx, &at, (&group, topic), role, seq)? {
                Ok(message) if group.kind == Kind::AvChatRoom => {
                    at.app.groups.rooms.recall(number, seq);
                    done.push(message);
                    0
                }
                Ok(message) => {
                    withdraw(tx, &message, 0, &revoker)?;
                    let now = at.chat.clock.millis() * MICROS_PER_MILLI;
                    recalls::note(tx, message.lane, seq, now)?;
                    done.push(message);
                    0
                }
                Err(code) => code.number(),
            };
            outcomes.push((seq, code));
        }
        tell(tx, &at, told, (&group, topic), &done, &revoker)?;
        backend::recalled(tx, &at, (&group, topic), &done)?;
        Ok(outcomes)
    })
    .await
}

/// The message, if it may be recalled by somebody of this role; `None` is a backend.
fn checked(
    tx: &mut dyn Tx,
    cx: &Cx,
    (group, topic): (&Group, Option<&Topic>),
    role: Option<Role>,
    seq: i64,
) -> Result<Result<GroupMessage, Code>, Error> {
    let found = match group.kind {
        Kind::AvChatRoom => cx.app.groups.rooms.said(group.number(), seq),
        _ => log::get(tx, view::lane(group, topic), seq)?,
    };
    let found = found.filter(|it| it.time >= view::since(cx) && !it.has(flag::DELETED));
    let Some(message) = found else { return Ok(Err(Code::GroupRecallUnknown)) };
    if message.has(flag::TIP | flag::RECALLED) {
        return Ok(Err(Code::GroupRecallRefused));
    }
    let too_old = |seconds: i64| message.time < cx.chat.clock.now() - seconds;
    if group.kind == Kind::AvChatRoom && too_old(ROOM_WINDOW_SECONDS) {
        return Ok(Err(Code::GroupRecallTooLate));
    }
    let Some(role) = role else { return Ok(Ok(message)) };
    if message.sender != cx.caller.user() {
        let sender = member_in(tx, group.number(), &message.sender)?;
        let stands_above = match sender {
            Some(it) => may_act_on(role, it.role),
            None => !cx.app.is_admin(&message.sender),
        };
        if !(stands_above && may(group.kind, role, Action::RecallOthers)) {
            return Ok(Err(Code::GroupDenied));
        }
    }
    let window = cx.app.state().settings.messages_recall_window_seconds;
    match too_old(window) {
        true => Ok(Err(Code::GroupRecallTooLate)),
        false => Ok(Ok(message)),
    }
}

/// Marks a message as recalled, and ends what hangs on it.
fn withdraw(tx: &mut dyn Tx, it: &GroupMessage, flags: i64, revoker: &str) -> Result<(), StoreError> {
    log::recall(tx, it.lane, it.seq, flags, revoker)?;
    search_logs::note_group(tx, it)?;
    mentions::remove(tx, it.lane, it.seq)?;
    pins::remove(tx, it.lane, it.seq)?;
    additions::remove(tx, Of::in_group(it))?;
    Ok(())
}

/// Tells the members of recalled messages; of one that only some may see, those.
fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    done: &[GroupMessage],
    revoker: &str,
) -> Result<(), Error> {
    let (targeted, open): (Vec<_>, Vec<_>) = done.iter().partition(|it| it.has(flag::TARGETED));
    let shown = wire::Shown::read(tx, cx.app.id, group.number(), cx.caller.user())?;
    let mut event = |messages: &[&GroupMessage], audience: Audience| {
        let items = messages.iter().map(|it| withdrawn(group, topic, it, revoker));
        let info = format!(
            "{},\"From_AccountNick\":{},\"From_AccountHeadurl\":{}",
            wire::group_info(group, topic, cx.caller.user()),
            wire::or_empty(&shown.nick),
            wire::or_empty(&shown.face)
        );
        let item = format!(
            "{{\"From_Account\":\"{SYSTEM}\",\"ToGroupId\":{},\"MsgSeq\":0,\"MsgRandom\":{},\
             \"MsgTimeStamp\":{},\"GroupInfo\":{{{info}}},\"RevokerInfo\":{revoker},\
             \"MsgBody\":{{\"GroupWithdrawInfoArray\":[{}]}}}}",
            quote(group.id()),
            cx.chat.random.u32(),
            cx.chat.clock.now(),
            items.collect::<Vec<_>>().join(",")
        );
        told.room(wire::tips_event(5, &item), audience, cx.caller.instance());
    };
    if !open.is_empty() {
        event(&open, Audience::All);
    }
    for it in targeted {
        let mut users = view::users(&it.targets)?;
        users.push(it.sender.clone());
        event(&[it], Audience::Only(users));
    }
    Ok(())
}

/// An entry of `GroupWithdrawInfoArray`.
fn withdrawn(group: &Group, topic: Option<&Topic>, it: &GroupMessage, revoker: &str) -> String {
    let mut out = format!("{{\"GroupId\":{}", quote(group.id()));
    if let Some(topic) = topic {
        _ = write!(out, ",\"TopicId\":{}", quote(&topic.topic_id));
    }
    _ = write!(
        out,
        ",\"MsgSeq\":{},\"MsgRandom\":{},\"MsgTimeStamp\":{},\"MsgClientTime\":{},\"TinyId\":\"{}\",\
         \"From_Account\":{},\"RevokerInfo\":{revoker}}}",
        it.seq,
        it.random,
        it.time,
        it.client_time,
        tiny_id(it.tiny),
        quote(&it.sender)
    );
    out
}

/// Recalls what an account said lately without telling anybody; what is unread stays so.
pub async fn recall_all_of(cx: &Cx, group_id: &str, topic: Option<&str>, sender: &str) -> Result<(), Error> {
    let place = view::place(cx, group_id, topic).await?;
    if place.group.kind == Kind::AvChatRoom {
        return Ok(());
    }
    let (lane, number) = (place.lane(), place.group.number());
    let (sender, revoker) = (sender.to_owned(), wire::revoker(cx.caller.user(), ""));
    change(cx, number, move |tx, _| {
        open(tx, number)?;
        let above = log::newest_seq(tx, lane)? - LAST_NUMBERS;
        for seq in log::said_by(tx, lane, &sender, above)? {
            let it = GroupMessage { lane, seq, ..GroupMessage::default() };
            withdraw(tx, &it, flag::QUIETLY, &revoker)?;
        }
        Ok(())
    })
    .await
}

/// What a client asks of one group: recalls of so many microseconds, the last included.
pub struct Missed {
    pub group_id: String,
    pub since: i64,
    pub until: i64,
    pub limit: i64,
}

/// Recalls that a client may not know of, and from where to ask again; 0 for the end.
#[derive(Default)]
pub struct Found {
    /// As `NotifyMsgList`.
    pub items: Vec<String>,
    pub next: i64,
}

/// Recalls in one group, for a member; for others there are none.
pub async fn missed(cx: &Cx, wanted: &Missed) -> Result<Found, Error> {
    let place = match view::place(cx, &wanted.group_id, None).await {
        Ok(it) => it,
        Err(Error::Fail(_)) => return Ok(Found::default()),
        Err(error) => return Err(error),
    };
    let (at, times, limit) = (cx.clone(), (wanted.since, wanted.until), wanted.limit);
    let read = cx.chat.db.read(move |tx| {
        let (lane, user) = (place.lane(), at.caller.user());
        let Some(member) = store::group_members::get(tx, lane, user)? else {
            return Ok(Found::default());
        };
        let low = view::floor(tx, &at, (&place.group, None), &member)?;
        let mut found = recalls::between(tx, lane, times, low, limit + 1)?;
        let next = if found.len() as i64 > limit { found.pop().map_or(0, |it| it.at) } else { 0 };
        let mut items = Vec::with_capacity(found.len());
        for it in found {
            if it.flags & flag::TARGETED == 0 || it.sender == user || is_among(&it.targets, user)? {
                items.push(format!(
                    "{{\"MsgSeq\":{},\"MsgRandom\":{},\"RevokerInfo\":{}}}",
                    it.seq, it.random, it.revoker
                ));
            }
        }
        Ok::<_, Error>(Found { items, next })
    });
    read.await
}
