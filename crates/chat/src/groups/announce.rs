//! Notices and messages of a backend to who is online: to a group, and to all live rooms.
//!
//! Contract: `spec/rest/group_open_http_svc.send_group_system_notification.yaml`,
//! `spec/rest/group_open_http_svc.send_broadcast_msg.yaml`.

use std::{collections::HashSet, sync::Arc};

use proto::{Code, Fail, element::Body, json::quote};
use store::{group_messages::GroupMessage, groups as rows, notices as numbers};

use super::{
    Group, Kind, SYSTEM, find, live_rooms, making_key,
    notices::Report,
    open,
    recent::{Identity, Known},
    send::check_size,
    told::change,
    topic, wire,
};
use crate::{
    Cx,
    accounts::{self, Account},
    error::Error,
    fan_out::{Audience, Event},
};

/// Most bytes of a notice's text, and members that it is addressed to by name.
const CONTENT_BYTES_MAX: usize = 12_288;
pub const RECEIVERS_MAX: usize = 500;
/// How long a broadcast that is sent again is recognised, in seconds.
const AGAIN_SECONDS: i64 = 300;
/// Broadcasts are remembered and counted beside the messages of groups, whose numbers begin with 1.
const NO_LANE: i64 = 0;
/// Rooms read in one step.
const STEP: i64 = 500;
/// Broadcasts a second, unless the app has a rate of its own for the command.
const RATE: u32 = 1;
/// `MsgPriority` High.
const HIGH: i64 = 1;

fn bad(info: &'static str) -> Error {
    Fail::with(Code::GroupParam, info).into()
}

/// A notice of the application to the members that are online, or to those of them that are named.
pub async fn notify(
    cx: &Cx,
    group_id: &str,
    topic_id: Option<&str>,
    content: &str,
    users: Vec<String>,
) -> Result<(), Error> {
    let group = find(cx, group_id).await?;
    let topic = match topic_id {
        Some(id) => Some(topic(cx, &group, id).await?),
        None => None,
    };
    if content.is_empty() || content.len() > CONTENT_BYTES_MAX {
        return Err(bad("Content must have 1 to 12288 bytes"));
    }
    if group.kind == Kind::AvChatRoom {
        if !users.is_empty() {
            return Err(bad("an AVChatRoom is notified as a whole, without ToMembers_Account"));
        }
        live_rooms::prepare(cx, &group).await?;
    }
    let body = format!(
        "{{\"ReportType\":{},\"Operator_Account\":{},\"MsgKey\":{},\"UserDefinedField\":{}}}",
        Report::Custom as i64,
        quote(cx.caller.user()),
        cx.chat.clock.millis(),
        quote(content)
    );
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        let (time, topic) = (at.chat.clock.now(), topic.as_deref());
        // A client replaces these numbers with its own: the notice is in nobody's list.
        let item = |seq| wire::Unstored { group: &group, topic, to: None, seq, random: 1, time }.item(&body);
        let item = match group.kind {
            Kind::AvChatRoom => at.app.groups.rooms.tip(number, time, item),
            _ => item(1),
        };
        told.room(wire::tips_event(5, &item), audience(&group, users), None);
        Ok(())
    })
    .await
}

/// Only the owner sees a group that waits for its first message.
fn audience(group: &Group, mut users: Vec<String>) -> Audience {
    match (group.row.active, users.is_empty()) {
        (true, true) => Audience::All,
        (true, false) => Audience::Only(users),
        (false, true) => Audience::Only(vec![group.row.owner.clone()]),
        (false, false) => {
            users.retain(|it| *it == group.row.owner);
            Audience::Only(users)
        }
    }
}

/// A message to whoever is in a live room now, once to each. Returns its number in the app.
pub async fn broadcast(cx: &Cx, from: &str, random: u32, body: Body, cloud: String) -> Result<i64, Error> {
    let sender = accounts::find_active(cx, from).await?;
    let sender =
        sender.ok_or_else(|| Fail::with(Code::GroupAccountUnknown, "From_Account does not exist"))?;
    check_size(cx, body.json(), &cloud)?;
    let message = new_message(cx, from, random, &body, cloud, &sender);
    let (now, sent) = (message.time, &cx.app.groups.sent);
    let identity: Identity = (NO_LANE, message.tiny, message.random, message.crc);
    if let Known::Sent(seq) = sent.recall(&identity, now - AGAIN_SECONDS, now) {
        return Ok(seq);
    }
    let rate = cx.app.state().settings.command_rate("group_open_http_svc", "send_broadcast_msg", Some(RATE));
    if !sent.take_rate(NO_LANE, now, rate.into()) {
        return Err(Code::GroupMsgRate.into());
    }
    let app = cx.app.id;
    let seq = cx.chat.db.write(making_key(app), move |tx| numbers::next_number(tx, app, SYSTEM)).await?;
    sent.note(identity, now, seq, AGAIN_SECONDS);
    deliver(cx, &message).await?;
    Ok(seq)
}

fn new_message(
    cx: &Cx,
    from: &str,
    random: u32,
    body: &Body,
    cloud: String,
    sender: &Account,
) -> GroupMessage {
    let time = cx.chat.clock.now();
    GroupMessage {
        time,
        random: random.into(),
        priority: HIGH,
        crc: crate::messages::checksum(body.json(), &cloud),
        sender: from.to_owned(),
        tiny: accounts::tiny_number(&sender.tiny_id),
        client_time: time,
        client_seq: cx.chat.random.u32().into(),
        nick: sender.nick.clone(),
        face: sender.face.clone(),
        cloud,
        body: body.json().to_owned(),
        ..GroupMessage::default()
    }
}

/// Into each room that somebody is in who did not get it in another.
async fn deliver(cx: &Cx, message: &GroupMessage) -> Result<(), Error> {
    let (mut served, mut after): (HashSet<Arc<str>>, i64) = (HashSet::new(), 0);
    let app = cx.app.id;
    loop {
        let page =
            cx.chat.db.read(move |tx| rows::page(tx, app, Kind::AvChatRoom as i64, after, STEP)).await?;
        for (number, id) in &page {
            let seats = cx.app.live.seats(*number);
            let (again, new): (Vec<_>, Vec<_>) =
                seats.into_iter().map(|it| it.0).partition(|it| served.contains(it));
            if new.is_empty() {
                continue;
            }
            into_room(cx, id, message, again).await?;
            served.extend(new);
        }
        match page.last() {
            Some(last) if page.len() as i64 == STEP => after = last.0,
            _ => return Ok(()),
        }
    }
}

/// It has the room's next number, as everything in a room must.
async fn into_room(cx: &Cx, id: &str, message: &GroupMessage, but: Vec<Arc<str>>) -> Result<(), Error> {
    let group = match find(cx, id).await {
        Ok(it) => it,
        // It was dismissed meanwhile.
        Err(Error::Fail(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    live_rooms::prepare(cx, &group).await?;
    let slot = cx.chat.fan_out.slot().await;
    let item = cx.app.groups.rooms.tip(group.number(), message.time, |seq| {
        let mut item = wire::item(&group, None, &GroupMessage { seq, ..message.clone() });
        item.insert_str(1, "\"IsBroadcastMessage\":true,");
        item
    });
    let but: HashSet<_> = but.iter().map(|it| it.to_string()).collect();
    let event = Event::Room {
        group: group.number(),
        json: wire::message_event(&item),
        audience: if but.is_empty() { Audience::All } else { Audience::But(but.into()) },
        except: None,
        is_message: true,
    };
    cx.chat.fan_out.hand_over(&cx.app, group.number(), vec![event], message.time, slot);
    Ok(())
}
