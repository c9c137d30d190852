//! What the console shows of all commands together, since the start. Counting is a few atomic additions.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{CODES_MAX, Door};

/// Steps of the latency: the n-th holds what took less than `50 µs · 2^n`; the last one everything else.
pub const STEPS: usize = 20;
const FIRST_STEP_SECONDS: f64 = 0.000_05;

#[derive(Default)]
pub struct Totals {
    calls: [AtomicU64; 2],
    errors: [AtomicU64; 2],
    /// Of REST commands.
    steps: [AtomicU64; STEPS],
    codes: Mutex<BTreeMap<i64, u64>>,
}

/// The numbers at one moment.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub rest_calls: u64,
    pub rest_errors: u64,
    pub socket_calls: u64,
    pub steps: [u64; STEPS],
}

impl Totals {
    pub(super) fn answered(&self, door: Door, code: i64, seconds: f64) {
        self.calls[door as usize].fetch_add(1, Ordering::Relaxed);
        if door == Door::Rest {
            let step = (0..STEPS - 1).find(|it| seconds < FIRST_STEP_SECONDS * f64::from(1_u32 << it));
            self.steps[step.unwrap_or(STEPS - 1)].fetch_add(1, Ordering::Relaxed);
        }
        if code != 0 {
            self.errors[door as usize].fetch_add(1, Ordering::Relaxed);
            if door == Door::Rest {
                self.note(code);
            }
        }
    }

    fn note(&self, code: i64) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        if codes.len() < CODES_MAX || codes.contains_key(&code) {
            *codes.entry(code).or_default() += 1;
        }
    }

    pub fn read(&self) -> Reading {
        let of = |it: &AtomicU64| it.load(Ordering::Relaxed);
        Reading {
            rest_calls: of(&self.calls[Door::Rest as usize]),
            rest_errors: of(&self.errors[Door::Rest as usize]),
            socket_calls: of(&self.calls[Door::Socket as usize]),
            steps: std::array::from_fn(|it| of(&self.steps[it])),
        }
    }

    /// REST answers by code but 0, of the first codes that came.
    pub fn codes(&self) -> BTreeMap<i64, u64> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The time in milliseconds under which this share of the calls between two readings stayed; none without calls.
pub fn percentile(before: &Reading, now: &Reading, share: f64) -> Option<f64> {
    let steps: Vec<u64> =
        now.steps.iter().zip(before.steps).map(|(it, old)| it.saturating_sub(old)).collect();
    let total: u64 = steps.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = (total as f64 * share).ceil() as u64;
    let mut seen = 0;
    let step = steps.iter().position(|it| {
        seen += it;
        seen >= wanted
    });
    let step = u32::try_from(step.unwrap_or(STEPS - 1)).unwrap_or(0);
    Some(FIRST_STEP_SECONDS * f64::from(1_u32 << step) * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_calls_between_two_readings() {
        let totals = Totals::default();
        totals.answered(Door::Rest, 0, 5.0);
        let before = totals.read();
        (0..98).for_each(|_| totals.answered(Door::Rest, 0, 0.000_04));
        totals.answered(Door::Rest, 0, 0.001);
        totals.answered(Door::Rest, 90_001, 0.001);
        let now = totals.read();
        assert_eq!(percentile(&before, &now, 0.5), Some(0.05));
        assert_eq!(percentile(&before, &now, 0.99), Some(1.6));
        assert_eq!(percentile(&now, &now, 0.5), None);
        assert_eq!((now.rest_calls, now.rest_errors), (101, 1));
        assert_eq!(totals.codes(), BTreeMap::from([(90_001, 1)]));
    }
}
