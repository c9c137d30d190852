//! What was found, as it is answered: a part of it, and where it goes on.

use std::{
    cmp::Reverse,
    collections::{HashMap, hash_map::Entry},
};

use store::{
    Tx, accounts,
    group_messages::{self, flag as group_flag},
    groups,
    messages::{self as log, flag},
    search_logs::{C2C, Place},
};

use super::{
    FoundIn, Log,
    scan::{Hit, LogKey},
};
use crate::{
    Cx,
    accounts::tiny_id,
    error::Error,
    groups::{Group, item},
    messages::wire,
};

type Logs = HashMap<LogKey, Log>;
type Hits = HashMap<LogKey, Vec<Hit>>;

/// The number of all there is, a part of it, and after what it goes on.
type Part = (i64, Vec<FoundIn>, Option<Place>);

/// Conversations, the one with the newest hit first; with the message where there is only one.
pub(super) fn conversations(
    tx: &mut dyn Tx,
    cx: &Cx,
    logs: &Logs,
    hits: Hits,
    after: Option<Place>,
    count: usize,
) -> Result<Part, Error> {
    let total = hits.len() as i64;
    let newest = |hits: &[Hit]| hits.iter().map(|it| it.time).max().unwrap_or(0);
    let mut found: Vec<_> =
        hits.into_iter().map(|(key, hits)| ((newest(&hits), key.0, key.1), hits)).collect();
    found.retain(|it| after.is_none_or(|after| it.0 < after));
    found.sort_unstable_by_key(|it| Reverse(it.0));
    let next = if found.len() > count { found.get(count - 1).map(|it| it.0) } else { None };
    found.truncate(count);
    let mut reader = Reader { tx, cx, tiny_ids: HashMap::new() };
    let mut items = Vec::with_capacity(found.len());
    for ((_, kind, number), hits) in found {
        let Some(log) = logs.get(&(kind, number)) else { continue };
        let messages = if hits.len() == 1 { reader.messages(log, &hits)? } else { Vec::new() };
        items.push(found_in(log, hits.len(), messages));
    }
    Ok((total, items, next))
}

/// The messages of one conversation, newest first.
pub(super) fn messages(
    tx: &mut dyn Tx,
    cx: &Cx,
    logs: &Logs,
    hits: Hits,
    after: Option<Place>,
    count: usize,
) -> Result<Part, Error> {
    let Some((key, mut hits)) = hits.into_iter().next() else { return Ok((0, Vec::new(), None)) };
    let Some(log) = logs.get(&key) else { return Ok((0, Vec::new(), None)) };
    let total = hits.len();
    hits.retain(|it| after.is_none_or(|after| it.place < after));
    hits.sort_unstable_by_key(|it| Reverse(it.place));
    let next = if hits.len() > count { hits.get(count - 1).map(|it| it.place) } else { None };
    hits.truncate(count);
    let messages = Reader { tx, cx, tiny_ids: HashMap::new() }.messages(log, &hits)?;
    Ok((total as i64, vec![found_in(log, total, messages)], next))
}

fn found_in(log: &Log, count: usize, messages: Vec<String>) -> FoundIn {
    let is_group = log.kind != C2C;
    FoundIn {
        user: if is_group { String::new() } else { log.id.clone() },
        group: if is_group { log.id.clone() } else { String::new() },
        count: count as i64,
        messages,
    }
}

struct Reader<'a> {
    tx: &'a mut dyn Tx,
    cx: &'a Cx,
    tiny_ids: HashMap<String, String>,
}

impl Reader<'_> {
    /// The messages as clients get them.
    fn messages(&mut self, found: &Log, hits: &[Hit]) -> Result<Vec<String>, Error> {
        if found.kind == C2C {
            return hits.iter().map(|it| self.of_people(found, it)).filter_map(Result::transpose).collect();
        }
        let Some(row) = groups::by_number(self.tx, found.number)? else { return Ok(Vec::new()) };
        let group = Group::new(row);
        let mut items = Vec::with_capacity(hits.len());
        for it in hits {
            // Whatever the index says, what is gone is not shown.
            let message = group_messages::get(self.tx, found.number, it.place.0)?
                .filter(|it| !it.has(group_flag::RECALLED | group_flag::DELETED));
            items.extend(message.map(|it| item(&group, None, &it)));
        }
        Ok(items)
    }

    fn of_people(&mut self, found: &Log, hit: &Hit) -> Result<Option<String>, Error> {
        let lane = found.number * 2 + i64::from(hit.from_high);
        let is_own = hit.from_high == found.is_high;
        let hidden = if is_own { flag::HIDDEN_FROM_SENDER } else { flag::HIDDEN_FROM_RECEIVER };
        let message = log::get(self.tx, lane, hit.place)?;
        let message = message.filter(|it| !it.has(flag::RECALLED | hidden));
        let Some(message) = message else { return Ok(None) };
        let user = self.cx.caller.user().to_owned();
        let (from, to) = if is_own { (&user, &found.id) } else { (&found.id, &user) };
        let tiny_id = self.tiny_id(from)?;
        Ok(Some(wire::found(&message, wire::People { from, to, tiny_id: &tiny_id })))
    }

    /// Empty for who is no account any more.
    fn tiny_id(&mut self, user: &str) -> Result<String, Error> {
        Ok(match self.tiny_ids.entry(user.to_owned()) {
            Entry::Occupied(it) => it.get().clone(),
            Entry::Vacant(it) => {
                let row = accounts::get(self.tx, self.cx.app.id, user)?;
                it.insert(row.map_or_else(String::new, |it| tiny_id(it.tiny))).clone()
            }
        })
    }
}
