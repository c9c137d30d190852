//! Token buckets over the injected clock. `spec/concepts/rest-overview.md` 5.

use std::sync::atomic::{AtomicI64, Ordering};

/// One bucket, as the time at which it would be full again (GCRA): microseconds.
#[derive(Default)]
pub struct Bucket(AtomicI64);

impl Bucket {
    /// Takes one token of a bucket that refills `per_second` and holds one second's worth.
    /// 0 is no limit. A refused call takes nothing.
    pub fn take(&self, per_second: u32, now_millis: i64) -> bool {
        if per_second == 0 {
            return true;
        }
        let now = now_millis * 1000;
        let cost = cost(per_second);
        let taken = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let next = full_at.max(now) + cost;
            (next - now <= 1_000_000).then_some(next)
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
    1_000_000 / i64::from(per_second)
}

#[cfg(test)]
mod tests {
    use super::Bucket;

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
    fn zero_is_no_limit() {
        let bucket = Bucket::default();
        assert!((0..10_000).all(|_| bucket.take(0, 1)));
    }
}
