//! The webhooks around sending. `spec/webhooks/C2C.CallbackBeforeSendMsg.yaml`, `C2C.CallbackAfterSendMsg.yaml`.

use proto::Code;
use serde_json::value::RawValue;
use store::{
    Tx, contacts,
    messages::{self as log, flag},
};

use super::{Delivery, Options, Relation};
use crate::{
    Cx,
    error::Error,
    messages::{conversation_key, lane, read::unread_of},
    webhooks::{
        AfterSendC2c, C2cMessage, Hook, Line,
        ask::{C2C_CODES, Rules, Verdict, ask},
        raw, rewritten, tell, wants,
    },
};

/// Which webhooks a message may cause; the app's switches count as well.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooked {
    pub before: bool,
    pub after: bool,
    /// Those to robots.
    pub robots: bool,
}

const RULES: Rules = Rules {
    refused: Code::MsgRefused,
    own_codes: C2C_CODES,
    may_drop: true,
    unanswered: Code::BeforeWebhookFailed,
};

/// The webhooks that this message will cause.
pub(super) fn wanted(cx: &Cx, options: &Options) -> Hooked {
    Hooked {
        before: options.hooks.before && wants(cx, Hook::C2cCallbackBeforeSendMsg),
        after: options.hooks.after && wants(cx, Hook::C2cCallbackAfterSendMsg),
        robots: options.hooks.robots,
    }
}

/// One after the other: those of one sender to one receiver.
pub(super) fn turn_key(cx: &Cx, from: &str, to: &str) -> u64 {
    conversation_key(cx.app.id, from, to) ^ u64::from(from > to)
}

/// Refuses what storing would refuse, so that the backend is asked only of what can be sent; then asks it. `None`: it is
/// dropped.
pub(super) async fn prepare(cx: &Cx, mut it: Delivery) -> Result<Option<Delivery>, Error> {
    let (hooks, now) = (it.hooks, it.message.time);
    let counted = if hooks.after { cx.app.unread.is_known(&it.to, now) } else { Ok(()) };
    if counted.is_ok() && !hooks.before {
        return Ok(Some(it));
    }
    let at = cx.clone();
    let read = cx.chat.db.read::<_, Error>(move |tx| {
        let is_duplicate = hooks.before && check(tx, &at, &it)?;
        if let Err(version) = counted {
            it.unread = unread_of(tx, &at, &it.to)?;
            at.app.unread.keep(&it.to, it.unread, now, version);
        }
        Ok((it, is_duplicate))
    });
    let (mut it, is_duplicate) = read.await?;
    if !hooks.before || is_duplicate {
        return Ok(Some(it));
    }
    let verdict = {
        let body = || message(cx, &it);
        ask(cx, Hook::C2cCallbackBeforeSendMsg, &RULES, body).await?
    };
    match verdict {
        Verdict::Drop => Ok(None),
        Verdict::Go(answer) => {
            // The checksum stays that of what was sent, by which it is recognised when it is sent again.
            if let Some((body, cloud)) = rewritten(cx, (&it.message.body, &it.message.cloud), &answer) {
                it.is_rewritten = true;
                it.message.body = body;
                it.message.cloud = cloud;
            }
            Ok(Some(it))
        }
    }
}

/// Whether storing will find that it was sent before; a refusal is an error.
fn check(tx: &mut dyn Tx, cx: &Cx, it: &Delivery) -> Result<bool, Error> {
    let (app, state) = (cx.app.id, cx.app.state());
    if !cx.is_admin() {
        let relation = Relation {
            is_blocked: store::blocks::is(tx, app, &it.to, &it.from)?,
            friends: (
                store::friends::is(tx, app, &it.from, &it.to)?,
                store::friends::is(tx, app, &it.to, &it.from)?,
            ),
        };
        relation.refuse(&state.settings, &it.from, &it.to)?;
    }
    let Some(pair) = contacts::pair(tx, app, &it.from, &it.to)? else { return Ok(false) };
    let message = &it.message;
    let since = message.time - state.settings.messages_c2c_dedup_seconds;
    let lane = lane(pair, &it.from, &it.to);
    let found = log::find_sent(tx, lane, since, message.time, message.seq, message.random, message.crc)?;
    Ok(found.is_some())
}

pub(super) fn message<'a>(cx: &Cx, it: &'a Delivery) -> C2cMessage<'a> {
    C2cMessage {
        from: &it.from,
        to: &it.to,
        seq: it.message.seq,
        random: it.message.random,
        time: it.message.time,
        key: it.key().to_string(),
        id: it.id(),
        online_only: it.options.online_only.into(),
        body: raw(&it.message.body).unwrap_or(RawValue::NULL),
        cloud: raw(&it.message.cloud),
        event_time: cx.chat.clock.millis(),
    }
}

/// The message is stored, or delivered if it is online only.
pub(super) fn tell_sent(tx: &mut dyn Tx, cx: &Cx, it: &Delivery) -> Result<(), Error> {
    if !it.hooks.after {
        return Ok(());
    }
    let counts = !it.options.online_only
        && !it.message.has(flag::NO_UNREAD)
        && !it.message.has(flag::WITHHELD)
        && it.from != it.to;
    let unread = cx.app.unread.add(&it.to, counts.into()).unwrap_or(it.unread + i64::from(counts));
    let line = Line::Pair(&it.from, &it.to);
    tell(tx, cx, Hook::C2cCallbackAfterSendMsg, line, |_| {
        Ok(AfterSendC2c { message: message(cx, it), result: 0, info: "send msg succeed", unread })
    })
}

/// Called after the end of a send: what was counted may be wrong when it was not told, or not stored after all.
pub(super) fn settle(cx: &Cx, to: &str, is_counted: bool) {
    if !is_counted && wants(cx, Hook::C2cCallbackAfterSendMsg) {
        cx.app.unread.forget(to);
    }
}
