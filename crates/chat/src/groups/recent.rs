//! Group messages of the last minutes by sender and content, so that one sent again is recognised; and how many
//! a group had in this second. `spec/rest/group_open_http_svc.send_group_msg.yaml`.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::sync::Cache;

/// Most messages remembered; beyond it the oldest are forgotten.
const REMEMBERED_MAX: usize = 1 << 19;
/// Most lanes of which is read what an earlier process stored; the store is asked for each message of the others.
const LEARNED_LANES_MAX: usize = 50_000;
/// Most messages of an earlier process that are read of a lane: beyond it the store is asked, too.
pub(super) const LEARNED_MAX: i64 = 20_000;
/// Groups whose rate is watched at one time.
const RATES_MAX: usize = 50_000;

/// Lane, sender's number, its random number, checksum of the content.
pub(crate) type Identity = (i64, i64, i64, i64);

#[derive(Default)]
struct Memory {
    entries: HashMap<Identity, (i64, i64)>,
    order: VecDeque<(i64, Identity)>,
    /// Everything that this process stored since this second was noted; unset before the first question.
    started: Option<i64>,
    /// What was noted before this second may be forgotten.
    forgotten: i64,
    /// Lanes of which is noted what an earlier process stored.
    learned: HashSet<i64>,
}

impl Memory {
    /// What was stored in the second of the start may be another process's.
    fn start(&mut self, now: i64) -> i64 {
        *self.started.get_or_insert(now + 1)
    }

    fn push(&mut self, it: Identity, time: i64, keep_seconds: i64) {
        while let Some((old, identity)) = self.order.front().copied() {
            if old >= time - keep_seconds && self.order.len() < REMEMBERED_MAX {
                break;
            }
            self.order.pop_front();
            self.forgotten = self.forgotten.max(old + 1);
            if self.entries.get(&identity).is_some_and(|known| known.0 == old) {
                self.entries.remove(&identity);
            }
        }
        self.order.push_back((time, it));
    }
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

/// High, Normal, Low and Lowest.
pub const PRIORITIES: usize = 4;

/// The messages of a group in one second, by priority.
#[derive(Default)]
struct Rate {
    second: i64,
    wanted: [i64; PRIORITIES],
    taken: [i64; PRIORITIES],
    /// What was wanted in the second before.
    before: [i64; PRIORITIES],
}

impl Rate {
    fn turn_to(&mut self, second: i64) {
        if self.second != second {
            let before = if self.second + 1 == second { self.wanted } else { [0; PRIORITIES] };
            *self = Rate { second, before, ..Rate::default() };
        }
    }

    /// Whether there is room for one more of this priority, and takes it.
    ///
    /// What goes first may still come in this second. So after a second with more than fits, each priority leaves as much
    /// room to those before it as they wanted then; after any other second nobody waits for anybody.
    fn take(&mut self, place: usize, most: i64) -> bool {
        self.wanted[place] += 1;
        let was_full = self.before.iter().sum::<i64>() > most;
        let expected = |it: usize| (self.before[it] - self.taken[it]).max(0);
        let is_free = match place {
            _ if most == 0 => true,
            0 => self.taken[0] < most,
            _ => {
                let reserved = if was_full { (0..place).map(expected).sum() } else { 0 };
                self.taken.iter().sum::<i64>() + reserved < most
            }
        };
        self.taken[place] += i64::from(is_free);
        is_free
    }
}

/// What was sent lately: a hint where to look, which the store confirms.
pub struct Sent {
    memory: Mutex<Memory>,
    rates: Cache<i64, Arc<Mutex<Rate>>>,
    /// Messages that found no room, by priority.
    pub(super) dropped: [AtomicU64; PRIORITIES],
}

impl Default for Sent {
    fn default() -> Sent {
        Sent { memory: Mutex::default(), rates: Cache::new(RATES_MAX), dropped: Default::default() }
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
        let started = memory.start(now);
        let reach = if memory.learned.contains(&it.0) { 0 } else { started }.max(memory.forgotten);
        match memory.entries.get(it).filter(|known| known.0 >= since) {
            Some(known) => Known::Sent(known.1),
            None if reach <= since => Known::No,
            None => Known::Since(reach),
        }
    }

    pub(crate) fn note(&self, it: Identity, time: i64, seq: i64, keep_seconds: i64) {
        let mut memory = self.memory.lock().expect("no holder panics");
        memory.push(it, time, keep_seconds);
        memory.entries.insert(it, (time, seq));
    }

    /// Before which second what is stored in a lane must be read to know all of it since `since`; `None` when it is
    /// known, or not worth reading.
    pub(super) fn must_learn(&self, lane: i64, since: i64, now: i64) -> Option<i64> {
        let mut memory = self.memory.lock().expect("no holder panics");
        let started = memory.start(now);
        if started <= since {
            memory.learned = HashSet::new();
            return None;
        }
        let is_done = memory.learned.contains(&lane) || memory.learned.len() >= LEARNED_LANES_MAX;
        (!is_done && memory.forgotten <= since).then_some(started)
    }

    /// Notes what a lane had in the window before this process, as (message, time, number).
    pub(super) fn learn(&self, lane: i64, found: &[(Identity, i64, i64)], keep_seconds: i64) {
        let mut memory = self.memory.lock().expect("no holder panics");
        for &(it, time, seq) in found {
            memory.push(it, time, keep_seconds);
            memory.entries.entry(it).or_insert((time, seq));
        }
        memory.learned.insert(lane);
    }

