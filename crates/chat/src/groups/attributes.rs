//! Attributes: few short pairs of a group that clients share. `spec/concepts/group-system.md` 11.

use std::collections::HashMap;

use proto::{Code, Fail, json::quote};
use store::{Tx, group_attributes as rows};

use super::{Group, Told, backend, find, member_in, open, told::change, wire};
use crate::{Cx, error::Error, fan_out::Audience};

pub use store::group_attributes::Attribute;

/// Attributes of a group, bytes of a key, of a value, and of all values together.
pub const ATTRIBUTES_MAX: usize = 16;
const KEY_BYTES_MAX: usize = 32;
const VALUE_BYTES_MAX: usize = 4000;
const VALUES_BYTES_MAX: usize = 16_000;
/// Values longer than this together are not pushed: clients read them then.
const PUSHED_BYTES_MAX: usize = 8192;

/// What is done; the numbers are OpType on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Op {
    /// Replaces all.
    Set = 1,
    /// Writes those that are named.
    Modify = 2,
    Clear = 3,
    Delete = 4,
}

/// A pair; `seq` is what the caller knows of the key, 0 for nothing.
#[derive(Clone, Debug)]
pub struct Pair {
    pub key: String,
    pub value: String,
    pub seq: i64,
}

/// A change of attributes.
pub struct Change {
    pub op: Op,
    pub pairs: Vec<Pair>,
    /// The main sequence that the caller knows, if it wants to be refused (10056) when others were faster.
    pub unless_changed: Option<i64>,
}

/// What a change came to: the main sequence now, and that of each key that was named.
pub struct Changed {
    pub main_seq: i64,
    pub seqs: Vec<(String, i64)>,
}

/// All attributes of a group, with the main sequence. A client must be a member (10007).
pub async fn read(cx: &Cx, group_id: &str) -> Result<(i64, Vec<Attribute>), Error> {
    let (at, number) = (cx.clone(), find(cx, group_id).await?.number());
    cx.chat
        .db
        .read(move |tx| {
            let group = open(tx, number)?;
            check_member(tx, &at, &group)?;
            Ok((group.row.attr_seq, rows::all(tx, number)?))
        })
        .await
}

/// Refuses a client that is not in the group with 10007.
pub(super) fn check_member(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    match cx.is_admin() || member_in(tx, group.number(), cx.caller.user())?.is_some() {
        true => Ok(()),
        false => Err(Fail::with(Code::GroupDenied, "only members of the group may do this").into()),
    }
}

/// Whom a change of attributes or counters is told: nobody, while a group waits for its first message.
pub(super) fn tell(cx: &Cx, told: &mut Told, group: &Group, body: &str, except: Option<i64>) {
    if group.row.active {
        let (time, random) = (cx.chat.clock.now(), cx.chat.random.u32().into());
        let item = wire::Unstored { group, topic: None, to: None, seq: 0, random, time }.item(body);
        told.room(wire::tips_event(6, &item), Audience::All, except);
    }
}

/// Changes attributes, all that are named or none, and tells the members.
pub async fn write(cx: &Cx, group_id: &str, it: Change) -> Result<Changed, Error> {
    let (at, number) = (cx.clone(), find(cx, group_id).await?.number());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_member(tx, &at, &group)?;
        write_in(tx, &at, told, &group, &it)
    })
    .await
}

fn write_in(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, group: &Group, it: &Change) -> Result<Changed, Error> {
    let number = group.number();
    let pairs = each_once(&it.pairs);
    pairs.iter().try_for_each(|it| check_pair(it))?;
    let known: HashMap<String, Attribute> =
        rows::all(tx, number)?.into_iter().map(|it| (it.key.clone(), it)).collect();
    check_race(group, &known, it, &pairs)?;
    if it.op == Op::Delete && pairs.iter().any(|it| !known.contains_key(&it.key)) {
        return Err(Code::GroupAttrUnknown.into());
    }
    if it.op == Op::Clear && known.is_empty() {
        return Ok(Changed { main_seq: group.row.attr_seq, seqs: Vec::new() });
    }
    check_limits(&known, it.op, &pairs)?;
    // Messages are counted under the group's number; what is below 0 is free for attributes.
    let rate = cx.app.state().settings.groups_attr_writes_per_second;
    if !cx.app.groups.sent.take_rate(-number, cx.chat.clock.now(), rate) {
        return Err(Code::GroupAttrRate.into());
    }
    let main_seq = rows::raise(tx, number)?;
    if matches!(it.op, Op::Set | Op::Clear) {
        rows::clear(tx, number)?;
    }
    for pair in &pairs {
        match it.op {
            Op::Delete => rows::remove(tx, number, &pair.key)?,
            _ => rows::put(
                tx,
                number,
                &Attribute { key: pair.key.clone(), value: pair.value.clone(), seq: main_seq },
            )?,
        }
    }
    let seq = if it.op == Op::Delete { 0 } else { main_seq };
    tell(cx, told, group, &body(cx, it.op, main_seq, &pairs, seq), cx.caller.instance());
    told.forget_group(group.id());
    let shown = pairs.iter().map(|it| (&it.key, &it.value));
    backend::attributes_changed(tx, cx, group, it.op, shown)?;
    Ok(Changed { main_seq, seqs: pairs.iter().map(|it| (it.key.clone(), seq)).collect() })
}

