//! Reading history, as one of the two sees it. `spec/concepts/message-storage.md` 2 and 6.

use store::messages::{self as log, END, Message, Place, View};

use super::view;
use crate::{Cx, accounts, error::Error};

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

/// The newest messages of the range, at most `limit`.
pub async fn page(cx: &Cx, owner: &str, peer: &str, range: Range, limit: i64) -> Result<Page, Error> {
    read(cx, owner, peer, range.since, limit, move |tx, view, limit| {
        let mut messages = log::older(tx, view, range.before, limit)?;
        messages.reverse();
        Ok(messages)
    })
    .await
    .map(|(mut page, more)| {
        if more {
            page.messages.remove(0);
        }
        page
    })
}

/// The oldest messages strictly after `after`, at most `limit`.
pub async fn newer(cx: &Cx, owner: &str, peer: &str, after: Place, limit: i64) -> Result<Page, Error> {
    read(cx, owner, peer, 0, limit, move |tx, view, limit| log::newer(tx, view, after, limit)).await.map(
        |(mut page, more)| {
            if more {
                page.messages.pop();
            }
            page
        },
    )
}

/// Reads one more than asked for, which tells whether there is more.
async fn read(
    cx: &Cx,
    owner: &str,
    peer: &str,
    since: i64,
    limit: i64,
    messages: impl FnOnce(&mut dyn store::Tx, View, i64) -> Result<Vec<Message>, store::StoreError>
    + Send
    + 'static,
) -> Result<(Page, bool), Error> {
    let limit = limit.clamp(1, PAGE_MAX);
    let own_tiny = accounts::tiny_of(cx, owner).await?;
    let peer_tiny = accounts::tiny_of(cx, peer).await?;
    let (at, owner, peer) = (cx.clone(), owner.to_owned(), peer.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let Some(mut view) = view(tx, &at, &owner, &peer)? else { return Ok(None) };
        view.since = view.since.max(since);
        Ok::<_, store::StoreError>(Some((view.own, messages(tx, view, limit + 1)?)))
    });
    let Some((own, messages)) = read.await? else {
        return Ok((Page { complete: true, ..Page::default() }, false));
    };
    let more = messages.len() as i64 > limit;
    Ok((Page { messages, complete: !more, own, own_tiny, peer_tiny }, more))
}
