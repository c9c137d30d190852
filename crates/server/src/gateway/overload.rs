//! How often one connection may send a command, where the app limits it: setting `limits.socket_commands`.
//! `spec/client/commands/OverLoadPush.notify2.yaml`.

use std::collections::HashMap;

use chat::{limits::Bucket, settings::Settings};
use serde_json::json;

/// For so long a client is asked not to send the command; by then as many may come as in any second.
const DELAY_SECONDS: i64 = 1;
/// Without these a connection cannot live, so they are never held back.
const FREE: [&str; 4] =
    ["heartbeat.alive", "im_open_status.wslogin", "im_open_status.wslogout", "im_open_status.wshello"];

#[derive(Default)]
struct Pace {
    bucket: Bucket,
    /// When the client was asked to wait last. Unix milliseconds.
    told_at: i64,
}

/// Of one connection, by the row of the command table; only commands that the app limits have one.
#[derive(Default)]
pub(super) struct Paces(HashMap<usize, Pace>);

/// The command under which a client is asked to wait.
pub(super) const PUSHED: &str = "OverLoadPush.notify2";

/// The command came too often. With the body of the push that asks the client to wait, unless it was asked just now.
pub(super) struct TooOften(pub(super) Option<String>);

impl Paces {
    pub(super) fn take(
        &mut self,
        settings: &Settings,
        (index, servcmd): (usize, &str),
        now_millis: i64,
    ) -> Result<(), TooOften> {
        if !settings.limits_enforce || FREE.contains(&servcmd) {
            return Ok(());
        }
        let Some(per_second) = settings.limits_socket_commands.get(servcmd) else { return Ok(()) };
        let pace = self.0.entry(index).or_default();
        if pace.bucket.take(*per_second, now_millis) {
            return Ok(());
        }
        let is_new = now_millis - pace.told_at >= DELAY_SECONDS * 1000;
        if is_new {
            pace.told_at = now_millis;
        }
        let body = || json!({"OverLoadServCmd": servcmd, "DelaySecs": DELAY_SECONDS}).to_string();
        Err(TooOften(is_new.then(body)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_comes_too_often_is_held_back_and_asked_to_wait_once_a_second() {
        let mut settings = Settings::default();
        let limits = json!({"openim.sendmsg": 2, "heartbeat.alive": 1, "openim.getmsg": 0});
        settings.set("limits.socket_commands", limits).unwrap();
        let mut paces = Paces::default();
        let mut take = |settings: &Settings, row, now| match paces.take(settings, row, now) {
            Ok(()) => "fine",
            Err(TooOften(Some(_))) => "wait",
            Err(TooOften(None)) => "refused",
        };
        let send = (1, "openim.sendmsg");
        for (now, expected) in [
            (1000, "fine"),
            (1000, "fine"),
            (1000, "wait"),
            (1001, "refused"),
            (2001, "fine"),
            (2001, "fine"),
            (2001, "wait"),
        ] {
            assert_eq!(take(&settings, send, now), expected, "{now}");
        }
        for row in [(2, "heartbeat.alive"), (3, "openim.getmsg"), (4, "openim.msgwithdraw")] {
            for _ in 0..5 {
                assert_eq!(take(&settings, row, 1000), "fine", "{row:?}");
            }
        }
        settings.set("limits.enforce", false.into()).unwrap();
        assert_eq!(take(&settings, send, 2001), "fine");
    }
}
