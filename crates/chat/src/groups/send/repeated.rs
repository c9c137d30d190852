//! A message that is sent again gets the answer of the first: by memory where it can tell, by the store otherwise.

use store::{
    Dialect, StoreError, Tx,
    group_messages::{self as log, GroupMessage},
};

use super::Sent;
use crate::{
    Cx,
    error::Error,
    groups::recent::{Identity, Known, LEARNED_MAX},
};

pub(super) fn identity(it: &GroupMessage) -> Identity {
    (it.lane, it.tiny, it.random, it.crc)
}

/// The answer that this message got before, as far as can be told without the store's writer: it is given again
/// whatever the sender may do now.
pub(super) async fn sent_before(cx: &Cx, it: &GroupMessage) -> Result<Option<Sent>, Error> {
    let window = cx.app.state().settings.messages_group_dedup_seconds;
    let (since, identity) = (it.time - window, identity(it));
    if cx.chat.db.dialect() == Dialect::Sqlite {
        learn(cx, it.lane, since, window).await?;
    }
    let Some(seq) = cx.app.groups.sent.find(&identity, since) else { return Ok(None) };
    let read = cx.chat.db.read(move |tx| noted(tx, &identity, seq));
    Ok(read.await?)
}

/// After a start, the first message of a lane reads what the process before stored there lately, so that not every
/// message has to look for it.
async fn learn(cx: &Cx, lane: i64, since: i64, window: i64) -> Result<(), Error> {
    let sent = &cx.app.groups.sent;
    let Some(reach) = sent.must_learn(lane, since, cx.chat.clock.now()) else { return Ok(()) };
    let found = cx.chat.db.read(move |tx| log::identities(tx, lane, (since, reach), LEARNED_MAX)).await?;
    if found.len() as i64 <= LEARNED_MAX {
        let found: Vec<_> =
            found.iter().map(|it| ((lane, it.tiny, it.random, it.crc), it.time, it.seq)).collect();
        sent.learn(lane, &found, window);
    }
    Ok(())
}

/// The message of this number, if it is the one that was noted: its transaction may have failed.
fn noted(tx: &mut dyn Tx, it: &Identity, seq: i64) -> Result<Option<Sent>, StoreError> {
    let found = log::get(tx, it.0, seq)?.filter(|found| identity(found) == *it);
    Ok(found.map(|it| Sent { time: it.time, seq: it.seq, ..Sent::default() }))
}

/// The first of the messages that this one repeats.
pub(super) fn find_first(tx: &mut dyn Tx, cx: &Cx, it: &GroupMessage) -> Result<Option<Sent>, Error> {
    let since = it.time - cx.app.state().settings.messages_group_dedup_seconds;
    let identity = identity(it);
    let known = cx.app.groups.sent.recall(&identity, since, cx.chat.clock.now());
    if let Known::Sent(seq) = known
        && let Some(first) = noted(tx, &identity, seq)?
    {
        return Ok(Some(first));
    }
    // Another node may have stored it, which memory here cannot know.
    let below = match (known, tx.dialect()) {
        (Known::No, Dialect::Sqlite) => return Ok(None),
        (Known::Since(reach), Dialect::Sqlite) => log::last_before(tx, it.lane, reach)?,
        _ => i64::MAX,
    };
    let above = log::last_before(tx, it.lane, since)?;
    if below <= above {
        return Ok(None);
    }
    let found = log::find_sent(tx, (it.lane, above, below), &it.sender, it.random, it.crc)?;
    Ok(found.map(|(seq, time)| Sent { time, seq, ..Sent::default() }))
}