    /// Counts one more of whatever this lane is about in this second; false when there were `most` already.
    pub(crate) fn take_rate(&self, lane: i64, now: i64, most: i64) -> bool {
        let rate = self.rate(lane);
        let mut rate = rate.lock().expect("no holder panics");
        rate.turn_to(now);
        rate.take(0, most)
    }

    /// The same for a message of a group with its `MsgPriority`, 1 to 4: high ones give way only to one another, and the
    /// lowest are the first without room.
    pub(crate) fn take_turn(&self, lane: i64, now: i64, most: i64, priority: i64) -> bool {
        let place = usize::try_from(priority - 1).unwrap_or(0).min(PRIORITIES - 1);
        let rate = self.rate(lane);
        let mut rate = rate.lock().expect("no holder panics");
        rate.turn_to(now);
        let is_free = rate.take(place, most);
        if !is_free {
            self.dropped[place].fetch_add(1, Ordering::Relaxed);
        }
        is_free
    }

    fn rate(&self, lane: i64) -> Arc<Mutex<Rate>> {
        let made = self.rates.get_or_insert_with(&lane, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(rate) = made;
        rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH: i64 = 1;
    const NORMAL: i64 = 2;

    #[test]
    fn high_messages_give_way_only_to_one_another() {
        let sent = Sent::default();
        assert!(sent.take_turn(1, 10, 2, NORMAL) && sent.take_turn(1, 10, 2, NORMAL));
        assert!(!sent.take_turn(1, 10, 2, NORMAL), "the second is full");
        assert!(sent.take_turn(1, 10, 2, HIGH) && sent.take_turn(1, 10, 2, HIGH));
        assert!(!sent.take_turn(1, 10, 2, HIGH), "it is full of high ones, too");
        assert!(sent.take_turn(2, 10, 2, NORMAL), "another group has its own second");
        assert!(sent.take_turn(1, 12, 2, NORMAL), "a later second is empty");
        assert!(sent.take_turn(1, 12, 0, NORMAL), "without a limit there is always room");
        let dropped: Vec<_> = sent.dropped.iter().map(|it| it.load(Ordering::Relaxed)).collect();
        assert_eq!(dropped, [1, 1, 0, 0]);
    }

    #[test]
    fn high_messages_leave_no_room_for_others() {
        let sent = Sent::default();
        assert!(sent.take_turn(1, 10, 2, HIGH) && sent.take_turn(1, 10, 2, HIGH));
        assert!(!sent.take_turn(1, 10, 2, NORMAL));
    }

    /// How many of each priority find room in the third of three seconds that want the same, the lowest first.
    fn third_second(wanted: [i64; PRIORITIES], most: i64) -> [i64; PRIORITIES] {
        let (sent, mut taken) = (Sent::default(), [0; PRIORITIES]);
        for second in 0..3 {
            taken = [0; PRIORITIES];
            for place in (0..PRIORITIES).rev() {
                for _ in 0..wanted[place] {
                    taken[place] += i64::from(sent.take_turn(7, second, most, place as i64 + 1));
                }
            }
        }
        taken
    }

    #[test]
    fn under_a_lasting_load_the_lowest_are_dropped_first_even_if_they_come_first() {
        for (wanted, taken) in [
            ([10, 10, 10, 10], [10, 10, 10, 10]),
            ([20, 20, 20, 20], [20, 20, 0, 0]),
            ([10, 20, 20, 20], [10, 20, 10, 0]),
            ([0, 0, 0, 60], [0, 0, 0, 40]),
            ([50, 10, 0, 10], [40, 0, 0, 0]),
        ] {
            assert_eq!(third_second(wanted, 40), taken, "{wanted:?}");
        }
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

    #[test]
    fn of_a_lane_that_was_learned_everything_is_known() {
        let (sent, old, other, elsewhere) = (Sent::default(), (1, 2, 3, 4), (1, 2, 3, 5), (9, 2, 3, 4));
        assert_eq!(sent.must_learn(1, 700, 1000), Some(1001));
        sent.learn(1, &[(old, 900, 7)], 300);
        assert_eq!(sent.must_learn(1, 700, 1000), None);
        assert_eq!(sent.recall(&old, 700, 1000), Known::Sent(7));
        assert_eq!(sent.recall(&old, 901, 1201), Known::No, "its window is over");
        assert_eq!(sent.recall(&other, 700, 1000), Known::No);
        assert_eq!(sent.recall(&elsewhere, 700, 1000), Known::Since(1001));
        assert_eq!(sent.must_learn(2, 1001, 1301), None, "nothing of an earlier process counts");
    }

    #[test]
    fn what_had_to_be_forgotten_is_asked_of_the_store() {
        let sent = Sent::default();
        sent.learn(1, &[], 300);
        assert_eq!(sent.recall(&(1, 0, 0, 0), 700, 1000), Known::No);
        for it in 0..=REMEMBERED_MAX as i64 {
            sent.note((1, it, 0, 0), 1000, it, 300);
        }
        assert_eq!(sent.recall(&(1, 0, 0, 0), 700, 1000), Known::Since(1001));
        assert_eq!(sent.recall(&(1, 1, 0, 0), 700, 1000), Known::Sent(1));
        assert_eq!(sent.must_learn(2, 700, 1000), None);
    }
}
