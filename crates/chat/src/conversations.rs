//! The conversation list: order, paging, what an entry shows. `spec/concepts/conversations.md` 1 and 2.
//!
//! The list is derived: an entry's place is the time of its newest message that its owner may see.

mod change;
pub mod groups;
pub mod marks;

use std::{cmp::Reverse, collections::HashSet};

use proto::json::quote;
use store::{
    StoreError, Tx, accounts as rows, contact_marks,
    contacts::{self, Contact},
    messages::{self as log, Message, View},
};

use crate::{
    Cx,
    accounts::{self, tiny_id},
    error::Error,
    login::HINT_SECONDS,
    messages::{lane, visible_since},
};

pub use change::{clear, delete, pin};
use marks::Labels;

/// Conversations in one answer, pinned and ordinary together.
pub const PAGE_MAX: usize = 100;
/// Contacts looked at in one step.
const STEP: i64 = 200;

/// `kind` of a conversation of a group in the store.
const KIND_GROUP: i64 = 2;

/// A conversation by its other end.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    pub peer: String,
    /// Of the last message, or when an empty conversation was made.
    pub time: i64,
    pub last: Option<Message>,
    /// Whether the owner sent the last message.
    pub last_is_own: bool,
    pub pinned: bool,
    pub mute: i64,
    pub peer_read_at: i64,
    /// JSON literals of the peer's nickname and avatar, empty when unset.
    pub nick: String,
    pub face: String,
    /// What the owner calls the peer as a friend, empty when unset.
    pub remark: String,
    /// TinyId of the peer, empty when the account is gone.
    pub tiny_id: String,
    /// Only where they are wanted.
    pub labels: Labels,
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
        let mut entries = List { cx: &at, owner: &name }.all(tx)?;
        if !wanted.empty {
            entries.retain(|it| it.last.is_some());
        }
        if !wanted.pinned_apart {
            entries.sort_by(|a, b| (Reverse(a.time), &a.peer).cmp(&(Reverse(b.time), &b.peer)));
        }
        let app = at.app.id;
        let relabelled = match cursor.changed_since() {
            Some(since) => contact_marks::changed_since(tx, app, &name, contacts::KIND_C2C, since)?,
            None => Vec::new(),
        };
        let mut page = cut(entries, cursor, wanted, at.chat.clock.now(), &relabelled.into_iter().collect());
        for entry in &mut page.entries {
            describe(tx, app, &name, entry)?;
            if wanted.labels && !entry.tiny_id.is_empty() {
                let which = Which::Peer(entry.peer.clone());
                entry.labels = marks::labels(tx, app, &name, &which)?.unwrap_or_default();
            }
        }
        if wanted.labels {
            page.groups = contact_marks::groups(tx, app, &name)?;
        }
        Ok::<_, StoreError>(Some(page))
    });
    Ok(read.await?)
}

/// Adds what comes from the peer's side.
fn describe(tx: &mut dyn Tx, app: u32, owner: &str, entry: &mut Entry) -> Result<(), StoreError> {
    entry.tiny_id = rows::get(tx, app, &entry.peer)?.map_or_else(String::new, |it| tiny_id(it.tiny));
    let theirs = contacts::get(tx, app, &entry.peer, contacts::KIND_C2C, owner)?;
    entry.peer_read_at = theirs.map_or(0, |it| it.read_at);
    entry.remark = store::friends::get(tx, app, owner, &entry.peer)?.map_or_else(String::new, |it| it.remark);
    for (tag, value) in store::profiles::all(tx, app, &entry.peer)? {
        match tag.as_str() {
            crate::profiles::NICK => entry.nick = value,
            crate::profiles::FACE => entry.face = value,
            _ => {}
        }
    }
    Ok(())
}

struct List<'a> {
    cx: &'a Cx,
    owner: &'a str,
}

