//! What clients say of their devices. `spec/client/commands/im_open_status.ws_stat_*.yaml`.

use store::push_tokens::{self as rows, Token};

use crate::{Caller, Cx, error::Error, shard};

/// Longest token of a device, and longest names beside it. Bytes.
const TOKEN_BYTES_MAX: usize = 4096;
const NAME_BYTES_MAX: usize = 64;
/// Most unread messages that a device may say it has.
const UNREAD_MAX: i64 = 1_000_000;

/// The token of a device, as its client gives it.
#[derive(Clone, Debug, Default)]
pub struct DeviceToken {
    pub token: String,
    pub business: String,
    pub kind: String,
}

/// Keeps the token of the caller's device in place of its earlier one. An empty one, or one that cannot be kept, only
/// removes that.
pub async fn set_token(cx: &Cx, it: DeviceToken) -> Result<(), Error> {
    let Caller::User(session) = &cx.caller else { return Ok(()) };
    let (app, hash) = (cx.app.id, session.hash);
    let can_be_kept = |text: &str, most: usize| text.len() <= most && !text.chars().any(char::is_control);
    let is_kept = !it.token.is_empty() && can_be_kept(&it.token, TOKEN_BYTES_MAX);
    let name = |text: String| if can_be_kept(&text, NAME_BYTES_MAX) { text } else { String::new() };
    let row = Token {
        inst_id: session.inst_id,
        user: session.user.to_string(),
        token: it.token,
        business: name(it.business),
        kind: name(it.kind),
    };
    let done = cx.chat.db.write(shard(app, &session.user), move |tx| {
        // Its end may be on its way: a token must not outlive it.
        let is_alive = store::sessions::get(tx, &hash)?.is_some_and(|it| it.ended_at == 0);
        match is_kept && is_alive {
            true => rows::set(tx, app, &row),
            false => rows::remove(tx, row.inst_id),
        }
    });
    Ok(done.await?)
}

/// The caller's app went to the background, where nobody sees what comes. `unread` is what it shows as unread, if it
/// said so.
pub async fn in_background(cx: &Cx, unread: Option<i64>) -> Result<(), Error> {
    stay(cx, true, unread.map_or(-1, |it| it.clamp(0, UNREAD_MAX))).await
}

/// The caller's app came to the foreground.
pub async fn in_foreground(cx: &Cx) -> Result<(), Error> {
    stay(cx, false, -1).await
}

async fn stay(cx: &Cx, in_background: bool, unread: i64) -> Result<(), Error> {
    let Caller::User(session) = &cx.caller else { return Ok(()) };
    session.set_in_background(in_background);
    let inst_id = session.inst_id;
    let key = shard(cx.app.id, &session.user);
    Ok(cx.chat.db.write(key, move |tx| rows::set_unread(tx, inst_id, unread)).await?)
}