/// The pairs in their order, of a repeated key the last.
fn each_once(pairs: &[Pair]) -> Vec<&Pair> {
    let is_last = |at: usize| pairs[at + 1..].iter().all(|it| it.key != pairs[at].key);
    pairs.iter().enumerate().filter(|it| is_last(it.0)).map(|it| it.1).collect()
}

fn check_pair(it: &Pair) -> Result<(), Error> {
    if it.key.is_empty() || it.key.contains('\0') || it.value.contains('\0') {
        let info = "an attribute's key is empty, or it has a character that cannot be stored";
        return Err(Fail::with(Code::GroupParam, info).into());
    }
    if it.key.len() > KEY_BYTES_MAX {
        return Err(Code::GroupAttrKey.into());
    }
    if it.value.len() > VALUE_BYTES_MAX {
        return Err(Code::GroupAttrValue.into());
    }
    Ok(())
}

/// Whether somebody else was faster. What replaces all is judged by the main sequence, the rest by the keys'.
fn check_race(
    group: &Group,
    known: &HashMap<String, Attribute>,
    it: &Change,
    pairs: &[&Pair],
) -> Result<(), Error> {
    let Some(main_seq) = it.unless_changed else { return Ok(()) };
    let is_current = match it.op {
        Op::Set | Op::Clear => main_seq == group.row.attr_seq,
        Op::Modify | Op::Delete => {
            pairs.iter().all(|it| it.seq == known.get(&it.key).map_or(0, |known| known.seq))
        }
    };
    if is_current { Ok(()) } else { Err(Code::GroupAttrConflict.into()) }
}

/// The limits hold for what is there after the write.
fn check_limits(known: &HashMap<String, Attribute>, op: Op, pairs: &[&Pair]) -> Result<(), Error> {
    let stays = |key: &str| op == Op::Modify && pairs.iter().all(|it| it.key != key);
    let kept: Vec<_> = known.values().filter(|it| stays(&it.key)).map(|it| it.value.len()).collect();
    if matches!(op, Op::Delete | Op::Clear) {
        return Ok(());
    }
    if kept.len() + pairs.len() > ATTRIBUTES_MAX {
        return Err(Code::GroupAttrsTooMany.into());
    }
    let bytes = kept.iter().sum::<usize>() + pairs.iter().map(|it| it.value.len()).sum::<usize>();
    if bytes > VALUES_BYTES_MAX {
        return Err(Code::GroupAttrsTooLong.into());
    }
    Ok(())
}

fn body(cx: &Cx, op: Op, main_seq: i64, pairs: &[&Pair], seq: i64) -> String {
    let value = |it: &Pair| if op == Op::Delete { "\"\"".to_owned() } else { quote(&it.value) };
    let keys: Vec<_> = pairs.iter().map(|it| quote(&it.key)).collect();
    let is_short = pairs.iter().map(|it| it.value.len()).sum::<usize>() <= PUSHED_BYTES_MAX;
    let shown = pairs
        .iter()
        .filter(|_| is_short || op == Op::Delete)
        .map(|it| format!("{{\"Key\":{},\"Val\":{},\"SubKeySeq\":{seq}}}", quote(&it.key), value(it)));
    format!(
        "{{\"OpType\":6,\"Operator_Account\":{},\"MsgGroupNewInfo\":{{\"GroupAttrOption\":{{\"GroupAttrSeq\":{main_seq},\
         \"PushChangedAttrValFlag\":{},\"OpType\":{},\"BytesChangedKeys\":[{}],\"GroupAttrInfo\":[{}]}}}}}}",
        quote(cx.caller.user()),
        i64::from(is_short || op == Op::Delete),
        op as i64,
        keys.join(","),
        shown.collect::<Vec<_>>().join(",")
    )
}