impl List<'_> {
    /// The whole list in order: pinned ones, then the latest ordinary ones up to the app's limit.
    fn all(&self, tx: &mut dyn Tx) -> Result<Vec<Entry>, StoreError> {
        let state = self.cx.app.state();
        let since = visible_since(&state.settings, self.cx.chat.clock.now());
        let most = usize::try_from(state.settings.conversation_max).unwrap_or(usize::MAX);
        let mut pinned = Vec::new();
        for it in contacts::pinned(tx, self.cx.app.id, self.owner)? {
            pinned.extend(self.entry(tx, it, since)?);
        }
        sort(&mut pinned);
        let mut ordinary = self.latest(tx, since, most)?;
        sort(&mut ordinary);
        ordinary.truncate(most);
        pinned.append(&mut ordinary);
        Ok(pinned)
    }

    /// At least the `most` latest ordinary entries. The hint of activity is at most [`HINT_SECONDS`] behind
    /// the truth, so the search ends when no later contact can get ahead of what was found.
    fn latest(&self, tx: &mut dyn Tx, since: i64, most: usize) -> Result<Vec<Entry>, StoreError> {
        let mut found: Vec<Entry> = Vec::new();
        let mut before = (i64::MAX, String::new());
        loop {
            let step = contacts::by_activity(tx, self.cx.app.id, self.owner, (before.0, &before.1), STEP)?;
            let Some(last) = step.last() else { return Ok(found) };
            before = (last.active_at, last.peer.clone());
            let is_end = (step.len() as i64) < STEP;
            for it in step {
                if !it.pinned {
                    found.extend(self.entry(tx, it, since)?);
                }
            }
            if found.len() >= most {
                sort(&mut found);
                found.truncate(most);
                if found.last().is_none_or(|it| before.0 + HINT_SECONDS < it.time) {
                    return Ok(found);
                }
            }
            if is_end {
                return Ok(found);
            }
        }
    }

    /// The entry of a contact, if it is listed.
    fn entry(&self, tx: &mut dyn Tx, it: Contact, since: i64) -> Result<Option<Entry>, StoreError> {
        let own = lane(it.pair, self.owner, &it.peer);
        let last =
            log::last(tx, View { own, clear: it.clear, since })?.filter(|last| last.id > it.unlisted_id);
        if last.is_none() && it.emptied_at == 0 && !it.pinned {
            return Ok(None);
        }
        Ok(Some(Entry {
            time: last.as_ref().map_or(it.emptied_at, |last| last.time),
            last_is_own: last.as_ref().is_some_and(|last| last.lane == own),
            last,
            peer: it.peer,
            pinned: it.pinned,
            mute: it.mute,
            peer_read_at: 0,
            nick: String::new(),
            face: String::new(),
            remark: String::new(),
            tiny_id: String::new(),
            labels: Labels::default(),
        }))
    }
}

fn sort(entries: &mut [Entry]) {
    entries.sort_by(|a, b| (Reverse(a.time), &a.peer).cmp(&(Reverse(b.time), &b.peer)));
}

/// Cuts the page that follows the cursor out of the whole list. `relabelled` are the peers of conversations
/// whose labels changed since a finished cursor.
fn cut(
    entries: Vec<Entry>,
    cursor: Cursor,
    wanted: Wanted,
    now: i64,
    relabelled: &HashSet<String>,
) -> ListPage {
    let is_first = cursor == Cursor::default();
    let (pinned, ordinary): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|it| wanted.pinned_apart && it.pinned);
    let (pinned, ordinary) = match cursor.changed_since() {
        Some(since) => {
            let is_new = |it: &Entry| it.time >= since || relabelled.contains(&it.peer);
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
        Entry {
            peer: peer.to_owned(),
            time,
            last: None,
            last_is_own: false,
            pinned,
            mute: 0,
            peer_read_at: 0,
            nick: String::new(),
            face: String::new(),
            remark: String::new(),
            tiny_id: String::new(),
            labels: Labels::default(),
        }
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
                seen.extend(page.entries.iter().map(|it| it.peer.clone()));
                if page.complete {
                    assert_eq!(page.next, Cursor { time: 5000, index: 0, top_time: 5000, top_index: 0 });
                    break;
                }
                assert!(page.entries.len() <= PAGE_MAX);
                cursor = page.next;
            }
            assert_eq!(pages, 3);
            assert_eq!(seen, list().into_iter().map(|it| it.peer).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_finished_reader_gets_what_changed_since() {
        let wanted = Wanted { pinned_apart: true, empty: true, pinned_paged: true, labels: false };
        let cursor = Cursor { time: 1034, index: 0, top_time: 1034, top_index: 0 };
        let relabelled = HashSet::from(["p003".to_owned(), "p249".to_owned()]);
        let page = cut(list(), cursor, wanted, 5000, &relabelled);
        assert!(page.complete);
        assert!(page.entries.iter().all(|it| it.time >= 1034 || it.peer == "p003"));
        assert_eq!(page.entries.len(), (0..250).filter(|n| 1000 + n / 7 >= 1034).count() + 1);
    }
}
