//! The conversation list: order, paging, what an entry shows. `spec/concepts/conversations.md` 1 and 2.
//!
//! The list is derived: an entry's place is the time of its newest message that its owner may see.

mod change;
pub mod groups;
mod in_groups;
pub mod marks;
mod peers;

use std::{cmp::Reverse, collections::HashSet};

use proto::json::quote;
use store::{StoreError, Tx, contact_marks, contacts};

use crate::{Cx, accounts, all_member_push::waiting::Waiting, error::Error, messages::visible_since};

pub use change::{clear, delete, pin};
pub use in_groups::InGroup;
pub(crate) use in_groups::Kept;
use marks::Labels;
pub use peers::Peer;

/// Conversations in one answer, pinned and ordinary together.
pub const PAGE_MAX: usize = 100;
/// `kind` of a conversation of a group in the store.
const KIND_GROUP: i64 = 2;

/// A conversation by its other end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Which {
    Peer(String),
    /// A group, which need not exist.
    Group(String),
}

impl Which {
    /// As the store has it.
    fn of(kind: i64, id: String) -> Which {
        if kind == KIND_GROUP { Which::Group(id) } else { Which::Peer(id) }
    }

    /// The user or the group.
    pub fn id(&self) -> &str {
        match self {
            Which::Peer(id) | Which::Group(id) => id,
        }
    }

    fn name(&self) -> contact_marks::Name<'_> {
        match self {
            Which::Peer(peer) => (contacts::KIND_C2C, peer),
            Which::Group(group) => (KIND_GROUP, group),
        }
    }

    /// As a push has it.
    fn pushed(&self) -> String {
        match self {
            Which::Peer(peer) => format!("{{\"Type\":1,\"UserId\":{}}}", quote(peer)),
            Which::Group(group) => format!("{{\"Type\":2,\"GroupId\":{}}}", quote(group)),
        }
    }
}

/// One conversation as its owner sees it.
pub struct Entry {
    pub which: Which,
    /// Of the last message, or when an empty conversation was made.
    pub time: i64,
    pub pinned: bool,
    pub side: Side,
    /// Only where they are wanted.
    pub labels: Labels,
}

/// What the two kinds of conversation have of their own.
pub enum Side {
    Peer(Box<Peer>),
    Group(Box<InGroup>),
}

impl Entry {
    /// Whether it is listed without a last message.
    fn is_empty(&self) -> bool {
        match &self.side {
            Side::Peer(it) => it.last.is_none(),
            Side::Group(it) => it.is_empty(),
        }
    }
}

/// How far the reader is: the time of the last entry returned, and how many of exactly that time were. One
/// pair for ordinary entries, one for pinned ones. All zero starts at the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub time: i64,
    pub index: i64,
    pub top_time: i64,
    pub top_index: i64,
}

impl Cursor {
    /// A finished reader comes back with the time of its last answer and asks what changed since.
    fn changed_since(self) -> Option<i64> {
        (self.index == 0 && self.top_index == 0 && self.time > 0).then_some(self.time)
    }
}

/// What the reader can do with: bits 0 to 3 of AssistFlags.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Pinned entries come first and by themselves.
    pub pinned_apart: bool,
    pub empty: bool,
    /// Pinned entries are paged too.
    pub pinned_paged: bool,
    /// Marks and conversation groups.
    pub labels: bool,
}

pub struct ListPage {
    pub entries: Vec<Entry>,
    pub complete: bool,
    pub next: Cursor,
    /// All conversation groups of the owner, where labels are wanted.
    pub groups: Vec<contact_marks::Group>,
}

