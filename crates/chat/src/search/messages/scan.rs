//! Looking through conversations: first at what has no block, then at the blocks that may have what is looked for.

use std::collections::{HashMap, HashSet};

use store::{
    Tx, group_hidden as hidden, group_messages,
    search_blocks::{self as blocks, Block, LOGS_STEP, TEXTS_STEP},
    search_logs::{self as table, C2C, GROUP, Place},
    search_scope as scope,
};

use super::{LOGS_MAX, Log, Wanted, Where, group_of, peer_of};
use crate::{
    Cx,
    error::Error,
    groups::is_meant_for,
    search::block::{Entries, Entry, MESSAGES_MAX, Readable, may_have},
};

/// Messages without a block that are looked at, of either kind. Blocks follow soon after messages, so that only a
/// log that is being brought in has many.
const WITHOUT_BLOCK_MAX: i64 = 10_000;
/// Blocks of which the grams are looked at.
const BLOCKS_MAX: usize = 20_000;
/// Blocks of which the texts are read: the newest ones that may have what is looked for.
const TEXTS_MAX: usize = 3000;
/// With so many hits no further texts are read.
const HITS_MAX: usize = 20_000;
/// Changes that are not taken into account yet and that are looked at.
const CHANGES_MAX: i64 = 1000;
/// Messages of a block that changed and is read from its log.
const CHANGED_MAX: i64 = 4 * MESSAGES_MAX as i64;
/// A log with so many blocks is read alone, in steps.
const BIG: i64 = 64;
/// Blocks of one step.
const STEP: i64 = 500;

/// A message that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) place: Place,
    pub(super) time: i64,
    pub(super) from_high: bool,
    is_targeted: bool,
}

/// A kind of log and a number.
pub(super) type LogKey = (i64, i64);

/// A search under way.
pub(super) struct Scan<'a> {
    wanted: &'a Wanted,
    pub(super) logs: HashMap<LogKey, Log>,
    pub(super) hits: HashMap<LogKey, Vec<Hit>>,
    /// Blocks that may have something, with their kind.
    found: Vec<(i64, Block)>,
    examined: usize,
}

