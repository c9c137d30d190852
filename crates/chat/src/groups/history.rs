//! Reading the log of a group or topic: as a member's client sees it, and whole.
//! `spec/client/commands/group_open_http_svc.group_msg_get.yaml`, `spec/rest/group_open_http_svc.group_msg_get_simple.yaml`.

use proto::{Code, Fail};
use store::{
    Tx, group_hidden as hidden, group_members as members,
    group_messages::{self as log, GroupMessage, flag},
    group_pins as pins,
};

use super::{
    Kind,
    view::{self, Place, floor, is_meant_for},
    wire,
};
use crate::{Cx, error::Error};

/// Most messages in one answer to a client, and most bytes of them.
pub const PAGE_MAX: i64 = 100;
const PAGE_BYTES_MAX: usize = 512 << 10;
/// Most messages in one answer to a backend.
pub const WHOLE_PAGE_MAX: i64 = 20;
/// Numbers looked at for one page: a client asks again from where this ends.
const LOOKED_AT_MAX: i64 = 2000;
/// Messages read in one step.
const STEP: i64 = 100;

/// Which messages are wanted.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// The newest number, itself included; 0 for the newest there is.
    pub from: i64,
    pub count: i64,
    /// Recalled messages too.
    pub recalled: bool,
}

/// A part of the history as a client gets it.
#[derive(Default)]
pub struct Page {
    pub group_id: String,
    /// Newest first.
    pub items: Vec<String>,
    /// The next older number; 0 when there is none.
    pub next: i64,
    /// Numbers that were left out, in their order.
    pub invisible: Vec<i64>,
}

/// The member's history, newest first.
pub async fn page(cx: &Cx, group_id: &str, topic: Option<&str>, wanted: Wanted) -> Result<Page, Error> {
    let place = readable(cx, group_id, topic).await?;
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let Some(member) = own_row(tx, &at, &place)? else { return Err(not_a_member()) };
        let newest = log::newest_seq(tx, place.lane())?;
        let low = floor(tx, &at, (&place.group, place.topic.as_deref()), &member)?;
        let from = if wanted.from > 0 { wanted.from.min(newest) } else { newest };
        Reader { tx, cx: &at, place: &place, page: Page::default(), bytes: 0 }.down(from, low, wanted)
    });
    read.await
}

/// Looks up where a client reads.
async fn readable(cx: &Cx, group_id: &str, topic: Option<&str>) -> Result<Place, Error> {
    if super::find(cx, group_id).await?.kind == Kind::AvChatRoom {
        return Err(Code::GroupTypeNoHistory.into());
    }
    view::place(cx, group_id, topic).await
}

fn not_a_member() -> Error {
    Fail::with(Code::GroupDenied, "only members may do this").into()
}

/// The caller's row as the store has it now.
fn own_row(tx: &mut dyn Tx, cx: &Cx, place: &Place) -> Result<Option<members::Member>, Error> {
    Ok(members::get(tx, place.group.number(), cx.caller.user())?)
}

struct Reader<'a> {
    tx: &'a mut dyn Tx,
    cx: &'a Cx,
    place: &'a Place,
    page: Page,
    bytes: usize,
}

impl Reader<'_> {
    /// Collects what is visible from `from` down to above `low`.
    fn down(mut self, from: i64, low: i64, wanted: Wanted) -> Result<Page, Error> {
        let (lane, end) = (self.place.lane(), low.max(from - LOOKED_AT_MAX));
        let (mut at, count) = (from, wanted.count.clamp(1, PAGE_MAX) as usize);
        'page: while at > end {
            let step = log::range(self.tx, lane, end + 1, at, STEP)?;
            let Some(oldest) = step.last() else {
                at = end;
                break;
            };
            let user = self.cx.caller.user();
            let own = hidden::between(self.tx, lane, user, oldest.seq, at)?;
            for it in &step {
                if self.page.items.len() >= count || self.bytes >= PAGE_BYTES_MAX {
                    break 'page;
                }
                at = it.seq - 1;
                let left_out = it.has(flag::RECALLED) && !wanted.recalled;
                if left_out || own.binary_search(&it.seq).is_ok() || !is_meant_for(it, user)? {
                    self.page.invisible.push(it.seq);
                } else {
                    self.add(it);
                }
            }
        }
        let has_more = at > low && !log::range(self.tx, lane, low + 1, at, 1)?.is_empty();
        self.page.next = if has_more { at } else { 0 };
        Ok(self.done())
    }

    fn add(&mut self, it: &GroupMessage) {
        let (group, topic) = (&self.place.group, self.place.topic.as_deref());
        let item = match it.has(flag::DELETED) {
            true => wire::hole(group, topic, it.seq),
            false => wire::item(group, topic, it),
        };
        self.bytes += item.len();
        self.page.items.push(item);
    }

    fn done(mut self) -> Page {
        self.page.group_id = self.place.group.id().to_owned();
        self.page.invisible.sort_unstable();
        self.page
    }
}

