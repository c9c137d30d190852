//! One room's numbers and what was said in it lately.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use proto::{Code, Fail};
use quick_cache::sync::Cache;
use store::{group_messages::GroupMessage, live_rooms as rows};
use tokio::sync::{Notify, OwnedSemaphorePermit};

use super::super::{Group, key, wire};
use crate::{
    Cx,
    error::Error,
    fan_out::{Audience, Event},
};

/// Rooms whose numbers are kept in memory, per app.
const ROOMS_MAX: usize = 10_000;
/// Numbers reserved at one time; those not used when the process ends are skipped.
const BLOCK: i64 = 10_000;
/// Fewer numbers than this left: the next block is reserved. More than one call ever takes at once.
const MARGIN: i64 = 1000;
/// What is remembered of a room: items, and seconds.
const RECENT_MAX: usize = 2000;
const RECENT_SECONDS: i64 = 86_400;
/// Guests that poll, per app. Seconds that a guest's key lives after its last poll.
const GUESTS_MAX: usize = 100_000;
const GUEST_SECONDS: i64 = 300;

/// An item that was said, told or recalled.
struct Said {
    seq: i64,
    time: i64,
    item: String,
    /// What names a message; none for a tip.
    message: Option<GroupMessage>,
    recalled: bool,
}

#[derive(Default)]
struct State {
    next: i64,
    reserved: i64,
    recent: VecDeque<Said>,
}

impl State {
    fn number(&mut self) -> Option<i64> {
        (self.next <= self.reserved).then(|| {
            self.next += 1;
            self.next - 1
        })
    }

    fn remember(&mut self, it: Said) {
        while self.recent.len() >= RECENT_MAX
            || self.recent.front().is_some_and(|old| old.time < it.time - RECENT_SECONDS)
        {
            self.recent.pop_front();
        }
        self.recent.push_back(it);
    }
}

pub(crate) struct Room {
    state: Mutex<State>,
    /// Held while a block is reserved.
    reserving: tokio::sync::Mutex<()>,
    /// Wakes whoever polls.
    news: Notify,
}

/// All rooms of an app that are in use.
pub struct Rooms {
    rooms: Cache<i64, Arc<Room>>,
    guests: Cache<String, Arc<Mutex<(String, i64)>>>,
}

impl Default for Rooms {
    fn default() -> Rooms {
        Rooms { rooms: Cache::new(ROOMS_MAX), guests: Cache::new(GUESTS_MAX) }
    }
}

impl Rooms {
    fn room(&self, number: i64) -> Arc<Room> {
        let made = self.rooms.get_or_insert_with(&number, || {
            Ok::<_, std::convert::Infallible>(Arc::new(Room {
                state: Mutex::new(State { next: 1, reserved: 0, recent: VecDeque::new() }),
                reserving: tokio::sync::Mutex::new(()),
                news: Notify::new(),
            }))
        });
        let Ok(room) = made;
        room
    }

    /// Whether this key is good for watching this room.
    pub(super) fn is_guest(&self, key: &str, group_id: &str, now: i64) -> bool {
        self.guests.get(key).is_some_and(|it| {
            let entry = it.lock().expect("no holder panics");
            entry.0 == group_id && now - entry.1 <= GUEST_SECONDS
        })
    }

    /// What names a message that was said lately and not taken back.
    pub(crate) fn said(&self, number: i64, seq: i64) -> Option<GroupMessage> {
        let room = self.room(number);
        let state = room.state.lock().expect("no holder panics");
        let found = state.recent.iter().rev().find(|it| it.seq == seq && !it.recalled);
        found.and_then(|it| it.message.clone())
    }

    /// Takes back what was said.
    pub(crate) fn recall(&self, number: i64, seq: i64) {
        let room = self.room(number);
        let mut state = room.state.lock().expect("no holder panics");
        state.recent.iter_mut().filter(|it| it.seq == seq).for_each(|it| it.recalled = true);
    }

    /// Numbers a tip and remembers it for those who poll; 0 when the room was not prepared.
    pub(crate) fn tip(&self, number: i64, time: i64, item: impl FnOnce(i64) -> String) -> String {
        let room = self.room(number);
        let mut state = room.state.lock().expect("no holder panics");
        let seq = state.number().unwrap_or(0);
        let item = item(seq);
        state.remember(Said { seq, time, item: item.clone(), message: None, recalled: false });
        drop(state);
        room.news.notify_waiters();
        item
    }
}

