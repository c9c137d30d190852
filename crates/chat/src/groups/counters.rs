//! Counters: numbers of a group that clients raise and lower together. `spec/concepts/group-system.md` 12.

use std::collections::BTreeMap;

use proto::{Code, Fail, json::quote};
use store::{Tx, group_counters as rows};

use super::{
    Group, Kind, Told,
    attributes::{check_member, tell},
    find, open,
    told::change,
};
use crate::{Cx, error::Error};

/// Counters of a group, and bytes of a key.
pub const COUNTERS_MAX: usize = 20;
const KEY_BYTES_MAX: usize = 128;

/// What a value does to a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Set,
    Increase,
    Decrease,
}

impl Mode {
    pub fn parse(name: &str) -> Option<Mode> {
        Some(match name {
            "Set" => Mode::Set,
            "Increase" => Mode::Increase,
            "Decrease" => Mode::Decrease,
            _ => return None,
        })
    }

    /// `None` when the result has no 64 bits.
    fn apply(self, before: i64, value: i64) -> Option<i64> {
        match self {
            Mode::Set => Some(value),
            Mode::Increase => before.checked_add(value),
            Mode::Decrease => before.checked_sub(value),
        }
    }
}

/// Type in the event.
const SET: i64 = 0;
const DELETED: i64 = 1;
const CHANGED: i64 = 2;

/// Counters by key, and their sequence.
pub struct Counters {
    pub seq: i64,
    pub all: Vec<(String, i64)>,
}

/// The group, if counters are for it and the caller may use them.
fn open_for(tx: &mut dyn Tx, cx: &Cx, number: i64) -> Result<Group, Error> {
    let group = open(tx, number)?;
    if group.kind == Kind::Community {
        return Err(Fail::with(Code::GroupDenied, "this group type does not support counters").into());
    }
    check_member(tx, cx, &group)?;
    Ok(group)
}

async fn number(cx: &Cx, group_id: &str) -> Result<i64, Error> {
    if !cx.app.state().settings.features_group_counters {
        return Err(Code::GroupFeatureOff.into());
    }
    Ok(find(cx, group_id).await?.number())
}

/// The counters of these keys, or with none all. Keys that do not exist are left out.
pub async fn read(cx: &Cx, group_id: &str, keys: Vec<String>) -> Result<Counters, Error> {
    let (at, number) = (cx.clone(), number(cx, group_id).await?);
    cx.chat
        .db
        .read(move |tx| {
            let group = open_for(tx, &at, number)?;
            let all = rows::all(tx, number)?.into_iter();
            let all = all.filter(|it| keys.is_empty() || keys.contains(&it.0)).collect();
            Ok(Counters { seq: group.row.counter_seq, all })
        })
        .await
}

/// Changes counters, all or none, and returns those that were named as they are now.
pub async fn update(
    cx: &Cx,
    group_id: &str,
    mode: Mode,
    values: Vec<(String, i64)>,
) -> Result<Counters, Error> {
    let (at, number) = (cx.clone(), number(cx, group_id).await?);
    change(cx, number, move |tx, told| {
        let group = open_for(tx, &at, number)?;
        let mut known: BTreeMap<_, _> = rows::all(tx, number)?.into_iter().collect();
        let mut named: Vec<&String> = Vec::new();
        for (key, value) in &values {
            check_key(key)?;
            let before = known.get(key).copied().unwrap_or(0);
            let overflow = || Fail::with(Code::GroupParam, format!("{key:?} would not fit into 64 bits"));
            known.insert(key.clone(), mode.apply(before, *value).ok_or_else(overflow)?);
            if !named.contains(&key) {
                named.push(key);
            }
        }
        if known.len() > COUNTERS_MAX {
            return Err(Code::GroupCountersFull.into());
        }
        let all: Vec<_> = named.into_iter().map(|key| (key.clone(), known[key])).collect();
        for (key, value) in &all {
            rows::put(tx, number, key, *value)?;
        }
        let seq = rows::raise(tx, number)?;
        let kind = if mode == Mode::Set { SET } else { CHANGED };
        announce(&at, told, &group, kind, seq, &all);
        Ok(Counters { seq, all })
    })
    .await
}

/// Deletes the counters of these keys, or with none all. What does not exist is passed over.
pub async fn delete(cx: &Cx, group_id: &str, keys: Vec<String>) -> Result<(), Error> {
    let (at, number) = (cx.clone(), number(cx, group_id).await?);
    change(cx, number, move |tx, told| {
        let group = open_for(tx, &at, number)?;
        let known = rows::all(tx, number)?.into_iter();
        let gone: Vec<_> = known.filter(|it| keys.is_empty() || keys.contains(&it.0)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        for (key, _) in &gone {
            rows::remove(tx, number, key)?;
        }
        let seq = rows::raise(tx, number)?;
        announce(&at, told, &group, DELETED, seq, &gone);
        Ok(())
    })
    .await
}

fn check_key(key: &str) -> Result<(), Error> {
    match key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains('\0') {
        true => Err(Fail::with(
            Code::GroupParam,
            format!("the key of a counter must have 1 to {KEY_BYTES_MAX} bytes"),
        )
        .into()),
        false => Ok(()),
    }
}

/// Tells the members, the calling session too: it learns the new sequence nowhere else.
fn announce(cx: &Cx, told: &mut Told, group: &Group, kind: i64, seq: i64, counters: &[(String, i64)]) {
    let items: Vec<_> =
        counters.iter().map(|(key, value)| format!("{{\"Key\":{},\"Value\":{value}}}", quote(key))).collect();
    let body = format!(
        "{{\"OpType\":6,\"GroupCounterInfo\":[{{\"Type\":{kind},\"GroupCounterSeq\":{seq},\"GroupCounter\":[{}]}}]}}",
        items.join(",")
    );
    tell(cx, told, group, &body, None);
    told.forget_group(group.id());
}
