//! Group conversations in the list of a member.

use std::sync::Arc;

use quick_cache::sync::Cache;
use store::{
    StoreError, Tx,
    group_conversations::{self as rows, Conversation},
    group_messages::{self as log, GroupMessage},
    groups,
};

use super::{Entry, Labels, PAGE_MAX, Side, Which};
use crate::{
    Cx,
    groups::{Group, Kind, MsgFlag, item, read::unread},
};

/// Groups read in one step.
const STEP: i64 = 1000;

/// What a group conversation shows.
#[derive(Default)]
pub struct InGroup {
    row: Conversation,
    pub last: Option<GroupMessage>,
    /// The last message as a history has it.
    pub last_item: String,
    pub unread: i64,
}

impl InGroup {
    pub(super) fn lane(&self) -> i64 {
        self.row.lane
    }

    pub(super) fn is_empty(&self) -> bool {
        self.row.last_seq == 0
    }

    pub fn kind(&self) -> Kind {
        Kind::from_number(self.row.kind)
    }

    pub fn flag(&self) -> MsgFlag {
        MsgFlag::from_number(self.row.flag)
    }

    pub fn name(&self) -> &str {
        &self.row.name
    }

    pub fn face(&self) -> &str {
        &self.row.face
    }

    pub fn read_seq(&self) -> i64 {
        self.row.read_seq
    }

    pub fn newest_seq(&self) -> i64 {
        self.row.newest_seq
    }

    /// Adds the last message and the unread count.
    pub(super) fn describe(&mut self, tx: &mut dyn Tx, cx: &Cx, owner: &str) -> Result<(), StoreError> {
        let lane = self.row.lane;
        self.unread = unread(tx, cx, (self.kind(), self.flag()), (lane, self.row.read_seq), owner)?;
        if self.is_empty() {
            return Ok(());
        }
        self.last = log::get(tx, lane, self.row.last_seq)?;
        if let (Some(last), Some(group)) = (&self.last, groups::by_number(tx, lane)?) {
            self.last_item = item(&Group::new(group), None, last);
        }
        Ok(())
    }
}

/// Lists that are kept while their users turn pages, and how long, in seconds.
const LISTS_KEPT_MAX: usize = 64;
const KEPT_SECONDS: i64 = 30;
/// A list with more entries is not kept.
const KEPT_ENTRIES_MAX: usize = 5000;

/// Where the groups of a user stood when it read the first page of its list. To derive it costs a look at each group,
/// which every further page would do again.
pub(crate) struct Kept(Cache<String, Arc<Places>>);

impl Default for Kept {
    fn default() -> Kept {
        Kept(Cache::new(LISTS_KEPT_MAX))
    }
}

struct Places {
    made_at: i64,
    list: Vec<Place>,
}

struct Place {
    lane: i64,
    group_id: String,
    last_seq: i64,
    time: i64,
    pinned: bool,
}

impl Place {
    fn of(entry: &Entry) -> Option<Place> {
        let (Side::Group(it), Which::Group(id)) = (&entry.side, &entry.which) else { return None };
        let (group_id, last_seq) = (id.clone(), it.row.last_seq);
        Some(Place { lane: it.row.lane, group_id, last_seq, time: entry.time, pinned: entry.pinned })
    }

    fn entry(&self) -> Entry {
        let row = Conversation { lane: self.lane, last_seq: self.last_seq, ..Conversation::default() };
        Entry {
            which: Which::Group(self.group_id.clone()),
            time: self.time,
            pinned: self.pinned,
            side: Side::Group(Box::new(InGroup { row, ..InGroup::default() })),
            labels: Labels::default(),
        }
    }
}

/// The groups of a user that are listed, in no order. Who goes on in its list gets the places that they had at the
/// first page, and nothing but the places: [`renew`] brings the rest.
pub(super) fn all(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    since: i64,
    goes_on: bool,
) -> Result<Vec<Entry>, StoreError> {
    let (kept, now) = (&cx.app.lists.0, cx.chat.clock.now());
    if goes_on
        && let Some(places) = kept.get(owner)
        && now < places.made_at + KEPT_SECONDS
    {
        return Ok(places.list.iter().map(Place::entry).collect());
    }
    let entries = derive(tx, cx.app.id, owner, since)?;
    if (PAGE_MAX..=KEPT_ENTRIES_MAX).contains(&entries.len()) {
        let list = entries.iter().filter_map(Place::of).collect();
        kept.insert(owner.to_owned(), Arc::new(Places { made_at: now, list }));
    }
    Ok(entries)
}

/// Makes an entry what it is now, without moving it; `None` when it is listed no more.
pub(super) fn renew(
    tx: &mut dyn Tx,
    app: u32,
    owner: &str,
    lane: i64,
    since: i64,
) -> Result<Option<Entry>, StoreError> {
    let found = rows::of_user(tx, app, owner, lane - 1, 1)?;
    Ok(found.into_iter().find(|it| it.lane == lane).and_then(|it| entry(it, since)))
}

fn derive(tx: &mut dyn Tx, app: u32, owner: &str, since: i64) -> Result<Vec<Entry>, StoreError> {
    let (mut entries, mut after) = (Vec::new(), 0);
    loop {
        let step = rows::of_user(tx, app, owner, after, STEP)?;
        let is_end = (step.len() as i64) < STEP;
        after = step.last().map_or(after, |it| it.lane);
        entries.extend(step.into_iter().filter_map(|it| entry(it, since)));
        if is_end {
            return Ok(entries);
        }
    }
}

fn entry(mut row: Conversation, since: i64) -> Option<Entry> {
    if row.last_time < since {
        row.last_seq = 0;
    }
    let is_empty = row.last_seq == 0;
    if is_empty && row.emptied_at == 0 && !row.pinned {
        return None;
    }
    Some(Entry {
        which: Which::Group(row.group_id.clone()),
        time: if is_empty { row.emptied_at } else { row.last_time },
        pinned: row.pinned,
        side: Side::Group(Box::new(InGroup { row, ..InGroup::default() })),
        labels: Labels::default(),
    })
}
