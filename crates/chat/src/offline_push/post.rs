//! Putting messages into the outbox, inside the transactions that store them.

use std::sync::atomic::Ordering;

use store::{
    StoreError, Tx,
    group_messages::GroupMessage,
    messages::Message,
    offline_pushes::{self as outbox, Waiting, kind},
    push_tokens, pushes,
};

use super::{Dropped, info};
use crate::{Cx, zone::SECONDS_PER_DAY};

/// Longest OfflinePushInfo that is kept. Bytes. A message with a longer one is pushed as one without.
const INFO_BYTES_MAX: usize = 16 * 1024;

/// Devices that were connected at this second or later can be pushed to.
pub(super) fn since(cx: &Cx) -> i64 {
    cx.chat.clock.now() - cx.app.state().settings.status_push_online_days * SECONDS_PER_DAY
}

/// Whether the app pushes at all, the sender wants it, and there is room.
fn may_post(cx: &Cx, info: &str) -> bool {
    let state = cx.app.state();
    if !state.channels.is_on() || info::forbids(info) {
        return false;
    }
    let has_room = cx.app.pushes.waiting() < state.settings.push_max_waiting;
    if !has_room {
        cx.app.pushes.numbers.drop(Dropped::Full, 1);
    }
    has_room
}

fn post(tx: &mut dyn Tx, cx: &Cx, life: i64, it: Waiting) -> Result<(), StoreError> {
    let now = cx.chat.clock.now();
    let longest = cx.app.state().settings.push_life_seconds;
    let info = if it.info.len() > INFO_BYTES_MAX { String::new() } else { it.info };
    let row = Waiting { info, created_at: now, until: life.min(now + longest), due_at: now, ..it };
    outbox::post(tx, cx.app.id, &row)?;
    cx.app.pushes.news.store(true, Ordering::Release);
    Ok(())
}

/// A one-to-one message that the receiver may see and wants to be told of. It is pushed if the receiver has a device
/// and looks at none.
pub(crate) fn post_c2c(
    tx: &mut dyn Tx,
    cx: &Cx,
    (from, to): (&str, &str),
    it: &Message,
    info: &str,
) -> Result<(), StoreError> {
    if from == to || !may_post(cx, info) || cx.app.live.is_in_foreground(to) {
        return Ok(());
    }
    let with_token = !cx.app.state().channels.without_token;
    if !push_tokens::has_device(tx, cx.app.id, to, since(cx), with_token)? {
        return Ok(());
    }
    let row = Waiting {
        kind: kind::C2C,
        lane: it.lane,
        number: it.time,
        seq: it.seq,
        random: it.random,
        sender: from.to_owned(),
        user: to.to_owned(),
        info: info.to_owned(),
        ..Waiting::default()
    };
    post(tx, cx, it.waits_until, row)
}

/// A message to a group or topic: one row, whatever the number of members.
pub(crate) fn post_group(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: i64,
    it: &GroupMessage,
    info: &str,
) -> Result<(), StoreError> {
    if !may_post(cx, info) {
        return Ok(());
    }
    let row = Waiting {
        kind: kind::GROUP,
        lane: it.lane,
        number: it.seq,
        seq: it.seq,
        random: it.random,
        group,
        sender: it.sender.clone(),
        info: info.to_owned(),
        ..Waiting::default()
    };
    post(tx, cx, i64::MAX, row)
}

/// A push to all users, if it waits for those who are away.
pub(crate) fn post_all(tx: &mut dyn Tx, cx: &Cx, it: &pushes::Push) -> Result<(), StoreError> {
    if it.waits_until == 0 || !may_post(cx, &it.push_info) {
        return Ok(());
    }
    let row = Waiting {
        kind: kind::ALL,
        number: it.id,
        seq: it.seq,
        random: it.random,
        sender: it.sender.clone(),
        info: it.push_info.clone(),
        ..Waiting::default()
    };
    post(tx, cx, it.waits_until, row)
}
