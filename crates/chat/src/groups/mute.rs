//! Keeping single users from speaking in a group or topic. `spec/concepts/group-system.md` 10.
//!
//! Contract: `spec/rest/group_open_http_svc.forbid_send_msg.yaml`,
//! `spec/rest/group_open_http_svc.get_group_muted_account.yaml`.

use proto::{Code, Fail, json::quote};
use store::{StoreError, Tx, group_members as members};

use super::{
    Group, Kind, Told, Topic, find, open,
    tips::{self, Change, Op, Tip},
    told::change,
    topic,
};
use crate::{Cx, error::Error};

/// A mute for so many seconds has no end, and is shown as this second.
const FOR_EVER: u32 = u32::MAX;

/// Until which second a mute of so many seconds runs; 0 for none.
fn until(cx: &Cx, seconds: u32) -> i64 {
    match seconds {
        0 => 0,
        FOR_EVER => FOR_EVER.into(),
        seconds => cx.chat.clock.now() + i64::from(seconds),
    }
}

/// How many seconds a mute until this second still runs; one without an end has 4294967295.
pub fn seconds_left(cx: &Cx, until: i64) -> i64 {
    if until == i64::from(FOR_EVER) { until } else { (until - cx.chat.clock.now()).max(0) }
}

fn lane(group: &Group, topic: Option<&Topic>) -> i64 {
    topic.map_or(group.number(), |it| it.id)
}

/// Mutes a user, or ends that with 0 seconds. Says whether it changed anything.
pub(super) fn set(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    (user, seconds): (&str, u32),
) -> Result<bool, StoreError> {
    let (lane, until) = (lane(group, topic), until(cx, seconds));
    let before = members::muted_until(tx, lane, user)?;
    let before = if before > cx.chat.clock.now() { before } else { 0 };
    if before == until {
        return Ok(false);
    }
    members::set_muted(tx, lane, user, until)?;
    told.forget_member(user);
    Ok(true)
}

/// Tip 7: the users may not speak for so many seconds, or may again.
pub(super) fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, Option<&Topic>),
    (users, seconds): (&[String], u32),
) -> Result<(), Error> {
    let each = users.iter().map(|it| format!("{{\"UserId\":{},\"ShutupTime\":{seconds}}}", quote(it)));
    let more = format!(",\"MsgMemberInfo\":[{}]", each.collect::<Vec<_>>().join(","));
    let tip = Tip { op: Op::MemberChanged, operator: cx.caller.user(), users, more, but: Vec::new() };
    tips::tell(tx, cx, told, (group, topic), Change::Roles, tip)
}

/// Refuses mutes where there are none with 10007.
pub(super) fn check_kind(kind: Kind) -> Result<(), Error> {
    match kind {
        Kind::Private => Err(Fail::with(Code::GroupDenied, "this group type does not support muting").into()),
        Kind::Public | Kind::ChatRoom | Kind::AvChatRoom | Kind::Community => Ok(()),
    }
}

/// A backend mutes users, or ends that with 0 seconds. Who is no member is passed over, unless the group is a live
/// room, whose people come and go, or the user is muted there already.
pub async fn forbid(
    cx: &Cx,
    group_id: &str,
    topic_id: Option<&str>,
    users: Vec<String>,
    seconds: u32,
) -> Result<(), Error> {
    let group = find(cx, group_id).await?;
    let topic = match topic_id {
        Some(id) => Some(topic(cx, &group, id).await?),
        None => None,
    };
    check_kind(group.kind)?;
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, told| {
        let place = (&open(tx, number)?, topic.as_deref());
        members::prune_mutes(tx, lane(place.0, place.1), at.chat.clock.now())?;
        let mut changed: Vec<String> = Vec::new();
        for user in users.iter().filter(|it| proto::user_id::check_characters(it).is_ok()) {
            let is_member = members::get(tx, number, user)?.is_some();
            let is_meant = is_member
                || !place.0.kind.has_members()
                || members::muted_until(tx, lane(place.0, place.1), user)? > at.chat.clock.now();
            if is_meant && set(tx, &at, told, place, (user, seconds))? && is_member {
                changed.push(user.clone());
            }
        }
        if changed.is_empty() { Ok(()) } else { tell(tx, &at, told, place, (&changed, seconds)) }
    })
    .await
}

/// Who is muted in a group or topic: (user, until).
pub async fn muted(cx: &Cx, group_id: &str, topic_id: Option<&str>) -> Result<Vec<(String, i64)>, Error> {
    let group = find(cx, group_id).await?;
    let lane = match topic_id {
        Some(id) => topic(cx, &group, id).await?.id,
        None => group.number(),
    };
    let now = cx.chat.clock.now();
    Ok(cx.chat.db.read(move |tx| members::muted(tx, lane, now)).await?)
}
