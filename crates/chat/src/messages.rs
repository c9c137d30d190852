//! One-to-one messages: send, history, read, recall, modify, import.
//! `spec/concepts/message-format.md`, `spec/concepts/message-storage.md`.

pub(crate) mod additions;
mod history;
mod import;
pub mod merged;
mod modify;
mod mute;
mod read;
mod recall;
mod recent;
mod send;
mod sync;
mod unread;
pub mod wire;

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use proto::{MsgKey, json::quote};
use quick_cache::sync::Cache;
use store::{
    StoreError, Tx, contacts,
    messages::{Place, View},
};

use crate::{Cx, settings::Settings, shard};

pub use history::{Page, Range, newer, page};
pub use import::import;
pub use modify::{Change, Modified, modify};
pub use mute::{mutes, set_mute};
pub(crate) use read::notifying_unread_of;
pub use read::{
    count_all_unread, count_unread, give_receipts, peer_read_times, read_all, set_read, tell_read,
};
pub use recall::{delete_own, recall};
pub use recent::Recent;
pub use send::platform_name;
pub use send::{Hooked, Options, Outgoing, Sent, Sync, send};
pub(crate) use send::{check_size, checksum, platform_bits};
pub use store::messages::{Message, flag};
pub use sync::{Unsynced, forget_notices, unsynced};
pub(crate) use unread::UnreadCounts;

/// Conversations whose lane is kept in memory, per app.
const ROUTES_MAX: usize = 200_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// What sending along one direction of a conversation needs to know.
pub(crate) struct Route {
    lane: i64,
    /// How far the hints of activity of both sides have been moved in the store, at least.
    hint: AtomicI64,
    /// What the receiver wants of this sender: 0 notify, 1 discard, 2 receive silently.
    mute: i64,
    /// The receiver blocked the sender.
    is_blocked: bool,
    /// Who has whom as a friend: the sender the receiver, the receiver the sender.
    friends: (bool, bool),
}

/// Known routes of an app, by "sender NUL receiver"; user ids have no control characters.
pub struct Routes {
    known: Cache<String, Arc<Route>>,
    /// Grows with each change of relations, which happen under another key than messages: a route that was
    /// read before such a change is not kept after it.
    version: AtomicU64,
}

impl Default for Routes {
    fn default() -> Routes {
        Routes { known: Cache::new(ROUTES_MAX), version: AtomicU64::new(0) }
    }
}

impl Routes {
    fn key(from: &str, to: &str) -> String {
        let mut key = String::with_capacity(from.len() + to.len() + 1);
        key.push_str(from);
        key.push('\0');
        key.push_str(to);
        key
    }

    /// Called after the commit of whatever made routes wrong.
    pub(crate) fn clear(&self) {
        self.outdate();
        self.known.clear();
    }

    fn forget(&self, from: &str, to: &str) {
        self.known.remove(&Routes::key(from, to));
    }

    /// Called after the commit of a change of relations, before the routes concerned are forgotten.
    pub(crate) fn outdate(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn forget_both(&self, one: &str, other: &str) {
        self.forget(one, other);
        self.forget(other, one);
    }

    fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    fn get(&self, from: &str, to: &str) -> Option<Arc<Route>> {
        self.known.get(&Routes::key(from, to))
    }

    /// Keeps a route that was read when the version was this.
    fn keep(&self, from: &str, to: &str, route: &Arc<Route>, version: u64) {
        if version == self.version() {
            self.known.insert(Routes::key(from, to), route.clone());
        }
    }
}

/// The lane in which `from` sends to `to`.
pub(crate) fn lane(pair: i64, from: &str, to: &str) -> i64 {
    pair * 2 + i64::from(from > to)
}

/// The key under which all writes of a conversation keep their order.
pub(crate) fn conversation_key(app: u32, one: &str, other: &str) -> u64 {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    shard(app, &Routes::key(low, high))
}

/// Finds the lane, making the conversation if these two never wrote to one another.
fn route(tx: &mut dyn Tx, app: u32, from: &str, to: &str, active_at: i64) -> Result<Route, StoreError> {
    let pair = contacts::make_pair(tx, app, from, to)?;
    for (owner, peer) in [(from, to), (to, from)] {
        contacts::ensure(tx, app, owner, peer, pair, active_at)?;
    }
    let mine = contacts::get(tx, app, to, contacts::KIND_C2C, from)?;
    let mute = mine.map_or(0, |it| it.mute);
    Ok(Route {
        lane: lane(pair, from, to),
        hint: AtomicI64::new(0),
        mute,
        is_blocked: store::blocks::is(tx, app, to, from)?,
        friends: (store::friends::is(tx, app, from, to)?, store::friends::is(tx, app, to, from)?),
    })
}

/// Moves the hints of both sides when they are too old to find the conversation by. Says whether it did.
fn touch(
    tx: &mut dyn Tx,
    app: u32,
    route: &Route,
    from: &str,
    to: &str,
    time: i64,
) -> Result<bool, StoreError> {
    if time - route.hint.load(Ordering::Relaxed) < crate::login::HINT_SECONDS {
        return Ok(false);
    }
    contacts::touch(tx, app, from, to, time)?;
    contacts::touch(tx, app, to, from, time)?;
    Ok(true)
}

/// The oldest second that is still visible; 0 when history is kept for ever.
pub(crate) fn visible_since(settings: &Settings, now: i64) -> i64 {
    match settings.messages_history_days {
        0 => 0,
        days => now - days * SECONDS_PER_DAY,
    }
}

/// What `owner` may see of the conversation with `peer`; `None` when there never was one.
fn view(tx: &mut dyn Tx, cx: &Cx, owner: &str, peer: &str) -> Result<Option<View>, StoreError> {
    let since = visible_since(&cx.app.state().settings, cx.chat.clock.now());
    let Some(pair) = contacts::pair(tx, cx.app.id, owner, peer)? else { return Ok(None) };
    let mine = contacts::get(tx, cx.app.id, owner, contacts::KIND_C2C, peer)?;
    let clear = mine.map_or((0, 0, 0), |it| it.clear);
    Ok(Some(View { own: lane(pair, owner, peer), clear, since }))
}

/// A message named by the two people and its key, in its own direction.
pub struct Named {
    pub from: String,
    pub to: String,
    pub key: MsgKey,
}

impl Named {
    fn place(&self) -> Place {
        (self.key.time, self.key.seq.into(), self.key.random.into())
    }

    /// The stored message with its lane's sender, if it is there and not expired.
    fn find(&self, tx: &mut dyn Tx, cx: &Cx) -> Result<Option<Message>, StoreError> {
        let Some(pair) = contacts::pair(tx, cx.app.id, &self.from, &self.to)? else { return Ok(None) };
        let since = visible_since(&cx.app.state().settings, cx.chat.clock.now());
        let found = store::messages::get(tx, lane(pair, &self.from, &self.to), self.place())?;
        Ok(found.filter(|it| it.time >= since))
    }
}

/// The JSON literal, or an empty text for none.
fn literal_or_empty(literal: &str) -> &str {
    if literal.is_empty() { "\"\"" } else { literal }
}

/// `"key":"value"` with both quoted.
fn member(key: &str, value: &str) -> String {
    format!("\"{key}\":{}", quote(value))
}
