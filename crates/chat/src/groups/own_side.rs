//! The owner's side of a group conversation: taken off the list, cleared, pinned. Nothing of it changes anything for
//! other members. `spec/concepts/conversations.md` 3 and 4.

use std::sync::Arc;

use proto::{Code, Fail};
use store::{
    Tx, group_conversations as rows, group_members as members, group_messages as log, topic_members,
};

use super::{Group, Kind, TOPIC_MARK, Topic, find, told::change, topic, view::since};
use crate::{Cx, error::Error};

/// The group, and the topic if the id names one; what is not there is 51007.
async fn place(cx: &Cx, id: &str) -> Result<(Arc<Group>, Option<Arc<Topic>>), Error> {
    let found = async {
        let Some((group, _)) = id.split_once(TOPIC_MARK) else { return Ok((find(cx, id).await?, None)) };
        let group = find(cx, group).await?;
        let topic = topic(cx, &group, id).await?;
        Ok((group, Some(topic)))
    };
    match found.await {
        Err(Error::Fail(_)) => Err(Code::ContactGroupGone.into()),
        other => other,
    }
}

/// Runs `work` for an owner who is a member; for others there is nothing to change.
async fn with(
    cx: &Cx,
    owner: &str,
    id: &str,
    work: impl FnOnce(&mut dyn Tx, &Cx, &members::Member, Option<&Topic>) -> Result<(), Error> + Send + 'static,
) -> Result<(), Error> {
    let (group, topic) = place(cx, id).await?;
    if group.kind == Kind::AvChatRoom {
        return Ok(());
    }
    let (at, user, number) = (cx.clone(), owner.to_owned(), group.number());
    change(cx, number, move |tx, told| {
        match members::get(tx, number, &user)? {
            Some(member) => work(tx, &at, &member, topic.as_deref())?,
            None => return Ok(()),
        }
        told.forget_member(&user);
        Ok(())
    })
    .await
}

/// Takes the conversation off the owner's list until its next message; with `clear` the history goes too.
pub(crate) async fn delete(cx: &Cx, owner: &str, id: &str, clear: bool) -> Result<(), Error> {
    let number = place(cx, id).await?.0.number();
    with(cx, owner, id, move |tx, _, member, topic| {
        if let Some(topic) = topic {
            // A topic is never in the list.
            return if clear { clear_topic(tx, topic, member) } else { Ok(()) };
        }
        let newest = log::newest_seq(tx, number)?;
        if clear {
            rows::clear(tx, number, &member.user, newest, 0)?;
        }
        rows::unlist(tx, number, &member.user, newest)?;
        Ok(())
    })
    .await
}

/// Hides the owner's history up to now; a listed conversation stays as an empty one.
pub(crate) async fn clear(cx: &Cx, owner: &str, id: &str) -> Result<(), Error> {
    let number = place(cx, id).await?.0.number();
    with(cx, owner, id, move |tx, cx, member, topic| {
        if let Some(topic) = topic {
            return clear_topic(tx, topic, member);
        }
        let shown = rows::of_user(tx, cx.app.id, &member.user, number - 1, 1)?;
        let is_listed = shown.iter().any(|it| {
            it.lane == number
                && (it.emptied_at > 0 || it.pinned || (it.last_seq > 0 && it.last_time >= since(cx)))
        });
        let emptied_at = if is_listed { cx.chat.clock.now() } else { 0 };
        let newest = log::newest_seq(tx, number)?;
        rows::clear(tx, number, &member.user, newest, emptied_at)?;
        Ok(())
    })
    .await
}

fn clear_topic(tx: &mut dyn Tx, topic: &Topic, member: &members::Member) -> Result<(), Error> {
    let newest = log::newest_seq(tx, topic.id)?;
    topic_members::ensure(tx, topic.id, &member.user, newest)?;
    topic_members::set_cleared(tx, topic.id, &member.user, newest)?;
    Ok(())
}

/// The number of a group that the owner may pin: one it is a member of. Otherwise 51007.
pub(crate) async fn pinnable(cx: &Cx, owner: &str, id: &str) -> Result<i64, Error> {
    let gone = || Error::from(Fail::from(Code::ContactGroupGone));
    let (group, topic) = place(cx, id).await?;
    if group.kind == Kind::AvChatRoom || topic.is_some() {
        return Err(gone());
    }
    let is_member = super::member(cx, &group, owner).await?.is_some();
    if is_member { Ok(group.number()) } else { Err(gone()) }
}

/// Pins a group, or unpins it, inside the transaction that counts the owner's pins.
pub(crate) fn pin(tx: &mut dyn Tx, number: i64, owner: &str, pinned: bool, now: i64) -> Result<(), Error> {
    let Some(member) = members::get(tx, number, owner)? else { return Err(Code::ContactGroupGone.into()) };
    let emptied_at = if pinned && member.emptied_at == 0 { now } else { member.emptied_at };
    Ok(rows::set_pinned(tx, number, owner, pinned, emptied_at)?)
}
