//! Recalling for both, and deleting for oneself. `spec/concepts/message-format.md` 17, `message-storage.md` 2.

use proto::{Code, Fail, MsgKey};
use store::{
    Tx,
    additions::{self, Of},
    contacts,
    messages::{self as log, flag},
    search_logs,
};

use super::{Named, conversation_key, lane, read::unread_of, wire};
use crate::{
    Cx, accounts,
    error::Error,
    live::Push,
    webhooks::{AfterRecallC2c, Hook, Line, tell},
};

/// Recalls a message for both sides. A client may recall its own within the app's window (20016).
pub async fn recall(cx: &Cx, named: Named) -> Result<(), Error> {
    let tiny_id = accounts::tiny_of(cx, &named.from).await?;
    let by = cx.caller.user().to_owned();
    let window = cx.app.state().settings.messages_recall_window_seconds;
    let oldest = if cx.is_admin() { i64::MIN } else { cx.chat.clock.now() - window };
    let (at, origin, after, revoker) = (cx.clone(), cx.caller.instance(), cx.app.clone(), by.clone());
    let (from, to, sender_tiny) = (named.from.clone(), named.to.clone(), tiny_id.clone());
    let done = cx.chat.db.write_then(
        conversation_key(cx.app.id, &from, &to),
        move |tx| {
            let unknown = || Fail::with(Code::RecallUnknown, "no such message in this conversation");
            let message = named.find(tx, &at)?.ok_or_else(unknown)?;
            if message.has(flag::RECALLED) {
                return Err(Error::from(Fail::with(Code::RecallTwice, "message already withdrawn")));
            }
            if message.time < oldest {
                return Err(Code::RecallTooLate.into());
            }
            log::recall(tx, message.id, &revoker)?;
            search_logs::note_c2c(tx, &message)?;
            tell(tx, &at, Hook::C2cCallbackAfterMsgWithDraw, Line::Pair(&named.from, &named.to), |tx| {
                Ok(AfterRecallC2c {
                    from: &named.from,
                    to: &named.to,
                    key: named.key.to_string(),
                    id: format!("{sender_tiny}-{}-{}", message.client_time, message.random),
                    unread: unread_of(tx, &at, &named.to)?,
                    event_time: at.chat.clock.millis(),
                })
            })?;
            additions::remove(tx, Of::one_to_one(&message))?;
            Ok(message)
        },
        move |message| {
            after.unread.forget(&to);
            let people = wire::People { from: &from, to: &to, tiny_id: &tiny_id };
            let event = || Push::events(&wire::recalled(message, people, &by));
            if !message.has(flag::WITHHELD) {
                after.live.push(&to, origin, event);
            }
            if from != to {
                after.live.push(&from, origin, event);
            }
        },
    );
    done.await?;
    Ok(())
}

/// Deletes messages from the owner's own view; unknown keys are skipped.
pub async fn delete_own(cx: &Cx, owner: &str, peer: &str, keys: Vec<MsgKey>) -> Result<(), Error> {
    let (app, key) = (cx.app.id, conversation_key(cx.app.id, owner, peer));
    let (owner, peer) = (owner.to_owned(), peer.to_owned());
    let (name, after) = (owner.clone(), cx.app.clone());
    let work = move |tx: &mut dyn Tx| {
        let Some(pair) = contacts::pair(tx, app, &owner, &peer)? else { return Ok(()) };
        let own = lane(pair, &owner, &peer);
        for key in keys {
            let place = (key.time, key.seq.into(), key.random.into());
            for (lane, hidden) in [(own, flag::HIDDEN_FROM_SENDER), (own ^ 1, flag::HIDDEN_FROM_RECEIVER)] {
                if let Some(message) = log::get(tx, lane, place)? {
                    log::add_flags(tx, message.id, hidden)?;
                    search_logs::note_c2c(tx, &message)?;
                }
            }
        }
        Ok::<_, Error>(())
    };
    cx.chat.db.write_then(key, work, move |()| after.unread.forget(&name)).await
}
