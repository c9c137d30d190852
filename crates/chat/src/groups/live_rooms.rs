//! Live rooms: presence instead of membership, and messages that are numbered but not stored.
//! `spec/concepts/group-system.md` 9 and 13.
//!
//! Who is in a room has a row like a member, so that a restart of the server or of a connection puts nobody out;
//! somebody who stays away for longer than the leave timeout is taken out by a job.

mod absent;
mod bans;
mod marks;
mod presence;
mod room;

use std::sync::Arc;

use proto::{Code, Fail};
use store::group_messages::GroupMessage;

use super::{Group, Kind, find, send};
use crate::{Cx, error::Error};

pub(crate) use absent::{Absent, returned};
pub use bans::{BAN_DESCRIPTION_BYTES_MAX, Banned, ban, bans, unban};
pub use marks::{Marked, Present, mark, present, present_count};
pub(crate) use presence::Away;
pub use presence::{Joined, join, quit, recent};
pub(crate) use room::Rooms;
pub use room::{Guest, Polled};

/// The room of this id; another kind of group is refused with 10007.
pub async fn find_room(cx: &Cx, group_id: &str) -> Result<Arc<Group>, Error> {
    let group = find(cx, group_id).await?;
    match group.kind {
        Kind::AvChatRoom => Ok(group),
        _ => Err(Fail::with(Code::GroupDenied, "the group is no AVChatRoom").into()),
    }
}

/// Says something in a room. Its number is the sender's and everybody's; nothing is stored.
///
/// A message that the app's backend changed goes to the sending session too.
pub(super) async fn say(
    cx: &Cx,
    it: Arc<send::Outgoing>,
    group: Arc<Group>,
    (mut message, is_rewritten): (GroupMessage, bool),
) -> Result<send::Sent, Error> {
    let settings = cx.app.state().settings.clone();
    let (now, known) = (message.time, &cx.app.groups.sent);
    let identity = (message.lane, message.tiny, message.random, message.crc);
    if let Some(seq) = known.find(&identity, now - settings.messages_group_dedup_seconds) {
        return Ok(send::Sent { time: now, seq, ..send::Sent::default() });
    }
    if !known.take_turn(message.lane, now, settings.groups_messages_per_second, message.priority) {
        return Ok(send::Sent { time: now, dropped: true, ..send::Sent::default() });
    }
    let slot = cx.chat.fan_out.slot().await;
    let room = room::prepare(cx, group.number()).await?;
    let mut telling = None;
    let seq = room.say(cx, &group, &mut message, is_rewritten, slot, |message| {
        telling = send::queue_sent(cx, it, &group, message);
    })?;
    known.note(identity, now, seq, settings.messages_group_dedup_seconds);
    cx.app.count_group_message(now, &message.sender, true);
    if let Some(telling) = telling
        && let Err(error) = telling.await
    {
        // It was said, so the sender must not be told otherwise.
        tracing::warn!(%error, "a message in a live room could not be told to the app's backend");
    }
    Ok(send::Sent { time: now, seq, ..send::Sent::default() })
}

/// Sees to it that tips of the room can be numbered.
pub(super) async fn prepare(cx: &Cx, group: &Group) -> Result<(), Error> {
    room::prepare(cx, group.number()).await.map(drop)
}
