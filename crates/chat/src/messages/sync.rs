//! What a client missed while it was away. `spec/client/commands/openim.getmsg.yaml`.

use store::{
    StoreError, accounts as rows,
    messages::{Message, flag},
    notices,
};

use super::{read::Counter, wire};
use crate::{Cx, accounts::tiny_id, error::Error, groups::requests::KEPT_SECONDS, login::HINT_SECONDS};

/// Most unread messages in one answer, and most bytes of them; older ones are found in the history.
const MESSAGES_MAX: usize = 1000;
const BYTES_MAX: usize = 512 << 10;
/// Of one conversation; the rest is told by its count. As many as count as unread, since a client that was
/// away for less than a second learns of what it missed by this alone.
const PER_CONVERSATION_MAX: i64 = 250;
/// How long a recall of an unread message is told to somebody who was away.
const RECALLS_TOLD_SECONDS: i64 = 7 * 86_400;
/// Kept notices of groups in one answer, the newest.
const NOTICES_MAX: i64 = 500;

/// Unread messages, recalls and counts of one user.
#[derive(Default)]
pub struct Unsynced {
    /// Wire forms, conversation by conversation, each oldest first.
    pub messages: Vec<String>,
    /// (peer, unread count).
    pub counts: Vec<(String, i64)>,
    /// (peer, time of the newest message left out).
    pub remaining: Vec<(String, i64)>,
    /// Notices of groups that wait until they are deleted, oldest first, as events.
    pub notices: Vec<String>,
}

pub async fn unsynced(cx: &Cx, owner: &str) -> Result<Unsynced, Error> {
    let (at, owner) = (cx.clone(), owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let (mut out, mut bytes) = (Unsynced::default(), 0);
        let counter = Counter::new(tx, &at, &owner)?;
        let week_ago = at.chat.clock.now() - RECALLS_TOLD_SECONDS;
        let since = at.chat.clock.now() - KEPT_SECONDS;
        let kept = notices::kept(tx, at.app.id, &owner, since, NOTICES_MAX)?;
        out.notices = kept.iter().map(|it| format!("{{\"Event\":5,\"GroupTips\":[{}]}}", it.item)).collect();
        counter.for_each(tx, |tx, contact, count| {
            if count == 0 && contact.active_at + HINT_SECONDS < week_ago {
                return Ok(());
            }
            if count > 0 {
                out.counts.push((contact.peer.clone(), count));
            }
            let room = (MESSAGES_MAX - out.messages.len().min(MESSAGES_MAX)) as i64;
            let wanted = room.min(PER_CONVERSATION_MAX);
            let messages = if wanted > 0 { counter.messages(tx, contact, wanted)? } else { Vec::new() };
            let sender = rows::get(tx, at.app.id, &contact.peer)?;
            let tiny_id = sender.map_or_else(String::new, |it| tiny_id(it.tiny));
            let people = wire::People { from: &contact.peer, to: &owner, tiny_id: &tiny_id };
            // The newest as far as the bytes go.
            let mut items: Vec<_> = messages.iter().rev().map(|it| (it.time, item(it, people))).collect();
            let mut fits = |it: &(i64, String)| {
                bytes += it.1.len();
                bytes <= BYTES_MAX
            };
            let fitting = items.iter().map_while(|it| fits(it).then_some(())).count();
            items.truncate(fitting);
            if count > fitting as i64 {
                let oldest = items.last().map_or(i64::MAX, |it| it.0);
                out.remaining.push((contact.peer.clone(), oldest));
            }
            out.messages.extend(items.into_iter().rev().map(|it| it.1));
            Ok(())
        })?;
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}

fn item(it: &Message, people: wire::People<'_>) -> String {
    match it.has(flag::RECALLED) {
        true => format!("{{\"EventArray\":[{}]}}", wire::recalled(it, people, &it.revoker)),
        false => wire::stored(it, people),
    }
}

/// The owner does not want to be told again of a notice of a group.
pub async fn forget_notices(cx: &Cx, owner: &str, numbers: Vec<(i64, i64)>) -> Result<(), Error> {
    let (app, owner) = (cx.app.id, owner.to_owned());
    let key = crate::shard(app, &owner);
    let done = cx.chat.db.write(key, move |tx| {
        numbers.iter().try_for_each(|(seq, random)| notices::remove(tx, app, &owner, *seq, *random).map(drop))
    });
    Ok(done.await?)
}

impl crate::Chat {
    /// Forgets notices of groups, and requests to join them, that nobody is told of any more. Called from time to
    /// time.
    pub async fn prune_notices(&self) -> Result<u64, StoreError> {
        const STEP: i64 = 1000;
        let (seconds, millis) = (self.clock.now() - KEPT_SECONDS, self.clock.millis() - KEPT_SECONDS * 1000);
        let done = self.db.write(0, move |tx| {
            let gone = notices::prune(tx, seconds, STEP)?;
            Ok::<_, StoreError>(gone + store::group_requests::prune(tx, millis, STEP)?)
        });
        done.await
    }
}
