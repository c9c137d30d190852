//! The alert that a REST command is called nearly as often as its limit allows.
//! `spec/webhooks/Alert.RequestOverLimit.yaml`

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use serde::Serialize;

use super::{Hook, Line, tell, wants};
use crate::{Cx, error::Error};

/// Calls of one command in the current second.
#[derive(Default)]
pub(crate) struct Load {
    /// The second in the upper half, its calls in the lower.
    calls: AtomicU64,
    /// When it was alerted last, in Unix seconds.
    alerted_at: AtomicI64,
}

impl Load {
    /// Counts a call; says how many there were in this second.
    fn count(&self, now: i64) -> i64 {
        let second = (now as u64) << 32;
        let next = |seen: u64| if seen & !0xffff_ffff == second { seen + 1 } else { second + 1 };
        let seen = self.calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| Some(next(it)));
        let (Ok(seen) | Err(seen)) = seen;
        (next(seen) & 0xffff_ffff) as i64
    }

    /// Whether it is time to alert again; then it counts as done.
    fn claim(&self, now: i64, interval: i64) -> bool {
        let claim = |at: i64| (now - at >= interval).then_some(now);
        self.alerted_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, claim).is_ok()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RequestOverLimit {
    service_name: &'static str,
    command: &'static str,
    request: i64,
    limit: i64,
}

/// Counts a REST call of the command at `index` of a table of `commands`, refused or not, and alerts when there are too
/// many of them.
pub fn note_call(
    cx: &Cx,
    (index, commands): (usize, usize),
    (service_name, command): (&'static str, &'static str),
    limit: u32,
) {
    if limit == 0 || !wants(cx, Hook::AlertRequestOverLimit) {
        return;
    }
    let Some(load) = cx.app.hooks.load(index, commands) else { return };
    let (now, limit) = (cx.chat.clock.now(), i64::from(limit));
    let request = load.count(now);
    let state = cx.app.state();
    if request * 100 <= limit * state.settings.webhooks_alert_percent
        || !load.claim(now, state.settings.webhooks_alert_interval_seconds)
    {
        return;
    }
    let at = cx.clone();
    // It is queued; nobody waits for it.
    drop(cx.chat.db.write::<_, Error>(0, move |tx| {
        tell(tx, &at, Hook::AlertRequestOverLimit, Line::App, |_| {
            Ok(RequestOverLimit { service_name, command, request, limit })
        })
    }));
}

#[cfg(test)]
mod tests {
    use super::Load;

    #[test]
    fn calls_are_counted_by_the_second() {
        let load = Load::default();
        assert_eq!([load.count(5), load.count(5), load.count(6), load.count(6)], [1, 2, 1, 2]);
    }

    #[test]
    fn an_alert_repeats_only_after_its_interval() {
        let load = Load::default();
        assert!(load.claim(100, 60));
        assert!(!load.claim(159, 60));
        assert!(load.claim(160, 60));
    }
}