/// The room, with numbers at hand.
pub(super) async fn prepare(cx: &Cx, number: i64) -> Result<Arc<Room>, Error> {
    let room = cx.app.groups.rooms.room(number);
    let left = |room: &Room| {
        let state = room.state.lock().expect("no holder panics");
        state.reserved - state.next + 1
    };
    if left(&room) >= MARGIN {
        return Ok(room);
    }
    let reserving = room.reserving.lock().await;
    if left(&room) < MARGIN {
        let key = key(cx.app.id, number);
        let before = cx.chat.db.write(key, move |tx| rows::reserve(tx, number, BLOCK)).await?;
        let mut state = room.state.lock().expect("no holder panics");
        if state.reserved != before {
            state.next = before + 1;
        }
        state.reserved = before + BLOCK;
    }
    drop(reserving);
    Ok(room)
}

impl Room {
    /// Numbers a message and hands it over, in one step, so that the order of the numbers is that of the pushes; `then`
    /// belongs to the same step.
    pub(super) fn say(
        &self,
        cx: &Cx,
        group: &Group,
        message: &mut GroupMessage,
        is_rewritten: bool,
        slot: Option<OwnedSemaphorePermit>,
        then: impl FnOnce(&GroupMessage),
    ) -> Result<i64, Error> {
        let mut state = self.state.lock().expect("no holder panics");
        message.seq = state.number().ok_or(Code::GroupInternal)?;
        let item = wire::item(group, None, message);
        let pushed = match is_rewritten {
            true => format!("{{{}{}", wire::MODIFIED, &item[1..]),
            false => item.clone(),
        };
        let event = Event::Room {
            group: group.number(),
            json: wire::message_event(&pushed),
            audience: Audience::All,
            except: cx.caller.instance().filter(|_| !is_rewritten),
            is_message: true,
        };
        let named = GroupMessage {
            lane: message.lane,
            seq: message.seq,
            time: message.time,
            sender: message.sender.clone(),
            tiny: message.tiny,
            client_time: message.client_time,
            random: message.random,
            ..GroupMessage::default()
        };
        state.remember(Said {
            seq: message.seq,
            time: message.time,
            item,
            message: Some(named),
            recalled: false,
        });
        cx.chat.fan_out.hand_over(&cx.app, group.number(), vec![event], message.time, slot);
        then(message);
        drop(state);
        self.news.notify_waiters();
        Ok(message.seq)
    }

    /// What was said from a number on, and the number after it.
    fn since(&self, seq: i64) -> (Vec<String>, i64) {
        let state = self.state.lock().expect("no holder panics");
        let items = state.recent.iter().filter(|it| it.seq >= seq && !it.recalled).map(|it| it.item.clone());
        (items.collect(), state.next)
    }

    /// The latest messages of the last `seconds` with numbers below `before`, oldest first.
    pub(super) fn latest(&self, now: i64, seconds: i64, most: usize, before: i64) -> Vec<String> {
        let state = self.state.lock().expect("no holder panics");
        let fits =
            |it: &&Said| it.message.is_some() && !it.recalled && it.time >= now - seconds && it.seq < before;
        let mut items: Vec<_> =
            state.recent.iter().rev().filter(fits).take(most).map(|it| it.item.clone()).collect();
        items.reverse();
        items
    }
}

/// Somebody who watches a room without a login.
pub struct Guest {
    pub key: String,
    /// What to poll from.
    pub start: i64,
}

/// What a poll found.
pub struct Polled {
    pub items: Vec<String>,
    pub next: i64,
}

impl Guest {
    /// Lets somebody watch; the key is good until the room ends or nobody polls with it for some minutes.
    pub async fn enter(cx: &Cx, group: &Group) -> Result<Guest, Error> {
        let room = prepare(cx, group.number()).await?;
        let key = cx.chat.random.token();
        let entry = (group.id().to_owned(), cx.chat.clock.now());
        cx.app.groups.rooms.guests.insert(key.clone(), Arc::new(Mutex::new(entry)));
        let (_, start) = room.since(i64::MAX);
        Ok(Guest { key, start })
    }

    /// Waits for news of the room of this key for so long at most. An unknown or old key is 10004.
    pub async fn poll(cx: &Cx, key: &str, start: i64, hold: std::time::Duration) -> Result<Polled, Error> {
        let unknown = || Error::from(Fail::with(Code::GroupParam, "Key is not valid (any more)"));
        let entry = cx.app.groups.rooms.guests.get(key).ok_or_else(unknown)?;
        let now = cx.chat.clock.now();
        let group_id = {
            let mut entry = entry.lock().expect("no holder panics");
            if now - entry.1 > GUEST_SECONDS {
                return Err(unknown());
            }
            entry.1 = now;
            entry.0.clone()
        };
        let group = super::super::find(cx, &group_id).await?;
        let room = prepare(cx, group.number()).await?;
        let news = room.news.notified();
        let (items, next) = room.since(start);
        if !items.is_empty() {
            return Ok(Polled { items, next });
        }
        _ = tokio::time::timeout(hold, news).await;
        let (items, next) = room.since(start);
        Ok(Polled { items, next })
    }
}