/// Messages by their numbers, newest first. A pinned one is there even if the member's history begins after it.
pub async fn chosen(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    mut numbers: Vec<i64>,
    recalled: bool,
) -> Result<Page, Error> {
    let place = readable(cx, group_id, topic).await?;
    numbers.sort_unstable_by_key(|it| std::cmp::Reverse(*it));
    numbers.dedup();
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let Some(member) = own_row(tx, &at, &place)? else { return Err(not_a_member()) };
        let (lane, user) = (place.lane(), at.caller.user());
        let low = floor(tx, &at, (&place.group, place.topic.as_deref()), &member)?;
        let (since, newest) = (view::since(&at), log::newest_seq(tx, lane)?);
        let mut reader = Reader { tx, cx: &at, place: &place, page: Page::default(), bytes: 0 };
        for seq in numbers {
            let Some(it) = log::get(reader.tx, lane, seq)? else {
                // It expired so long ago that it was removed.
                if (1..newest).contains(&seq) {
                    reader.page.invisible.push(seq);
                }
                continue;
            };
            let is_there = seq > low || (it.time >= since && pins::is_pinned(reader.tx, lane, seq)?);
            let is_own = hidden::between(reader.tx, lane, user, seq, seq)?.is_empty();
            let is_shown = !it.has(flag::RECALLED) || recalled;
            if is_there && is_own && is_shown && is_meant_for(&it, user)? {
                reader.add(&it);
            } else {
                reader.page.invisible.push(seq);
            }
        }
        Ok(reader.done())
    });
    read.await
}

/// A number of the log: its message, or nothing where that was deleted or is expired.
pub struct Entry {
    pub seq: i64,
    pub message: Option<GroupMessage>,
}

/// How much of a range a backend got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// All of it.
    No,
    Yes,
    /// It was cut, and nothing of it is there any more.
    AllExpired,
}

/// The whole log for a backend, newest first: nothing is hidden, and what is gone keeps its place.
pub async fn whole(
    cx: &Cx,
    group_id: &str,
    topic: Option<&str>,
    wanted: Wanted,
) -> Result<(Vec<Entry>, Cut), Error> {
    let place = readable(cx, group_id, topic).await?;
    let (lane, since) = (place.lane(), view::since(cx));
    let read = cx.chat.db.read(move |tx| {
        let newest = log::newest_seq(tx, lane)?;
        let mut at = if wanted.from > 0 { wanted.from.min(newest) } else { newest };
        let count = wanted.count.min(WHOLE_PAGE_MAX) as usize;
        let mut entries = Vec::with_capacity(count);
        'page: while at > 0 {
            let low = (at - STEP).max(0);
            let mut step = log::range(tx, lane, low + 1, at, STEP)?.into_iter().peekable();
            while at > low {
                if entries.len() >= count {
                    break 'page;
                }
                let found = step.next_if(|it| it.seq == at);
                let is_left_out = found.as_ref().is_some_and(|it| it.has(flag::RECALLED));
                if !is_left_out || wanted.recalled {
                    let message = found.filter(|it| it.time >= since && !it.has(flag::DELETED));
                    entries.push(Entry { seq: at, message });
                }
                at -= 1;
            }
        }
        Ok::<_, Error>((entries, at))
    });
    let (entries, left) = read.await?;
    let cut = match wanted.count > WHOLE_PAGE_MAX && left > 0 {
        false => Cut::No,
        true if entries.iter().all(|it| it.message.is_none()) => Cut::AllExpired,
        true => Cut::Yes,
    };
    Ok((entries, cut))
}
