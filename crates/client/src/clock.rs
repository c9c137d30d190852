//! The time of day: what UserSigs and messages are dated with.

use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds.
pub fn unix_seconds() -> i64 {
    unix_millis() / 1000
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the time")]
pub fn unix_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
