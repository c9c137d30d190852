//! Extensions: short pairs of a message that everybody in its conversation may change, each change with the number
//! of the one before. `spec/rest/openim_msg_ext_http_svc.set_key_values.yaml`.

use proto::{Code, Fail, json::quote};
use store::{
    Tx,
    additions::{self as counts, Counters},
    extensions::{self as rows, Pair},
};

use super::{Named, Site, Target, Tell, change as change_message, read as read_message};
use crate::{Cx, error::Error};

/// Pairs of one call, and of a message.
pub const CALL_PAIRS_MAX: usize = 20;
const PAIRS_MAX: i64 = 300;
/// Keys of a message with those that were removed since all were: what was removed is kept for whoever reads on.
const KEYS_MAX: i64 = 1000;
const KEY_BYTES_MAX: usize = 100;
const VALUE_BYTES_MAX: usize = 1000;
/// Pairs of one answer.
const PAGE_PAIRS_MAX: usize = 200;
const CHANGES_PER_MINUTE: i64 = 200;
const IN_LIVE_ROOM: Code = Code::GroupParam;

/// What is done; the numbers are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Op {
    Set = 1,
    Delete = 2,
    Clear = 3,
}

/// A pair as a call has it; `seq` is what the caller knows of the key, 0 for nothing.
#[derive(Clone, Debug)]
pub struct Given {
    pub key: String,
    pub value: String,
    pub seq: i64,
}

/// What became of a pair of the call: a code, 0 for done, and the pair as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub code: i64,
    pub key: String,
    pub value: String,
    pub seq: i64,
}

impl Outcome {
    fn new(code: i64, it: Pair) -> Outcome {
        Outcome { code, key: it.key, value: it.value, seq: it.seq }
    }
}

/// What a call came to: the outcomes in the order of its pairs, and the message's counter.
pub struct Changed {
    pub outcomes: Vec<Outcome>,
    pub seq: i64,
}

/// Pairs of a message.
pub struct Page {
    pub pairs: Vec<Outcome>,
    /// Whether nothing comes after these.
    pub is_complete: bool,
    pub latest_seq: i64,
    pub clear_seq: i64,
}

fn check_feature(cx: &Cx) -> Result<(), Error> {
    match cx.app.state().settings.features_message_extensions {
        true => Ok(()),
        false => Err(Fail::with(Code::GroupRequest, "message extensions are switched off").into()),
    }
}

fn bad(info: String) -> Error {
    Fail::with(Code::GroupParam, info).into()
}

fn check_pair(it: &Given) -> Result<(), Error> {
    if it.key.is_empty() || it.key.len() > KEY_BYTES_MAX || it.key.contains('\0') {
        return Err(bad(format!("a Key must have 1 to {KEY_BYTES_MAX} bytes, none of them 0")));
    }
    if it.value.len() > VALUE_BYTES_MAX || it.value.contains('\0') {
        return Err(bad(format!("a Value must have at most {VALUE_BYTES_MAX} bytes, none of them 0")));
    }
    Ok(())
}

/// Sets or removes pairs, each for itself, or removes all. `pairs` are ignored by [`Op::Clear`].
pub async fn change(cx: &Cx, named: Named, op: Op, pairs: Vec<Given>) -> Result<Changed, Error> {
    check_feature(cx)?;
    if op != Op::Clear {
        if pairs.is_empty() || pairs.len() > CALL_PAIRS_MAX {
            return Err(bad(format!("ExtensionList must have 1 to {CALL_PAIRS_MAX} entries")));
        }
        pairs.iter().try_for_each(check_pair)?;
    }
    let at = cx.clone();
    change_message(cx, named, IN_LIVE_ROOM, move |tx, target| {
        if !target.is_extensible {
            return Err(Code::ExtensionUnsupported.into());
        }
        let known = counts::counters(tx, target.of)?;
        let next = known.extension_seq + 1;
        if op == Op::Clear {
            take_turn(&at, target)?;
            rows::clear(tx, target.of)?;
            counts::set_counters(tx, target.of, Counters { extension_seq: next, clear_seq: next })?;
            let told = event(target, op, &[], next);
            return Ok((Changed { outcomes: Vec::new(), seq: next }, vec![Tell::Others(told)]));
        }
        let (outcomes, changed) = write(tx, &at, target, (op, &pairs), (known.clear_seq, next))?;
        if changed.is_empty() {
            return Ok((Changed { outcomes, seq: known.extension_seq }, Vec::new()));
        }
        check_room(tx, target)?;
        take_turn(&at, target)?;
        counts::set_counters(tx, target.of, Counters { extension_seq: next, ..known })?;
        let told = event(target, op, &changed, next);
        Ok((Changed { outcomes, seq: next }, vec![Tell::Others(told)]))
    })
    .await
}

