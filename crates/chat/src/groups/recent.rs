//! Group messages of the last minutes by sender and content, so that one sent again is recognised; and how many
//! a group had in this second. `spec/rest/group_open_http_svc.send_group_msg.yaml`.

use std::{
    collections::{HashMap, VecDeque},
    sync::Mutex,
};

use quick_cache::sync::Cache;
use std::sync::Arc;

/// Most messages remembered; beyond it the oldest are forgotten.
const REMEMBERED_MAX: usize = 1 << 19;
/// Groups whose rate is watched at one time.
const RATES_MAX: usize = 50_000;

/// Lane, sender's number, its random number, checksum of the content.
pub(crate) type Identity = (i64, i64, i64, i64);

#[derive(Default)]
struct Memory {
    entries: HashMap<Identity, (i64, i64)>,
    order: VecDeque<(i64, Identity)>,
    /// Everything that this process stored since this second is remembered; unset before the first question.
    since: Option<i64>,
}

/// What memory knows of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It has this number.
    Sent(i64),
    No,
    /// Memory knows only what came in this second or later.
    Since(i64),
}

/// The messages of a group in one second.
#[derive(Default)]
struct Rate {
    second: i64,
    all: i64,
    high: i64,
}

/// What was sent lately: a hint where to look, which the store confirms.
pub struct Sent {
    memory: Mutex<Memory>,
    rates: Cache<i64, Arc<Mutex<Rate>>>,
}

impl Default for Sent {
    fn default() -> Sent {
        Sent { memory: Mutex::default(), rates: Cache::new(RATES_MAX) }
    }
}

impl Sent {
    /// Number and time of a message like this one, noted since a second.
    pub(crate) fn find(&self, it: &Identity, since: i64) -> Option<i64> {
        let memory = self.memory.lock().expect("no holder panics");
        memory.entries.get(it).filter(|known| known.0 >= since).map(|known| known.1)
    }

    /// The same, and whether memory can tell at all: what an earlier process stored it does not know. `now` is
    /// the present second.
    pub(crate) fn recall(&self, it: &Identity, since: i64, now: i64) -> Known {
        let mut memory = self.memory.lock().expect("no holder panics");
        // What was stored in the second of the start may be another process's.
        let reach = *memory.since.get_or_insert(now + 1);
        match memory.entries.get(it).filter(|known| known.0 >= since) {
            Some(known) => Known::Sent(known.1),
            None if reach <= since => Known::No,
            None => Known::Since(reach),
        }
    }

    pub(crate) fn note(&self, it: Identity, time: i64, seq: i64, keep_seconds: i64) {
        let mut memory = self.memory.lock().expect("no holder panics");
        while let Some((old, identity)) = memory.order.front().copied() {
            if old >= time - keep_seconds && memory.order.len() < REMEMBERED_MAX {
                break;
            }
            memory.order.pop_front();
            memory.since = memory.since.map(|it| it.max(old + 1));
            if memory.entries.get(&identity).is_some_and(|known| known.0 == old) {
                memory.entries.remove(&identity);
            }
        }
        memory.entries.insert(it, (time, seq));
        memory.order.push_back((time, it));
    }

    /// Counts a message of a lane in this second; false when there were `most` already.
    pub(crate) fn take_rate(&self, lane: i64, now: i64, most: i64) -> bool {
        self.take_turn(lane, now, most, false)
    }

    /// The same for messages that go first (`is_high`): they give way only to others of their kind.
    pub(crate) fn take_turn(&self, lane: i64, now: i64, most: i64, is_high: bool) -> bool {
        let made = self.rates.get_or_insert_with(&lane, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(rate) = made;
        let mut rate = rate.lock().expect("no holder panics");
        if rate.second != now {
            *rate = Rate { second: now, ..Rate::default() };
        }
        let taken = if is_high { rate.high } else { rate.all };
        let is_free = most == 0 || taken < most;
        rate.all += i64::from(is_free);
        rate.high += i64::from(is_free && is_high);
        is_free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_messages_give_way_only_to_one_another() {
        let sent = Sent::default();
        assert!(sent.take_turn(1, 10, 2, false) && sent.take_turn(1, 10, 2, false));
        assert!(!sent.take_turn(1, 10, 2, false), "the second is full");
        assert!(sent.take_turn(1, 10, 2, true) && sent.take_turn(1, 10, 2, true));
        assert!(!sent.take_turn(1, 10, 2, true), "it is full of high ones, too");
        assert!(sent.take_turn(2, 10, 2, false), "another group has its own second");
        assert!(sent.take_turn(1, 11, 2, false), "the next second is empty");
        assert!(sent.take_turn(1, 11, 0, false), "without a limit there is always room");
    }

    #[test]
    fn high_messages_leave_no_room_for_others() {
        let sent = Sent::default();
        assert!(sent.take_turn(1, 10, 2, true) && sent.take_turn(1, 10, 2, true));
        assert!(!sent.take_turn(1, 10, 2, false));
    }

    #[test]
    fn what_an_earlier_process_stored_is_asked_of_the_store() {
        let (sent, it) = (Sent::default(), (1, 2, 3, 4));
        assert_eq!(sent.recall(&it, 700, 1000), Known::Since(1001));
        assert_eq!(
            sent.recall(&it, 1000, 1300),
            Known::Since(1001),
            "another may have done it in that second"
        );
        assert_eq!(sent.recall(&it, 1001, 1301), Known::No);
        sent.note(it, 1301, 7, 300);
        assert_eq!(sent.recall(&it, 1001, 1302), Known::Sent(7));
        assert_eq!(sent.recall(&it, 1302, 1602), Known::No, "the window is over");
    }
}
