//! What a member's client may read of a group or topic. `spec/concepts/message-storage.md` 3.

use std::sync::Arc;

use proto::{Code, Fail};
use store::{
    StoreError, Tx, group_members as members,
    group_messages::{self as log, GroupMessage, flag},
    topic_members,
};

use super::{Group, Kind, Member, Topic, find, member, topic};
use crate::{Cx, error::Error, messages::visible_since};

/// Values of a group's `older_history`; with 0 it has none of its own.
pub(super) const OLDER_SHOWN: i64 = 1;
pub(super) const OLDER_HIDDEN: i64 = 2;

/// The number under which the messages of a group or topic are kept.
pub(crate) fn lane(group: &Group, topic: Option<&Topic>) -> i64 {
    topic.map_or(group.number(), |it| it.id)
}

/// A group with the topic that a call names, and who calls.
pub(super) struct Place {
    pub(super) group: Arc<Group>,
    pub(super) topic: Option<Arc<Topic>>,
    /// Of a client; a backend need be none.
    pub(super) member: Option<Arc<Member>>,
}

impl Place {
    pub(super) fn lane(&self) -> i64 {
        lane(&self.group, self.topic.as_deref())
    }
}

/// Looks group and topic up. A client must be a member (10007).
pub(super) async fn place(cx: &Cx, group_id: &str, topic_id: Option<&str>) -> Result<Place, Error> {
    let group = find(cx, group_id).await?;
    let topic = match topic_id {
        Some(id) => Some(topic(cx, &group, id).await?),
        None => None,
    };
    let member = if cx.is_admin() { None } else { member(cx, &group, cx.caller.user()).await? };
    if member.is_none() && !cx.is_admin() {
        return Err(Fail::with(Code::GroupDenied, "only members may do this").into());
    }
    Ok(Place { group, topic, member })
}

/// Whether members of a group read what was said before they came: what `HistoryMsgBeforeJoin` set, or else what holds
/// for its kind.
pub(crate) fn shows_older(cx: &Cx, kind: Kind, of_group: i64) -> bool {
    match of_group {
        OLDER_SHOWN => return true,
        OLDER_HIDDEN => return false,
        _ => {}
    }
    let state = cx.app.state();
    match kind {
        Kind::Private => state.settings.groups_private_history_before_join,
        Kind::Public => state.settings.groups_public_history_before_join,
        Kind::ChatRoom => state.settings.groups_chatroom_history_before_join,
        Kind::Community => state.settings.groups_community_history_before_join,
        Kind::AvChatRoom => false,
    }
}

/// The oldest second that is still visible.
pub(super) fn since(cx: &Cx) -> i64 {
    visible_since(&cx.app.state().settings, cx.chat.clock.now())
}

/// The number up to which everything is gone or hidden from this member.
pub(super) fn floor(
    tx: &mut dyn Tx,
    cx: &Cx,
    (group, topic): (&Group, Option<&Topic>),
    member: &members::Member,
) -> Result<i64, StoreError> {
    let lane = lane(group, topic);
    let mut floor = log::last_before(tx, lane, since(cx))?;
    let shows_older = shows_older(cx, group.kind, group.row.older_history);
    match topic {
        None => {
            floor = floor.max(member.cleared_seq);
            if !shows_older {
                floor = floor.max(member.joined_seq);
            }
        }
        Some(topic) => {
            let own = topic_members::get(tx, topic.id, &member.user)?;
            floor = floor.max(own.map_or(0, |it| it.cleared_seq));
            if !shows_older {
                floor = floor.max(log::last_before(tx, lane, member.joined_at)?);
            }
        }
    }
    Ok(floor)
}

/// Whether a message that is meant for some members only is meant for this user, too.
pub(crate) fn is_meant_for(it: &GroupMessage, user: &str) -> Result<bool, Error> {
    if !it.has(flag::TARGETED) || it.sender == user {
        return Ok(true);
    }
    is_among(&it.targets, user)
}

/// Whether a JSON list of user ids, or an empty text, has this one.
pub(super) fn is_among(list: &str, user: &str) -> Result<bool, Error> {
    Ok(users(list)?.iter().any(|it| it == user))
}

/// A JSON list of user ids, or an empty text.
pub(super) fn users(list: &str) -> Result<Vec<String>, Error> {
    if list.is_empty() { Ok(Vec::new()) } else { Ok(serde_json::from_str(list)?) }
}
