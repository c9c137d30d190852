//! Messages of groups and topics that something is added to. See [`crate::additions`].

use proto::{Code, Fail};
use store::{
    Tx,
    additions::Of,
    group_messages::{self as log, GroupMessage, flag},
};

use super::{
    Kind, find, member_in,
    modify::Named,
    open,
    told::change as change_group,
    view::{self, Place},
};
use crate::{
    Cx,
    accounts::tiny_id,
    additions::{Done, Site, Target, Tell, unknown},
    error::Error,
    fan_out::Audience,
};

/// Looks up where the message stands; live rooms keep none.
async fn place(cx: &Cx, group: &str, topic: Option<&str>, in_live_room: Code) -> Result<Place, Error> {
    if find(cx, group).await?.kind == Kind::AvChatRoom {
        return Err(Fail::with(in_live_room, "messages of an AVChatRoom are not kept").into());
    }
    view::place(cx, group, topic).await
}

/// The message, if it is there and the caller may know of it.
fn message(tx: &mut dyn Tx, cx: &Cx, lane: i64, seq: i64) -> Result<Option<GroupMessage>, Error> {
    let gone = flag::RECALLED | flag::DELETED | flag::TIP;
    let found = log::get(tx, lane, seq)?.filter(|it| it.time >= view::since(cx) && !it.has(gone));
    match found {
        Some(it) if cx.is_admin() || view::is_meant_for(&it, cx.caller.user())? => Ok(Some(it)),
        _ => Ok(None),
    }
}

fn target(tx: &mut dyn Tx, cx: &Cx, place: &Place, seq: i64) -> Result<(GroupMessage, Target), Error> {
    // Somebody may have left, or the group may be gone, since it was looked up.
    let number = place.group.number();
    open(tx, number)?;
    if !cx.is_admin() {
        member_in(tx, number, cx.caller.user())?.ok_or(Code::GroupDenied)?;
    }
    let message = message(tx, cx, place.lane(), seq)?.ok_or_else(unknown)?;
    let target = Target {
        of: Of::in_group(&message),
        is_extensible: message.has(flag::EXTENSIBLE),
        tiny_id: tiny_id(message.tiny),
        client_time: message.client_time,
        random: message.random,
        site: Site::InGroup {
            group: place.group.id().to_owned(),
            topic: place.topic.as_ref().map(|it| it.topic_id.clone()),
            seq,
        },
    };
    Ok((message, target))
}

/// Runs a change, and tells the members; of a message for some of them only those.
pub(crate) async fn change<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    in_live_room: Code,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Done<T> + Send + 'static,
) -> Result<T, Error> {
    let place = place(cx, &named.group, named.topic.as_deref(), in_live_room).await?;
    let at = cx.clone();
    change_group(cx, place.group.number(), move |tx, told| {
        let (message, target) = target(tx, &at, &place, named.seq)?;
        let (result, events) = work(tx, &target)?;
        let audience = match message.has(flag::TARGETED) {
            true => Audience::Only([view::users(&message.targets)?, vec![message.sender]].concat()),
            false => Audience::All,
        };
        for it in events {
            match it {
                Tell::Others(json) => told.room(json, audience.clone(), at.caller.instance()),
                Tell::Everybody(json) => told.room(json, audience.clone(), None),
                Tell::Own(json) => told.user(at.caller.user(), json, None),
            }
        }
        Ok(result)
    })
    .await
}

pub(crate) async fn read<T: Send + 'static>(
    cx: &Cx,
    named: Named,
    in_live_room: Code,
    work: impl FnOnce(&mut dyn Tx, &Target) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = place(cx, &named.group, named.topic.as_deref(), in_live_room).await?;
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let (_, target) = target(tx, &at, &place, named.seq)?;
        work(tx, &target)
    });
    read.await
}

/// Messages of a group or topic by their numbers; what is not there is `None`.
pub(crate) async fn read_several<T: Send + 'static>(
    cx: &Cx,
    (group, topic): (&str, Option<&str>),
    numbers: Vec<i64>,
    in_live_room: Code,
    work: impl FnOnce(&mut dyn Tx, &[Option<Of>]) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let place = place(cx, group, topic, in_live_room).await?;
    let (at, lane) = (cx.clone(), place.lane());
    let read = cx.chat.db.read(move |tx| {
        let mut found = Vec::with_capacity(numbers.len());
        for seq in numbers {
            found.push(message(tx, &at, lane, seq)?.map(|it| Of::in_group(&it)));
        }
        work(tx, &found)
    });
    read.await
}