/// Writes what may be written of the pairs; returns their outcomes, and what changed.
fn write(
    tx: &mut dyn Tx,
    cx: &Cx,
    target: &Target,
    (op, pairs): (Op, &[Given]),
    (clear_seq, next): (i64, i64),
) -> Result<(Vec<Outcome>, Vec<Pair>), Error> {
    let (mut outcomes, mut changed) = (Vec::with_capacity(pairs.len()), Vec::<Pair>::new());
    for it in pairs {
        let known = rows::get(tx, target.of, &it.key)?;
        if let Err(code) = may_change(cx, op, it, known.as_ref(), clear_seq) {
            let nothing = || Pair { key: it.key.clone(), value: String::new(), seq: 0, is_live: false };
            outcomes.push(Outcome::new(code.number(), known.unwrap_or_else(nothing)));
            continue;
        }
        let value = if op == Op::Set { it.value.clone() } else { String::new() };
        let pair = Pair { key: it.key.clone(), value, seq: next, is_live: op == Op::Set };
        rows::put(tx, target.of, &pair)?;
        changed.retain(|it| it.key != pair.key);
        changed.push(pair.clone());
        outcomes.push(Outcome::new(0, pair));
    }
    Ok((outcomes, changed))
}

/// A backend may change everything; a client must know the pair as it is now.
fn may_change(cx: &Cx, op: Op, it: &Given, known: Option<&Pair>, clear_seq: i64) -> Result<(), Code> {
    let live = known.filter(|it| it.is_live);
    if op == Op::Delete && live.is_none() {
        return Err(Code::ExtensionUnknown);
    }
    let is_current = match (live, known) {
        (Some(live), _) => it.seq == live.seq || (op == Op::Delete && it.seq == 0),
        (None, Some(removed)) => it.seq == removed.seq || it.seq == 0,
        // Of what was removed before all were, only the time is known.
        (None, None) => (0..=clear_seq).contains(&it.seq),
    };
    if cx.is_admin() || is_current { Ok(()) } else { Err(Code::ExtensionConflict) }
}

/// The limits hold for what is there after the write.
fn check_room(tx: &mut dyn Tx, target: &Target) -> Result<(), Error> {
    let (live, all) = rows::count(tx, target.of)?;
    if live > PAIRS_MAX {
        return Err(bad(format!("a message has at most {PAIRS_MAX} pairs")));
    }
    if all > KEYS_MAX {
        return Err(bad(format!("a message had {KEYS_MAX} different keys; remove all pairs first")));
    }
    Ok(())
}

fn take_turn(cx: &Cx, target: &Target) -> Result<(), Error> {
    let name = format!("{}/{}/{}", target.of.kind, target.of.lane, target.of.number);
    match cx.app.extension_pace.take(&name, CHANGES_PER_MINUTE, cx.chat.clock.millis()) {
        true => Ok(()),
        false => Err(Code::ExtensionRate.into()),
    }
}

/// Pairs of a message in the order of their changes, from the change `from` on, with what was removed, which has an
/// empty value. A backend that asks from 0 gets only what is there: it holds nothing that it would have to drop, as a
/// client may from the answers to its own changes.
pub async fn page(cx: &Cx, named: Named, from: i64) -> Result<Page, Error> {
    check_feature(cx)?;
    if from < 0 {
        return Err(bad("StartSeq is negative".to_owned()));
    }
    let is_backend = cx.is_admin();
    read_message(cx, named, IN_LIVE_ROOM, move |tx, target| {
        let known = counts::counters(tx, target.of)?;
        let removed_after = if from == 0 && is_backend { i64::MAX } else { known.clear_seq };
        let mut pairs = rows::since(tx, target.of, from, removed_after, PAGE_PAIRS_MAX as i64 + 1)?;
        let is_complete = pairs.len() <= PAGE_PAIRS_MAX;
        if let Some(next) = pairs.get(PAGE_PAIRS_MAX).map(|it| it.seq) {
            // The next page starts with a change, so none may be split.
            pairs.retain(|it| it.seq < next);
        }
        let pairs = pairs.into_iter().map(|it| Outcome::new(0, it)).collect();
        Ok(Page { pairs, is_complete, latest_seq: known.extension_seq, clear_seq: known.clear_seq })
    })
    .await
}

/// Event 19.
fn event(target: &Target, op: Op, changed: &[Pair], seq: i64) -> String {
    let numbers = format!("\"MsgClientTime\":{},\"MsgRandom\":{}", target.client_time, target.random);
    let message = match &target.site {
        Site::OneToOne { from, to, seq, time } => format!(
            "\"ExtensionC2cMsgInfo\":{{\"From_Account\":{},\"To_Account\":{},{numbers},\"MsgSeq\":{seq},\
             \"MsgTimeStamp\":{time}}}",
            quote(from),
            quote(to)
        ),
        Site::InGroup { group, topic, seq } => format!(
            "\"ExtensionGroupMsgInfo\":{{{},\"MsgSeq\":{seq},{numbers}}}",
            Site::group_members(group, topic.as_deref())
        ),
    };
    let pair = |it: &Pair| {
        format!("{{\"Key\":{},\"Value\":{},\"Seq\":{}}}", quote(&it.key), quote(&it.value), it.seq)
    };
    let pairs = || changed.iter().map(pair).collect::<Vec<_>>().join(",");
    let what = match op {
        Op::Set => format!("\"SetKVInfo\":[{{\"MsgKeyValue\":[{}]}}]", pairs()),
        Op::Delete => format!("\"DeleteKVInfo\":[{{\"MsgKeyValue\":[{}]}}]", pairs()),
        Op::Clear => format!("\"ClearKVInfo\":[{{\"ClearMsgSeq\":{seq}}}]"),
    };
    format!(
        "{{\"Event\":19,\"MsgExtensionNotify\":{{{message},\"MsgOptType\":{},\"TinyId\":\"{}\",\"MsgLastSeq\":{seq},\
         {what}}}}}",
        op as i64, target.tiny_id
    )
}
