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
}

/// What was sent lately: a hint where to look, which the store confirms.
pub struct Sent {
    memory: Mutex<Memory>,
    rates: Cache<i64, Arc<Mutex<(i64, i64)>>>,
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

    pub(crate) fn note(&self, it: Identity, time: i64, seq: i64, keep_seconds: i64) {
        let mut memory = self.memory.lock().expect("no holder panics");
        while let Some((old, identity)) = memory.order.front().copied() {
            if old >= time - keep_seconds && memory.order.len() < REMEMBERED_MAX {
                break;
            }
            memory.order.pop_front();
            if memory.entries.get(&identity).is_some_and(|known| known.0 == old) {
                memory.entries.remove(&identity);
            }
        }
        memory.entries.insert(it, (time, seq));
        memory.order.push_back((time, it));
    }

    /// Counts a message of a lane in this second; false when there were `most` already.
    pub(crate) fn take_rate(&self, lane: i64, now: i64, most: i64) -> bool {
        let made = self.rates.get_or_insert_with(&lane, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(rate) = made;
        let mut rate = rate.lock().expect("no holder panics");
        if rate.0 != now {
            *rate = (now, 0);
        }
        let is_free = most == 0 || rate.1 < most;
        rate.1 += i64::from(is_free);
        is_free
    }
}
