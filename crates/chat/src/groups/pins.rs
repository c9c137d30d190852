//! Pinned messages. `spec/client/commands/group_open_http_svc.pin_message.yaml`.

use proto::{Code, Fail, json::quote};
use store::{
    Tx,
    group_messages::{self as log, GroupMessage, flag},
    group_pins as rows,
};

use super::{
    Action, Group, Kind, SYSTEM, Topic, find, may, member_in, open,
    told::{Told, change},
    view, wire,
};
use crate::{Cx, accounts::tiny_id, error::Error, fan_out::Audience};

/// Pins of a group or topic.
const PINS_MAX: usize = 10;
/// `OpType` of the tips.
const PINNED: i64 = 16;
const UNPINNED: i64 = 17;

fn denied(info: &'static str) -> Error {
    Fail::with(Code::GroupDenied, info).into()
}

fn unknown(info: &'static str) -> Error {
    Fail::with(Code::GroupRecallUnknown, info).into()
}

/// Pins a message for all members.
pub async fn pin(cx: &Cx, group_id: &str, topic: Option<&str>, seq: i64) -> Result<(), Error> {
    let at = cx.clone();
    with(cx, group_id, topic, move |tx, told, (group, topic)| {
        let (lane, since) = (view::lane(group, topic), view::since(&at));
        let found = log::get(tx, lane, seq)?;
        let found =
            found.filter(|it| it.time >= since && !it.has(flag::RECALLED | flag::DELETED | flag::TIP));
        let message = found.ok_or_else(|| unknown("there is no such message to be pinned"))?;
        let pins = rows::all(tx, lane, since)?;
        if pins.iter().any(|it| it.seq == seq) {
            return Err(Code::GroupPinnedAlready.into());
        }
        if pins.len() >= PINS_MAX {
            return Err(Code::GroupPinsFull.into());
        }
        rows::insert(tx, lane, seq, at.caller.user(), at.chat.clock.millis())?;
        let more = format!(",\"PinnedMsg\":{}", wire::item(group, topic, &message));
        tell(tx, &at, told, (group, topic), &message, PINNED, &more)
    })
    .await
}

/// Ends a pin, whoever made it.
pub async fn unpin(cx: &Cx, group_id: &str, topic: Option<&str>, seq: i64) -> Result<(), Error> {
    let at = cx.clone();
    with(cx, group_id, topic, move |tx, told, (group, topic)| {
        let (lane, since) = (view::lane(group, topic), view::since(&at));
        let was_pinned = rows::remove(tx, lane, seq)?;
        let message = log::get(tx, lane, seq)?.filter(|it| was_pinned && it.time >= since);
        let message = message.ok_or_else(|| unknown("the message is not pinned"))?;
        let more = format!(
            ",\"SdkGroupMessageId\":{{\"SenderTinyId\":\"{}\",\"MsgClientTime\":{},\"MsgRandom\":{},\
             \"ServerTime\":{},\"MsgSeq\":{seq}}}",
            tiny_id(message.tiny),
            message.client_time,
            message.random,
            message.time
        );
        tell(tx, &at, told, (group, topic), &message, UNPINNED, &more)
    })
    .await
}

/// Runs a change of the pins by somebody who may make it.
async fn with(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    work: impl FnOnce(&mut dyn Tx, &mut Told, (&Group, Option<&Topic>)) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    if find(cx, group_id).await?.kind == Kind::AvChatRoom {
        return Err(denied("messages of an AVChatRoom cannot be pinned"));
    }
    let place = view::place(cx, group_id, topic).await?;
    let (number, user) = (place.group.number(), cx.caller.user().to_owned());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        let role = member_in(tx, number, &user)?.map(|it| it.role);
        if !role.is_some_and(|it| may(group.kind, it, Action::Pin)) {
            return Err(denied("only owner and admins may pin messages"));
        }
        work(tx, told, (&group, place.topic.as_deref()))
    })
    .await
}

/// Tip 16 or 17, which has no number and is not stored.
fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    message: &GroupMessage,
    op: i64,
    more: &str,
) -> Result<(), Error> {
    let user = cx.caller.user();
    let shown = wire::Shown::read(tx, cx.app.id, group.number(), user)?;
    let tip = GroupMessage {
        time: cx.chat.clock.now(),
        client_time: cx.chat.clock.now(),
        random: cx.chat.random.u32().into(),
        client_seq: cx.chat.random.u32().into(),
        flags: flag::TIP,
        priority: 2,
        sender: SYSTEM.to_owned(),
        body: format!(
            "{{\"OpType\":{op},\"Operator_Account\":{},\"MsgOperatorMemberExtraInfo\":{}{more}}}",
            quote(user),
            shown.json()
        ),
        ..GroupMessage::default()
    };
    let audience = match message.has(flag::TARGETED) {
        true => Audience::Only([view::users(&message.targets)?, vec![message.sender.clone()]].concat()),
        false => Audience::All,
    };
    told.room(wire::tips_event(4, &wire::item(group, topic, &tip)), audience, None);
    Ok(())
}

/// Pinned messages with who pinned them, the oldest pin first.
pub async fn pinned(cx: &Cx, group_id: &str, topic: Option<&str>) -> Result<Vec<(i64, String)>, Error> {
    let place = view::place(cx, group_id, topic).await?;
    let (lane, since) = (place.lane(), view::since(cx));
    let pins = cx.chat.db.read(move |tx| rows::all(tx, lane, since)).await?;
    Ok(pins.into_iter().map(|it| (it.seq, it.pinned_by)).collect())
}
