//! Merged messages that are too long to travel inside a message. `spec/client/commands/im_long_msg.*.yaml`.

use proto::{Code, Fail, frame};
use store::{StoreError, merged_messages as table};

use super::visible_since;
use crate::{Chat, Cx, error::Error, shard};

/// Most messages of a list.
pub const MESSAGES_MAX: usize = 300;
/// The most that `messages.merged_max_bytes` may be set to.
pub const BYTES_MAX: i64 = 16 << 20;
/// No key of ours is longer.
const KEY_BYTES_MAX: usize = 64;
/// Lists forgotten in one step, and steps of one run.
const STEP: i64 = 100;
const STEPS_MAX: usize = 50;

/// Keeps the JSON text of a list and returns the key that stands for it.
pub async fn save(cx: &Cx, list: &str) -> Result<String, Error> {
    let most = cx.app.state().settings.messages_merged_max_bytes;
    if list.len() as i64 > most {
        return Err(Fail::with(Code::MsgTooLong, format!("MsgList is longer than {most} bytes")).into());
    }
    let (app, key, now) = (cx.app.id, cx.chat.random.token(), cx.chat.clock.now());
    let (owner, packed) = (cx.caller.user().to_owned(), frame::compress(list.as_bytes()));
    let its_key = key.clone();
    let write =
        cx.chat.db.write(shard(app, &key), move |tx| table::put(tx, (app, &its_key), &owner, now, packed));
    write.await.map_err(|it: StoreError| Error::from(it))?;
    Ok(key)
}

/// The list that a key stands for, as it was given.
pub async fn load(cx: &Cx, key: &str) -> Result<String, Error> {
    let unknown = || Error::from(Fail::with(Code::ModifyUnknown, "there is no such merged message"));
    if key.len() > KEY_BYTES_MAX || !key.is_ascii() || key.contains('\0') {
        return Err(unknown());
    }
    let since = visible_since(&cx.app.state().settings, cx.chat.clock.now());
    let (app, key) = (cx.app.id, key.to_owned());
    let packed = cx.chat.db.read(move |tx| table::get(tx, app, &key, since)).await?.ok_or_else(unknown)?;
    let damaged = || Error::Internal("a merged message cannot be unpacked".into());
    let list = frame::decompress(&packed, BYTES_MAX as usize).ok_or_else(damaged)?;
    String::from_utf8(list.into_owned()).map_err(|it| Error::Internal(Box::new(it)))
}

impl Chat {
    /// Forgets lists that are older than the history of their app. Called from time to time.
    pub async fn prune_merged(&self) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        for app in self.apps.all() {
            let since = visible_since(&app.state().settings, self.clock.now());
            if since == 0 {
                continue;
            }
            for _ in 0..STEPS_MAX {
                let id = app.id;
                let step = self.db.write(0, move |tx| table::prune(tx, id, since, STEP)).await?;
                forgotten += step;
                if step == 0 {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}
