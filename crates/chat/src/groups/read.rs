//! Read positions and unread counts. `spec/concepts/message-storage.md` 4.

use std::fmt::Write;

use proto::{Code, Fail, json::quote};
use store::{
    StoreError, Tx, group_conversations as conversations, group_members as members, group_messages as log,
    topic_members,
};

use super::{
    Group, Kind, MsgFlag, Topic, find, member_in, open,
    told::change,
    topics,
    view::{self, since},
    wire::{Unstored, tips_event},
};
use crate::{Cx, accounts, error::Error};

/// Whether members of this kind of group have unread messages at all.
pub(crate) fn counts_unread(cx: &Cx, kind: Kind) -> bool {
    match kind {
        Kind::Private | Kind::Public | Kind::Community => true,
        Kind::ChatRoom => cx.app.state().settings.groups_chatroom_unread,
        Kind::AvChatRoom => false,
    }
}

/// How many messages of a lane a user has not read; `read_seq` is its position.
pub(crate) fn unread(
    tx: &mut dyn Tx,
    cx: &Cx,
    (kind, flag): (Kind, MsgFlag),
    (lane, read_seq): (i64, i64),
    user: &str,
) -> Result<i64, StoreError> {
    if !counts_unread(cx, kind) || flag == MsgFlag::Discard {
        return Ok(0);
    }
    let above = log::last_before(tx, lane, since(cx))?.max(read_seq);
    log::unread(tx, lane, above, user)
}

/// Groups that a count over all of a user's looks at.
const COUNTED_GROUPS_MAX: i64 = 200;

/// Unread messages of a user in the groups that it wants to be told of.
pub(crate) fn notifying_unread_of(tx: &mut dyn Tx, cx: &Cx, user: &str) -> Result<i64, StoreError> {
    let mut total = 0;
    for it in conversations::of_user(tx, cx.app.id, user, 0, COUNTED_GROUPS_MAX)? {
        let (kind, flag) = (Kind::from_number(it.kind), MsgFlag::from_number(it.flag));
        if flag == MsgFlag::AcceptAndNotify && it.newest_seq > it.read_seq {
            total += unread(tx, cx, (kind, flag), (it.lane, it.read_seq), user)?;
        }
    }
    Ok(total)
}

/// Moves the caller's read position forward, at most to the newest. Its other sessions are told, unless that
/// happens otherwise.
pub async fn report(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    seq: i64,
    is_told: bool,
) -> Result<(), Error> {
    // There is no membership in a live room, and nothing to read twice.
    if find(cx, group_id).await?.kind == Kind::AvChatRoom {
        return Ok(());
    }
    let place = view::place(cx, group_id, topic).await?;
    let (number, lane) = (place.group.number(), place.lane());
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let (group, topic, user) = (open(tx, number)?, place.topic.as_deref(), at.caller.user());
        let member = member_in(tx, number, user)?.ok_or(Code::GroupDenied)?;
        if !counts_unread(&at, group.kind) {
            return Ok(());
        }
        let seq = seq.min(log::newest_seq(tx, lane)?);
        let moved = match topic {
            Some(it) => set_topic_read(tx, it, &member.row, seq)?,
            None => members::set_read(tx, number, user, seq)?,
        };
        if moved {
            told.forget_member(user);
        }
        if moved && is_told {
            told.user(user, event(&at, &group, topic, seq), at.caller.instance());
        }
        Ok(())
    })
    .await
}

fn set_topic_read(
    tx: &mut dyn Tx,
    topic: &Topic,
    member: &members::Member,
    seq: i64,
) -> Result<bool, StoreError> {
    topics::keep_own(tx, topic.id, member)?;
    topic_members::set_read(tx, topic.id, &member.user, seq)
}

/// Event 5 with `GroupReadInfoArray`.
fn event(cx: &Cx, group: &Group, topic: Option<&Topic>, seq: i64) -> String {
    let mut body = format!("{{\"GroupReadInfoArray\":[{{\"GroupId\":{}", quote(group.id()));
    if let Some(topic) = topic {
        _ = write!(body, ",\"TopicId\":{}", quote(&topic.topic_id));
    }
    _ = write!(body, ",\"LastReadMsgSeq\":{seq}}}]}}");
    let (random, time) = (i64::from(cx.chat.random.u32()), cx.chat.clock.now());
    let item = Unstored { group, topic, to: None, seq: 0, random, time };
    tips_event(5, &item.item(&body))
}

/// Sets how many messages a member has not read, as far as there are so many.
pub async fn set_unread(cx: &Cx, group_id: &str, user: &str, count: i64) -> Result<(), Error> {
    let group = find(cx, group_id).await?;
    if accounts::find(cx, user).await?.is_none() {
        return Err(Fail::with(Code::GroupAccountUnknown, "Member_Account does not exist").into());
    }
    if group.kind == Kind::AvChatRoom {
        return Ok(());
    }
    let (at, number, user) = (cx.clone(), group.number(), user.to_owned());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        if member_in(tx, number, &user)?.is_none() {
            return Err(Fail::with(Code::GroupDenied, "Member_Account is no member of the group").into());
        }
        if counts_unread(&at, group.kind) {
            let seq = (log::newest_seq(tx, number)? - count).max(0);
            conversations::place_read(tx, number, &user, seq)?;
            told.forget_member(&user);
        }
        Ok(())
    })
    .await
}
