//! What was sent in the last minutes, so that a message sent again is recognised.
//!
//! `spec/concepts/message-format.md` 8: the same sender, receiver, numbers and content within a window is one
//! message. The answer is found in memory; where memory cannot know, the store is asked.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use store::{Db, StoreError, messages};

/// Most messages remembered; beyond it the oldest are forgotten, and the store is asked about their time.
const REMEMBERED_MAX: usize = 1 << 20;
/// How far back memory reaches at the most. Seconds; a longer window asks the store.
const REACH_SECONDS: i64 = 120;
/// Messages read at once when the memory is filled at the start.
const LOAD_STEP: i64 = 4096;

/// Sender and receiver (as a lane), the two numbers, and the content's checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    pub lane: i64,
    pub seq: u32,
    pub random: u32,
    pub crc: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Known {
    /// It was sent at this second.
    Sent(i64),
    No,
    /// Memory does not reach back far enough, or the message is just being stored.
    AskStore,
}

#[derive(Clone, Copy)]
struct Entry {
    time: i64,
    /// Set when the message is durable.
    done: bool,
}

#[derive(Default)]
struct Memory {
    entries: HashMap<Identity, Entry>,
    order: VecDeque<(i64, Identity)>,
    /// Everything stored since this second is in the memory.
    since: i64,
}

impl Memory {
    fn drop_old(&mut self, now: i64) {
        while let Some((time, identity)) = self.order.front().copied() {
            if time >= now - REACH_SECONDS && self.order.len() <= REMEMBERED_MAX {
                break;
            }
            self.order.pop_front();
            self.since = self.since.max(time + 1);
            if self.entries.get(&identity).is_some_and(|it| it.time == time) {
                self.entries.remove(&identity);
            }
        }
    }
}

#[derive(Default)]
pub struct Recent(Mutex<Memory>);

impl Recent {
    /// Fills the memory with what the store has of the last minutes.
    pub async fn load(db: &Db, now: i64) -> Result<Recent, StoreError> {
        let oldest = now - REACH_SECONDS;
        let mut memory = Memory { since: oldest, ..Memory::default() };
        let mut before = i64::MAX;
        while memory.order.len() < REMEMBERED_MAX {
            let step = db.read(move |tx| messages::latest(tx, before, LOAD_STEP)).await?;
            let Some(last) = step.last() else { break };
            before = last.id;
            let recent: Vec<_> = step.iter().filter(|it| it.time >= oldest).collect();
            if recent.is_empty() {
                break;
            }
            for it in recent {
                let identity = Identity {
                    lane: it.lane,
                    seq: it.seq as u32,
                    random: it.random as u32,
                    crc: it.crc as u32,
                };
                memory.entries.insert(identity, Entry { time: it.time, done: true });
                memory.order.push_back((it.time, identity));
            }
        }
        memory.order.make_contiguous().sort_by_key(|it| it.0);
        if memory.order.len() >= REMEMBERED_MAX {
            memory.since = memory.order.front().map_or(now, |it| it.0 + 1);
        }
        Ok(Recent(Mutex::new(memory)))
    }

    /// Whether this message was sent since `since`. A new one is noted as being stored at `now`.
    pub fn claim(&self, identity: Identity, since: i64, now: i64) -> Known {
        let mut memory = self.0.lock().expect("no holder panics");
        memory.drop_old(now);
        match memory.entries.get(&identity) {
            Some(it) if it.done && it.time >= since => return Known::Sent(it.time),
            Some(it) if !it.done && it.time >= since => return Known::AskStore,
            _ => {}
        }
        let reaches = memory.since <= since;
        memory.entries.insert(identity, Entry { time: now, done: false });
        memory.order.push_back((now, identity));
        if reaches { Known::No } else { Known::AskStore }
    }

    /// The message is durable, or was found so in the store.
    pub fn done(&self, identity: Identity, time: i64) {
        let mut memory = self.0.lock().expect("no holder panics");
        if let Some(it) = memory.entries.get_mut(&identity) {
            *it = Entry { time: it.time.max(time), done: true };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(seq: u32) -> Identity {
        Identity { lane: 4, seq, random: 7, crc: 9 }
    }

    #[test]
    fn a_message_is_known_once_it_is_durable_and_not_before() {
        let recent = Recent::default();
        assert_eq!(recent.claim(identity(1), 0, 100), Known::No);
        assert_eq!(recent.claim(identity(1), 0, 101), Known::AskStore, "it may still fail");
        recent.done(identity(1), 100);
        assert_eq!(recent.claim(identity(1), 0, 102), Known::Sent(100));
        assert_eq!(recent.claim(identity(2), 0, 102), Known::No, "another number is another message");
    }

    #[test]
    fn beyond_the_window_it_is_a_new_message() {
        let recent = Recent::default();
        assert_eq!(recent.claim(identity(1), 0, 100), Known::No);
        recent.done(identity(1), 100);
        assert_eq!(recent.claim(identity(1), 101, 221), Known::No);
    }

    #[test]
    fn what_memory_does_not_reach_is_asked_of_the_store() {
        let recent = Recent::default();
        recent.0.lock().unwrap().since = 50;
        assert_eq!(recent.claim(identity(1), 40, 100), Known::AskStore);
        assert_eq!(recent.claim(identity(2), 50, 100), Known::No);
    }
}