/// One page of the owner's list; `None` when there is no such account.
pub async fn page(cx: &Cx, owner: &str, cursor: Cursor, wanted: Wanted) -> Result<Option<ListPage>, Error> {
    if accounts::find(cx, owner).await?.is_none() {
        return Ok(None);
    }
    let (at, name) = (cx.clone(), owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let since = visible_since(&at.app.state().settings, at.chat.clock.now());
        let goes_on = cursor != Cursor::default() && cursor.changed_since().is_none();
        let mut entries = all(tx, &at, &name, since, goes_on)?;
        if !wanted.empty {
            entries.retain(|it| !it.is_empty());
        }
        if !wanted.pinned_apart {
            sort(&mut entries);
        }
        let app = at.app.id;
        let mut relabelled = HashSet::new();
        if let Some(since) = cursor.changed_since() {
            for kind in [contacts::KIND_C2C, KIND_GROUP] {
                let changed = contact_marks::changed_since(tx, app, &name, kind, since)?;
                relabelled.extend(changed.into_iter().map(|it| Which::of(kind, it)));
            }
        }
        let mut page = cut(entries, cursor, wanted, at.chat.clock.now(), &relabelled);
        for mut entry in std::mem::take(&mut page.entries) {
            if let (true, Side::Group(it)) = (goes_on, &entry.side) {
                let Some(now) = in_groups::renew(tx, app, &name, it.lane(), since)? else { continue };
                entry = now;
            }
            entry.describe(tx, &at, &name, wanted)?;
            page.entries.push(entry);
        }
        if wanted.labels {
            page.groups = contact_marks::groups(tx, app, &name)?;
        }
        Ok::<_, StoreError>(Some(page))
    });
    Ok(read.await?)
}

impl Entry {
    /// Adds what only entries on the page need.
    fn describe(&mut self, tx: &mut dyn Tx, cx: &Cx, owner: &str, wanted: Wanted) -> Result<(), StoreError> {
        let app = cx.app.id;
        match (&mut self.side, &self.which) {
            (Side::Peer(it), Which::Peer(peer)) => it.describe(tx, app, owner, peer)?,
            (Side::Group(it), _) => it.describe(tx, cx, owner)?,
            (Side::Peer(_), Which::Group(_)) => {}
        }
        if wanted.labels && self.may_have_labels() {
            self.labels = marks::labels(tx, app, owner, &self.which)?.unwrap_or_default();
        }
        Ok(())
    }

    /// The labels of a conversation with an account that is gone are no more.
    fn may_have_labels(&self) -> bool {
        match &self.side {
            Side::Peer(it) => !it.tiny_id.is_empty(),
            Side::Group(_) => true,
        }
    }
}

/// The whole list in order: pinned ones, then the latest ordinary ones up to the app's limit.
fn all(tx: &mut dyn Tx, cx: &Cx, owner: &str, since: i64, goes_on: bool) -> Result<Vec<Entry>, StoreError> {
    let state = cx.app.state();
    let most = usize::try_from(state.settings.conversation_max).unwrap_or(usize::MAX);
    let (mut pinned, mut ordinary): (Vec<_>, Vec<_>) =
        in_groups::all(tx, cx, owner, since, goes_on)?.into_iter().partition(|it| it.pinned);
    let waiting = Waiting::of(tx, cx.app.id, owner, cx.chat.clock.now())?;
    let peers = peers::List { cx, owner, since, waiting };
    pinned.extend(peers.pinned(tx)?);
    sort(&mut pinned);
    ordinary.extend(peers.latest(tx, most)?);
    sort(&mut ordinary);
    ordinary.truncate(most);
    pinned.append(&mut ordinary);
    Ok(pinned)
}

fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| (Reverse(a.time), &a.which).cmp(&(Reverse(b.time), &b.which)));
}

