//! Reading history, as one of the two sees it. `spec/concepts/message-storage.md` 2 and 6.

use store::{
    StoreError, Tx,
    messages::{self as log, END, Message, Place, View},
};

use super::{lane, view};
use crate::{
    Cx, accounts,
    all_member_push::waiting::{self, Item, Waiting},
    error::Error,
};

/// Most messages in one answer. `spec/rest/openim.admin_getroammsg.yaml`.
pub const PAGE_MAX: i64 = 100;

/// Which stretch of the history is wanted.
#[derive(Clone, Copy)]
pub struct Range {
    /// Nothing older than this second.
    pub since: i64,
    /// Strictly before this place.
    pub before: Place,
}

impl Range {
    /// Everything up to the newest.
    pub const ALL: Range = Range { since: 0, before: END };

    /// Strictly before the first place after this second.
    pub fn until(since: i64, last_second: i64) -> Range {
        Range { since, before: (last_second.saturating_add(1), i64::MIN, i64::MIN) }
    }
}

/// A part of the history, oldest first.
#[derive(Default)]
pub struct Page {
    pub messages: Vec<Message>,
    /// Nothing is left in the direction that was asked for.
    pub complete: bool,
    /// The lane of the reader's own messages: tells the direction of each.
    own: i64,
    own_tiny: String,
    peer_tiny: String,
}

impl Page {
    /// Whether the reader sent it.
    pub fn is_own(&self, it: &Message) -> bool {
        it.lane == self.own
    }

    /// TinyId of the message's sender.
    pub fn tiny_id(&self, it: &Message) -> &str {
        if self.is_own(it) { &self.own_tiny } else { &self.peer_tiny }
    }
}

/// From which place on, and which way.
#[derive(Clone, Copy)]
enum Way {
    Older(Place),
    Newer(Place),
}

/// The newest messages of the range, at most `limit`.
pub async fn page(cx: &Cx, owner: &str, peer: &str, range: Range, limit: i64) -> Result<Page, Error> {
    read(cx, owner, peer, range.since, Way::Older(range.before), limit).await.map(|(mut page, more)| {
        if more {
            page.messages.remove(0);
        }
        page
    })
}

/// The oldest messages strictly after `after`, at most `limit`.
pub async fn newer(cx: &Cx, owner: &str, peer: &str, after: Place, limit: i64) -> Result<Page, Error> {
    read(cx, owner, peer, 0, Way::Newer(after), limit).await.map(|(mut page, more)| {
        if more {
            page.messages.pop();
        }
        page
    })
}

/// Reads one more than asked for, which tells whether there is more.
async fn read(
    cx: &Cx,
    owner: &str,
    peer: &str,
    since: i64,
    way: Way,
    limit: i64,
) -> Result<(Page, bool), Error> {
    let limit = limit.clamp(1, PAGE_MAX);
    let own_tiny = accounts::tiny_of(cx, owner).await?;
    let peer_tiny = accounts::tiny_of(cx, peer).await?;
    let (at, owner, peer) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let pushes = pushed(tx, &at, &owner, &peer)?;
        let Some(mut view) = view(tx, &at, &owner, &peer)?.or_else(|| no_view(&pushes, &owner, &peer)) else {
            return Ok(None);
        };
        view.since = view.since.max(since);
        Ok::<_, StoreError>(Some((view.own, stretch(tx, &at, view, &pushes, way, limit + 1)?)))
    });
    let Some((own, messages)) = read.await? else {
        return Ok((Page { complete: true, ..Page::default() }, false));
    };
    let more = messages.len() as i64 > limit;
    Ok((Page { messages, complete: !more, own, own_tiny, peer_tiny }, more))
}

/// The peer's pushes to all users that have not ended yet. They are kept in no history; but a client shows a
/// conversation from what it reads here, and the Web SDK fails when a last message that it was told of is missing.
fn pushed(tx: &mut dyn Tx, cx: &Cx, owner: &str, peer: &str) -> Result<Vec<Item>, StoreError> {
    if cx.is_admin() {
        return Ok(Vec::new());
    }
    let waiting = Waiting::of(tx, cx.app.id, owner, cx.chat.clock.now())?;
    Ok(waiting.from(peer).to_vec())
}

/// What the owner may see of a conversation in which nobody wrote yet, if there are pushes to see.
fn no_view(pushes: &[Item], owner: &str, peer: &str) -> Option<View> {
    let view = View { own: lane(0, owner, peer), clear: (0, 0, 0), since: 0 };
    (!pushes.is_empty()).then_some(view)
}

/// Messages and pushes, oldest first: the nearest `limit` on the way.
fn stretch(
    tx: &mut dyn Tx,
    cx: &Cx,
    view: View,
    pushes: &[Item],
    way: Way,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let mut found = match way {
        Way::Older(before) => log::older(tx, view, before, limit)?,
        Way::Newer(after) => log::newer(tx, view, after, limit)?,
    };
    let room = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_near = |it: &&Item| it.time >= view.since && it.time >= view.clear.0;
    let near: Vec<_> = match way {
        Way::Older(before) => {
            pushes.iter().rev().filter(is_near).filter(|it| it.time <= before.0).take(room).collect()
        }
        Way::Newer(after) => {
            pushes.iter().filter(is_near).filter(|it| it.time >= after.0).take(room).collect()
        }
    };
    for it in near {
        found.extend(waiting::load(tx, cx.app.id, it.id, view.own ^ 1)?.filter(|it| {
            let is_beyond = match way {
                Way::Older(before) => it.place() < before,
                Way::Newer(after) => it.place() > after,
            };
            is_beyond && it.place() > view.clear
        }));
    }
    found.sort_by_key(Message::place);
    let too_many = found.len().saturating_sub(room);
    match way {
        Way::Older(_) => drop(found.drain(..too_many)),
        Way::Newer(_) => found.truncate(room),
    }
    Ok(found)
}
