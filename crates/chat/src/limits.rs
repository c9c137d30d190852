//! Token buckets over the injected clock. `spec/concepts/rest-overview.md` 5.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use quick_cache::sync::Cache;

/// Users or messages whose buckets are remembered, per app and purpose; who is forgotten starts with a full one.
const USERS_MAX: usize = 10_000;
const SECOND_MICROS: i64 = 1_000_000;
const MINUTE_MICROS: i64 = 60 * SECOND_MICROS;

/// One bucket, as the time at which it would be full again (GCRA): microseconds.
#[derive(Default)]
pub struct Bucket(AtomicI64);

impl Bucket {
    /// Takes one token of a bucket that refills `per_second` and holds one second's worth.
    /// 0 is no limit. A refused call takes nothing.
    pub fn take(&self, per_second: u32, now_millis: i64) -> bool {
        per_second == 0 || self.take_at(cost(per_second), SECOND_MICROS, now_millis)
    }

    /// The same for a bucket that holds as much as refills in `window` microseconds.
    fn take_at(&self, cost: i64, window: i64, now_millis: i64) -> bool {
        let now = now_millis * 1000;
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let next = full_at.max(now) + cost;
            (next - now <= window).then_some(next)
        });
        taken.is_ok()
    }

    /// Gives back what a call took that was refused for another reason.
    pub fn give_back(&self, per_second: u32) {
        if per_second > 0 {
            self.0.fetch_sub(cost(per_second), Ordering::Relaxed);
        }
    }
}

fn cost(per_second: u32) -> i64 {
    SECOND_MICROS / i64::from(per_second)
}

/// A bucket for each user or message, by name, of what may be done so many times a minute.
pub(crate) struct PerMinute(Cache<String, Arc<Bucket>>);

impl Default for PerMinute {
    fn default() -> PerMinute {
        PerMinute(Cache::new(USERS_MAX))
    }
}

impl PerMinute {
    /// Takes one token of the user's bucket; 0 is no limit.
    pub(crate) fn take(&self, user: &str, most: i64, now_millis: i64) -> bool {
        if most == 0 {
            return true;
        }
        let made = self.0.get_or_insert_with(user, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(bucket) = made;
        bucket.take_at(MINUTE_MICROS / most, MINUTE_MICROS, now_millis)
    }
}

/// A bucket for each user of what may be done so many times a second.
pub(crate) struct PerSecond(Cache<String, Arc<Bucket>>);

impl Default for PerSecond {
    fn default() -> PerSecond {
        PerSecond(Cache::new(USERS_MAX))
    }
}

impl PerSecond {
    /// Takes one token of the user's bucket; 0 is no limit.
    pub(crate) fn take(&self, user: &str, most: i64, now_millis: i64) -> bool {
        if most == 0 {
            return true;
        }
        let made = self.0.get_or_insert_with(user, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let Ok(bucket) = made;
        bucket.take(u32::try_from(most).unwrap_or(u32::MAX), now_millis)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, PerMinute, PerSecond};

    #[test]
    fn each_user_has_a_second_of_its_own() {
        let buckets = PerSecond::default();
        assert!((0..2).all(|_| buckets.take("ann", 2, 5_000)));
        assert!(!buckets.take("ann", 2, 5_000));
        assert!(buckets.take("bob", 2, 5_000));
        assert!(buckets.take("ann", 2, 5_500), "half a second is one of two");
    }

    #[test]
    fn a_second_holds_its_number_of_calls_and_no_more() {
        for limit in [1, 10, 100, 200] {
            let bucket = Bucket::default();
            let taken = (0..limit * 2).filter(|_| bucket.take(limit, 5_000)).count();
            assert_eq!(taken, limit as usize, "at a limit of {limit}");
            assert!(!bucket.take(limit, 5_000), "the bucket is empty");
            assert!(bucket.take(limit, 6_000), "a second later it is not");
        }
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let bucket = Bucket::default();
        assert!((0..10).all(|_| bucket.take(10, 5_000)));
        bucket.give_back(10);
        assert!(bucket.take(10, 5_000));
        assert!(!bucket.take(10, 5_000));
    }

    #[test]
    fn each_user_has_a_minute_of_its_own() {
        let buckets = PerMinute::default();
        assert!((0..3).all(|_| buckets.take("ann", 3, 5_000)));
        assert!(!buckets.take("ann", 3, 5_000));
        assert!(buckets.take("bob", 3, 5_000));
        assert!(!buckets.take("ann", 3, 24_999));
        assert!(buckets.take("ann", 3, 25_000), "a third of a minute is one of three");
    }

    #[test]
    fn zero_is_no_limit() {
        let bucket = Bucket::default();
        assert!((0..10_000).all(|_| bucket.take(0, 1)));
        let buckets = PerMinute::default();
        assert!((0..10_000).all(|_| buckets.take("ann", 0, 1)));
    }
}