/// Cuts the page that follows the cursor out of the whole list. `relabelled` are conversations whose labels changed
/// since a finished cursor.
fn cut(
    entries: Vec<Entry>,
    cursor: Cursor,
    wanted: Wanted,
    now: i64,
    relabelled: &HashSet<Which>,
) -> ListPage {
    let is_first = cursor == Cursor::default();
    let (pinned, ordinary): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|it| wanted.pinned_apart && it.pinned);
    let (pinned, ordinary) = match cursor.changed_since() {
        Some(since) => {
            let is_new = |it: &Entry| it.time >= since || relabelled.contains(&it.which);
            let changed = |it: Vec<Entry>| it.into_iter().filter(is_new).collect::<Vec<_>>();
            (changed(pinned), changed(ordinary))
        }
        None => {
            let rest = following(pinned, cursor.top_time, cursor.top_index);
            let pinned = if wanted.pinned_paged || is_first { rest } else { Vec::new() };
            (pinned, following(ordinary, cursor.time, cursor.index))
        }
    };
    let top_room = if wanted.pinned_paged { PAGE_MAX } else { pinned.len() };
    let pinned_left = pinned.len().saturating_sub(top_room);
    let mut page: Vec<_> = pinned.into_iter().take(top_room).collect();
    let room = PAGE_MAX.saturating_sub(page.len());
    let ordinary_left = ordinary.len().saturating_sub(room);
    let tops = page.len();
    page.extend(ordinary.into_iter().take(room));
    let complete = pinned_left == 0 && ordinary_left == 0;
    let next = match complete {
        true => Cursor { time: now, index: 0, top_time: now, top_index: 0 },
        false => {
            let (top_time, top_index) = advance(&page[..tops], cursor.top_time, cursor.top_index);
            let (time, index) = advance(&page[tops..], cursor.time, cursor.index);
            Cursor { time, index, top_time, top_index }
        }
    };
    ListPage { entries: page, complete, next, groups: Vec::new() }
}

/// The entries strictly after a cursor; (0, 0) is before the first.
fn following(entries: Vec<Entry>, time: i64, index: i64) -> Vec<Entry> {
    if time == 0 && index == 0 {
        return entries;
    }
    let mut same = 0;
    entries
        .into_iter()
        .filter(|it| {
            same += i64::from(it.time == time);
            it.time < time || (it.time == time && same > index)
        })
        .collect()
}

/// The cursor after these entries; unchanged when there are none.
fn advance(entries: &[Entry], time: i64, index: i64) -> (i64, i64) {
    let Some(last) = entries.last() else { return (time, index) };
    let same = entries.iter().filter(|it| it.time == last.time).count() as i64;
    (last.time, if last.time == time { index + same } else { same })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(peer: &str, time: i64, pinned: bool) -> Entry {
        let (which, side) = (peer_of(peer), Side::Peer(Box::default()));
        Entry { which, time, pinned, side, labels: Labels::default() }
    }

    fn peer_of(name: &str) -> Which {
        Which::Peer(name.to_owned())
    }

    /// 250 conversations, of which many share a second, and three are pinned.
    fn list() -> Vec<Entry> {
        let mut entries: Vec<_> =
            (0..250).map(|n| entry(&format!("p{n:03}"), 1000 + n / 7, n % 100 == 5)).collect();
        sort(&mut entries);
        entries.sort_by_key(|it| !it.pinned);
        entries
    }

    #[test]
    fn pages_hold_every_conversation_once_and_in_order() {
        for pinned_paged in [true, false] {
            let wanted = Wanted { pinned_apart: true, empty: true, pinned_paged, labels: false };
            let (mut cursor, mut seen, mut pages) = (Cursor::default(), Vec::new(), 0);
            loop {
                let page = cut(list(), cursor, wanted, 5000, &HashSet::new());
                pages += 1;
                seen.extend(page.entries.iter().map(|it| it.which.clone()));
                if page.complete {
                    assert_eq!(page.next, Cursor { time: 5000, index: 0, top_time: 5000, top_index: 0 });
                    break;
                }
                assert!(page.entries.len() <= PAGE_MAX);
                cursor = page.next;
            }
            assert_eq!(pages, 3);
            assert_eq!(seen, list().into_iter().map(|it| it.which).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_finished_reader_gets_what_changed_since() {
        let wanted = Wanted { pinned_apart: true, empty: true, pinned_paged: true, labels: false };
        let cursor = Cursor { time: 1034, index: 0, top_time: 1034, top_index: 0 };
        let relabelled = HashSet::from([peer_of("p003"), peer_of("p249")]);
        let page = cut(list(), cursor, wanted, 5000, &relabelled);
        assert!(page.complete);
        assert!(page.entries.iter().all(|it| it.time >= 1034 || it.which == peer_of("p003")));
        assert_eq!(page.entries.len(), (0..250).filter(|n| 1000 + n / 7 >= 1034).count() + 1);
    }
}