impl Scan<'_> {
    pub(super) fn new(wanted: &Wanted, logs: Vec<Log>) -> Scan<'_> {
        let logs = logs.into_iter().map(|it| ((it.kind, it.number), it)).collect();
        Scan { wanted, logs, hits: HashMap::new(), found: Vec::new(), examined: 0 }
    }

    pub(super) fn run(&mut self, tx: &mut dyn Tx, cx: &Cx, place: &Where) -> Result<(), Error> {
        if self.logs.is_empty() {
            return Ok(());
        }
        self.without_block(tx, cx, place)?;
        let changed = self.changed(tx)?;
        self.examine(tx)?;
        self.found.retain(|it| !changed.contains(&it.1.id));
        self.read_texts(tx)?;
        self.drop_hidden(tx, cx)
    }

    /// What was said after the last blocks.
    fn without_block(&mut self, tx: &mut dyn Tx, cx: &Cx, place: &Where) -> Result<(), Error> {
        let (app, user, limits) = (cx.app.id, cx.caller.user(), (LOGS_MAX, WITHOUT_BLOCK_MAX));
        if let Some(peer) = peer_of(place) {
            for it in scope::said_to_peers(tx, app, user, peer, limits)? {
                self.take_said(C2C, &it);
            }
        }
        if let Some(group) = group_of(tx, cx, place)? {
            for it in scope::said_in_groups(tx, app, user, group, limits)? {
                self.take_said(GROUP, &it);
            }
        }
        Ok(())
    }

    /// Takes a message that stands in its log, if it is after the last block.
    fn take_said(&mut self, kind: i64, it: &table::Said) {
        let is_after = self.logs.get(&(kind, it.log)).is_some_and(|log| it.place > log.reached);
        if is_after && let Some(it) = Readable::new(kind, it) {
            self.take((kind, it.log), &it.entry());
        }
    }

    /// Reads from the log what was changed since its block was made; names the blocks.
    fn changed(&mut self, tx: &mut dyn Tx) -> Result<HashSet<i64>, Error> {
        let mut changed = HashSet::new();
        for it in table::changed_places(tx, CHANGES_MAX)? {
            let Some(place) = it.place else { continue };
            if self.logs.get(&(it.kind, it.log)).is_none_or(|log| place > log.reached) {
                continue;
            }
            let Some(block) = blocks::at(tx, it.kind, it.log, place)? else { continue };
            if changed.insert(block.id) {
                let said = table::between(tx, it.kind, it.log, (block.after, block.last), CHANGED_MAX)?;
                for said in said.iter().filter_map(|said| Readable::new(it.kind, said)) {
                    self.take((it.kind, it.log), &said.entry());
                }
            }
        }
        Ok(changed)
    }

    /// Takes a message if it is what is looked for, and for the caller.
    fn take(&mut self, key: LogKey, it: &Entry<'_>) {
        let (Some(log), wanted) = (self.logs.get(&key), self.wanted) else { return };
        let is_visible = it.place > log.floor && it.time >= wanted.times.0 && it.time <= wanted.times.1;
        if !is_visible || (wanted.types != 0 && it.types & wanted.types == 0) {
            return;
        }
        let mut sender = it.sender;
        if key.0 == C2C {
            let is_own = it.is_from_high() == log.is_high;
            if !it.is_in_view(is_own) {
                return;
            }
            sender = if is_own { &wanted.user } else { &log.id };
        }
        let is_from = wanted.senders.is_empty() || wanted.senders.iter().any(|it| it == sender);
        if is_from && wanted.is_in(it.text) {
            let hit = Hit {
                place: it.place,
                time: it.time,
                from_high: it.is_from_high(),
                is_targeted: it.is_targeted(),
            };
            self.hits.entry(key).or_default().push(hit);
        }
    }

    /// Looks at the grams of all blocks.
    fn examine(&mut self, tx: &mut dyn Tx) -> Result<(), Error> {
        let since = self.wanted.times.0;
        for kind in [C2C, GROUP] {
            let of_kind =
                self.logs.values().filter(|it| it.kind == kind && it.blocks > 0 && self.may_be_in(it));
            let (big, small): (Vec<_>, Vec<_>) =
                of_kind.map(|it| (it.number, it.blocks)).partition(|it| it.1 > BIG);
            let small: Vec<i64> = small.into_iter().map(|it| it.0).collect();
            for logs in small.chunks(LOGS_STEP) {
                let step = blocks::of_logs(tx, kind, logs, since)?;
                self.note(kind, step);
            }
            for (log, _) in big {
                self.examine_big(tx, kind, log)?;
            }
        }
        Ok(())
    }

    /// Whether one of the senders can be in a conversation of two people.
    fn may_be_in(&self, log: &Log) -> bool {
        let senders = &self.wanted.senders;
        log.kind == GROUP
            || senders.is_empty()
            || senders.iter().any(|it| *it == log.id || *it == self.wanted.user)
    }

    fn examine_big(&mut self, tx: &mut dyn Tx, kind: i64, log: i64) -> Result<(), Error> {
        let mut before = (i64::MAX, i64::MAX, i64::MAX);
        while self.examined < BLOCKS_MAX {
            let step = blocks::of_log(tx, kind, log, before, STEP)?;
            let is_last = (step.len() as i64) < STEP;
            let Some(oldest) = step.last() else { break };
            before = oldest.after;
            let floor = self.logs.get(&(kind, log)).map_or(before, |it| it.floor);
            // Blocks of an imported past may be out of the order of time, but not of that of their places.
            let is_seen = oldest.last <= floor;
            self.note(kind, step);
            if is_last || is_seen {
                break;
            }
        }
        Ok(())
    }

    /// Keeps the blocks that may have what is looked for.
    fn note(&mut self, kind: i64, step: Vec<Block>) {
        let wanted = self.wanted;
        let room = BLOCKS_MAX.saturating_sub(self.examined);
        self.examined += step.len();
        for it in step.into_iter().take(room) {
            let floor = self.logs.get(&(kind, it.log)).map_or(it.last, |log| log.floor);
            if it.last > floor && it.newest_at >= wanted.times.0 && wanted.may_be_in(kind, &it.grams) {
                self.found.push((kind, Block { grams: Vec::new(), ..it }));
            }
        }
    }

    /// Looks through the texts, the newest block first.
    fn read_texts(&mut self, tx: &mut dyn Tx) -> Result<(), Error> {
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable_by_key(|it| std::cmp::Reverse(it.1.newest_at));
        found.truncate(TEXTS_MAX);
        for step in found.chunks(TEXTS_STEP) {
            if self.hits.values().map(Vec::len).sum::<usize>() >= HITS_MAX {
                break;
            }
            let ids: Vec<_> = step.iter().map(|it| it.1.id).collect();
            for (id, texts) in blocks::texts(tx, &ids)? {
                let Some((kind, block)) = step.iter().find(|it| it.1.id == id) else { continue };
                if self.wanted.is_in_bytes(&texts) {
                    Entries::new(&texts).for_each(|it| self.take((*kind, block.log), &it));
                }
            }
        }
        Ok(())
    }

    /// Takes out what the caller deleted from its own view of groups, and what was meant for others there.
    fn drop_hidden(&mut self, tx: &mut dyn Tx, cx: &Cx) -> Result<(), Error> {
        let user = cx.caller.user();
        for ((kind, log), hits) in &mut self.hits {
            if *kind != GROUP {
                continue;
            }
            let numbers = hits.iter().map(|it| it.place.0);
            let (Some(low), Some(high)) = (numbers.clone().min(), numbers.max()) else { continue };
            let hidden = hidden::between(tx, *log, user, low, high)?;
            let mut kept = Vec::with_capacity(hits.len());
            for it in hits.iter().filter(|it| hidden.binary_search(&it.place.0).is_err()) {
                let is_for_all = !it.is_targeted;
                if is_for_all || is_meant(tx, *log, it.place.0, user)? {
                    kept.push(*it);
                }
            }
            *hits = kept;
        }
        self.hits.retain(|_, hits| !hits.is_empty());
        Ok(())
    }
}

fn is_meant(tx: &mut dyn Tx, log: i64, seq: i64, user: &str) -> Result<bool, Error> {
    let found = group_messages::get(tx, log, seq)?;
    found.map_or(Ok(false), |it| is_meant_for(&it, user))
}

impl Wanted {
    /// Whether what is looked for may be in a block with these grams.
    fn may_be_in(&self, kind: i64, grams: &[u8]) -> bool {
        let has = |gram: &u64| may_have(grams, *gram);
        let mut keywords = self.keyword_grams.iter().map(|it| it.iter().all(has));
        let has_text = match self.all || self.keywords.is_empty() {
            true => keywords.all(|it| it),
            false => keywords.any(|it| it),
        };
        has_text
            && (self.type_grams.is_empty() || self.type_grams.iter().any(has))
            && (kind == C2C || self.sender_grams.is_empty() || self.sender_grams.iter().any(has))
    }
}
