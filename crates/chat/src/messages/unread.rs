//! How many messages a user has not read, kept while a webhook wants to know it with every message: counting goes through
//! all unread messages, and one more each time.

use std::{collections::HashMap, sync::Mutex};

/// Users whose number is kept, per app. With more of them all are counted anew.
const USERS_MAX: usize = 100_000;
/// After this time a number is counted anew. Seconds. Messages stop to count by themselves when their time to wait ends.
const KEPT_SECONDS: i64 = 10;

#[derive(Default)]
pub(crate) struct UnreadCounts(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    known: HashMap<String, Known>,
    /// Grows with whatever makes a number wrong that is just being counted.
    version: u64,
}

struct Known {
    count: i64,
    counted_at: i64,
}

impl UnreadCounts {
    fn with<T>(&self, work: impl FnOnce(&mut Counts) -> T) -> T {
        work(&mut self.0.lock().expect("no holder panics"))
    }

    /// Whether the number of a user is known; else the version to give to [`UnreadCounts::keep`].
    pub(super) fn is_known(&self, user: &str, now: i64) -> Result<(), u64> {
        self.with(|it| match it.known.get(user) {
            Some(known) if now - known.counted_at < KEPT_SECONDS => Ok(()),
            _ => Err(it.version),
        })
    }

    /// Keeps a number that was counted since the version was this.
    pub(super) fn keep(&self, user: &str, count: i64, now: i64, version: u64) {
        self.with(|it| {
            if it.version != version {
                return;
            }
            if it.known.len() >= USERS_MAX {
                it.known.clear();
            }
            it.known.insert(user.to_owned(), Known { count, counted_at: now });
        });
    }

    /// The number with `more` messages that are being stored; `None` when it is not known.
    pub(super) fn add(&self, user: &str, more: i64) -> Option<i64> {
        self.with(|it| {
            it.version += 1;
            let known = it.known.get_mut(user)?;
            known.count += more;
            Some(known.count)
        })
    }

    /// Called after whatever changes what the user has not read.
    pub(crate) fn forget(&self, user: &str) {
        self.with(|it| {
            it.version += 1;
            it.known.remove(user);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::UnreadCounts;

    #[test]
    fn a_number_grows_with_each_message_until_it_is_forgotten_or_old() {
        let counts = UnreadCounts::default();
        let version = counts.is_known("ann", 100).unwrap_err();
        counts.keep("ann", 4, 100, version);
        assert_eq!((counts.add("ann", 1), counts.add("ann", 0)), (Some(5), Some(5)));
        assert_eq!(counts.is_known("ann", 109), Ok(()));
        assert!(counts.is_known("ann", 110).is_err());
        counts.forget("ann");
        assert_eq!(counts.add("ann", 1), None);
    }

    #[test]
    fn what_was_counted_while_something_changed_is_not_kept() {
        let counts = UnreadCounts::default();
        let version = counts.is_known("ann", 100).unwrap_err();
        counts.forget("ann");
        counts.keep("ann", 4, 100, version);
        assert!(counts.is_known("ann", 100).is_err());
    }
}
