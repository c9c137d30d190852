//! The only place that reads the time. Tests set it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

#[derive(Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn system() -> Clock {
        Clock(None)
    }

    /// A clock that stands at this Unix millisecond until it is moved.
    pub fn fixed(millis: i64) -> Clock {
        Clock(Some(Arc::new(AtomicI64::new(millis))))
    }

    /// Moves a fixed clock; the system's clock is left alone.
    pub fn advance(&self, millis: i64) {
        if let Some(it) = &self.0 {
            it.fetch_add(millis, Ordering::Relaxed);
        }
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        self.millis() / 1000
    }

    /// Unix milliseconds.
    pub fn millis(&self) -> i64 {
        match &self.0 {
            Some(it) => it.load(Ordering::Relaxed),
            None => system_millis(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that may")]
fn system_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A monotonic instant, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "the one place that may")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}
