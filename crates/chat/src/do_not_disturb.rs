//! When a user does not want to be disturbed: one record, which only stops pushes to devices that are offline.
//! `spec/client/commands/im_msg_db_logic.ws_set_do_not_disturb.yaml`.

use proto::{Code, Fail};
use store::do_not_disturb as rows;

use crate::{Cx, error::Error, live::Push, shard};

pub use store::do_not_disturb::Record;

/// The greatest `Level`.
const LEVEL_MAX: i64 = 2;

const SECONDS_PER_DAY: i64 = 86_400;

/// Whether the user does not want to be disturbed at a second.
pub(crate) fn is_active(it: &Record, now: i64) -> bool {
    let length = it.end_at - it.start_at;
    let is_within = match it.is_repeated {
        true => length > 0 && (now - it.start_at).rem_euclid(SECONDS_PER_DAY) < length,
        false => (it.start_at..it.end_at).contains(&now),
    };
    it.level != 0 && is_within
}

/// Replaces the caller's record, and tells all its sessions.
pub async fn set(cx: &Cx, it: Record) -> Result<(), Error> {
    if !(0..=LEVEL_MAX).contains(&it.level) {
        return Err(Fail::with(Code::MsgInvalid, "Level must be 0, 1 or 2").into());
    }
    if it.start_at < 0 || it.end_at < it.start_at {
        let info = "StartTime must not be negative, and EndTime not be before it";
        return Err(Fail::with(Code::MsgInvalid, info).into());
    }
    let (app, user, after) = (cx.app.id, cx.caller.user().to_owned(), cx.clone());
    let done = cx.chat.db.write_then(
        shard(app, &user),
        move |tx| rows::set(tx, app, &user, it),
        move |()| {
            let push = || {
                Push::events(&format!(
                    "{{\"Event\":24,\"Level\":{},\"StartTime\":{},\"EndTime\":{},\"IsRepeated\":{}}}",
                    it.level,
                    it.start_at,
                    it.end_at,
                    i64::from(it.is_repeated)
                ))
            };
            after.app.live.push(after.caller.user(), None, push);
        },
    );
    Ok(done.await?)
}

/// The caller's record, as it was set.
pub async fn get(cx: &Cx) -> Result<Record, Error> {
    let (app, user) = (cx.app.id, cx.caller.user().to_owned());
    let found = cx.chat.db.read(move |tx| rows::get(tx, app, &user)).await?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_active_within_its_hours_and_on_every_day_if_it_is_repeated() {
        let (noon, hour) = (1_767_268_800, 3600);
        for (level, start_at, end_at, is_repeated, now, expected) in [
            (2, noon, noon + hour, false, noon - 1, false),
            (2, noon, noon + hour, false, noon, true),
            (2, noon, noon + hour, false, noon + hour, false),
            (2, noon, noon + hour, false, noon + SECONDS_PER_DAY, false),
            (2, noon, noon + hour, true, noon + SECONDS_PER_DAY, true),
            (1, noon, noon + hour, true, noon + 9 * SECONDS_PER_DAY + hour - 1, true),
            (1, noon, noon + hour, true, noon - SECONDS_PER_DAY + hour, false),
            // Over midnight, and the whole day.
            (2, noon, noon + 20 * hour, true, noon + 19 * hour, true),
            (2, noon, noon + 20 * hour, true, noon + 21 * hour, false),
            (2, noon, noon + SECONDS_PER_DAY, true, noon + 21 * hour, true),
            (0, noon, noon + hour, true, noon, false),
            (2, 0, 0, true, noon, false),
        ] {
            let it = Record { level, start_at, end_at, is_repeated };
            assert_eq!(is_active(&it, now), expected, "{it:?} at {now}");
        }
    }
}
