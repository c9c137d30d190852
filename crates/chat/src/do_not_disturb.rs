//! When a user does not want to be disturbed: one record, which only stops pushes to devices that are offline.
//! `spec/client/commands/im_msg_db_logic.ws_set_do_not_disturb.yaml`.

use proto::{Code, Fail};
use store::do_not_disturb as rows;

use crate::{Cx, error::Error, live::Push, shard};

pub use store::do_not_disturb::Record;

/// The greatest `Level`.
const LEVEL_MAX: i64 = 2;

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
