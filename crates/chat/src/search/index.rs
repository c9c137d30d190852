//! The job that makes blocks of what was said, and makes them anew where it was changed.
//!
//! What has been said for [`SETTLE_SECONDS`] is cut into blocks as soon as there is enough of it in a log. Reading and
//! cutting happens on a snapshot, beside the writers; what is written then is refused where somebody else was faster.
//! A change is forgotten in the transaction that writes the block anew, so no crash loses one.

use std::collections::BTreeMap;

use store::{
    StoreError, Tx, groups,
    search_blocks::{self as blocks, Block},
    search_logs::{self as table, C2C, Changed, GROUP, Place, START, Said},
    search_names as names,
};

use super::{
    block::{self, MESSAGES_MAX},
    text::fold,
};
use crate::{Chat, error::Error, groups::Kind, shard};

/// A message that is so old has none before it that is still on its way. Seconds.
const SETTLE_SECONDS: i64 = 10;
/// So many messages after the last block are cut into it, or into a new one.
const ENOUGH: usize = 8;
/// New messages, and changes, looked at in one round.
const ROUND: i64 = 2000;
const CHANGES_ROUND: i64 = 2000;
/// Messages of one log that are cut in one round.
const CUT_MAX: i64 = 16 * MESSAGES_MAX as i64;
/// Logs with new messages that one round looks at.
const LOGS_ROUND: usize = 1000;
/// When one round has made so many blocks, what is left waits for the next.
const BLOCKS_ROUND: usize = 256;
/// Names brought in in one round.
const NAMES_ROUND: i64 = 500;
/// Later than any place.
const END: Place = (i64::MAX, i64::MAX, i64::MAX);

/// What is to be done for one log.
#[derive(Default)]
struct Work {
    /// Where something new was said in a log of two people: mostly at its end.
    places: Vec<Place>,
    changes: Vec<Changed>,
}

/// What was made of a log.
struct Made {
    kind: i64,
    log: i64,
    /// New ones, and such as are there already, with their texts.
    blocks: Vec<(Block, Vec<u8>)>,
    /// Where its blocks ended, and where they end now.
    end: Option<(Place, Place)>,
    changes: Vec<Changed>,
    /// Not everything could be cut at once.
    has_more: bool,
}

/// A round as it was read.
#[derive(Default)]
struct Round {
    made: Vec<Made>,
    /// How far new messages had been looked at, and are now, of either kind.
    began: [i64; 2],
    reached: [i64; 2],
    has_more: bool,
}

impl Chat {
    /// Does a part of the work that searching needs. Says whether there is more. Called from time to time.
    pub async fn index_search(&self) -> Result<bool, Error> {
        let now = self.clock.now();
        let had_names = self.bring_in_names().await?;
        let round = self.db.read(move |tx| read_round(tx, now)).await?;
        let Round { made, began, reached, has_more } = round;
        let writes: Vec<_> = made
            .into_iter()
            .map(|it| {
                let key = shard(0, &format!("\0search {} {}", it.kind, it.log));
                self.db.write(key, move |tx| write(tx, &it))
            })
            .collect();
        for it in writes {
            it.await?;
        }
        if reached != began {
            let done = self.db.write(shard(0, "\0search"), move |tx| {
                table::set_progress(tx, C2C, reached[0])?;
                table::set_progress(tx, GROUP, reached[1])
            });
            done.await?;
        }
        Ok(has_more || had_names)
    }

    /// Keeps names that were there before they were kept for searches.
    async fn bring_in_names(&self) -> Result<bool, Error> {
        let missing = self.db.read(|tx| names::missing(tx, NAMES_ROUND)).await?;
        if missing.is_empty() {
            return Ok(false);
        }
        let done = self.db.write(shard(0, "\0search"), move |tx| {
            for it in &missing {
                let name = match it.kind {
                    names::USER => serde_json::from_str(&it.name).unwrap_or_default(),
                    _ => it.name.clone(),
                };
                names::fill(tx, it, &fold(&name))?;
            }
            Ok::<_, StoreError>(())
        });
        done.await?;
        Ok(true)
    }
}

/// Reads what is new and what changed, and makes blocks of it.
fn read_round(tx: &mut dyn Tx, now: i64) -> Result<Round, StoreError> {
    let settled = now - SETTLE_SECONDS;
    let began = [table::progress(tx, C2C)?, table::progress(tx, GROUP)?];
    let mut round = Round { began, reached: began, ..Round::default() };
    let mut works: BTreeMap<(i64, i64), Work> = BTreeMap::new();
    look_at_new(tx, settled, &mut round, &mut works)?;
    look_at_new_in_groups(tx, settled, &mut round, &mut works)?;
    let changes = table::changes(tx, CHANGES_ROUND)?;
    round.has_more |= changes.len() as i64 == CHANGES_ROUND;
    for it in changes {
        works.entry((it.kind, it.log)).or_default().changes.push(it);
    }
    let mut written = 0;
    for ((kind, log), work) in works {
        if written >= BLOCKS_ROUND {
            // Those that were looked at have nothing to cut next time.
            round.has_more = true;
            round.reached = round.began;
            break;
        }
        let made = make(tx, (kind, log), work, settled)?;
        written += made.blocks.len();
        round.has_more |= made.has_more;
        if !made.blocks.is_empty() || !made.changes.is_empty() {
            round.made.push(made);
        }
    }
    Ok(round)
}

type Works = BTreeMap<(i64, i64), Work>;

/// In which pairs something was said that is settled.
fn look_at_new(
    tx: &mut dyn Tx,
    settled: i64,
    round: &mut Round,
    works: &mut Works,
) -> Result<(), StoreError> {
    let new = table::new_c2c(tx, round.reached[0], ROUND)?;
    let is_cut = new.len() as i64 == ROUND;
    for (id, pair, place) in new {
        if place.0 > settled {
            return Ok(());
        }
        if works.len() >= LOGS_ROUND && !works.contains_key(&(C2C, pair)) {
            round.has_more = true;
            return Ok(());
        }
        let work = works.entry((C2C, pair)).or_default();
        work.places.push(place);
        round.reached[0] = id;
    }
    round.has_more |= is_cut;
    Ok(())
}

/// In which groups something was said. A second that is not read to its end is read again.
fn look_at_new_in_groups(
    tx: &mut dyn Tx,
    settled: i64,
    round: &mut Round,
    works: &mut Works,
) -> Result<(), StoreError> {
    let new = table::new_in_groups(tx, round.reached[1], settled, ROUND)?;
    let is_cut = new.len() as i64 == ROUND;
    let (Some(first), Some(last)) = (new.first().map(|it| it.0), new.last().map(|it| it.0)) else {
        return Ok(());
    };
    new.iter().for_each(|it| _ = works.entry((GROUP, it.1)).or_default());
    round.reached[1] = if is_cut && first < last { last - 1 } else { last };
    round.has_more |= is_cut;
    Ok(())
}

/// Cuts what is settled and has no block, and makes blocks anew in which something changed.
fn make(tx: &mut dyn Tx, (kind, log): (i64, i64), work: Work, settled: i64) -> Result<Made, StoreError> {
    let Work { places, changes, .. } = work;
    let mut made = Made { kind, log, blocks: Vec::new(), end: None, changes, has_more: false };
    if kind == GROUP && !is_searched(tx, log)? {
        return Ok(made);
    }
    let (end, _) = table::reached(tx, kind, log)?;
    // Numbers of groups do not tell the time.
    let until = if kind == C2C { (settled, i64::MAX, i64::MAX) } else { END };
    let mut said = table::between(tx, kind, log, (end, until), CUT_MAX)?;
    let is_full = said.len() as i64 == CUT_MAX;
    said.truncate(said.iter().position(|it| it.time > settled).unwrap_or(said.len()));
    let is_cut = is_full && said.len() as i64 == CUT_MAX;
    let mut done = Vec::new();
    if said.len() >= ENOUGH {
        done.extend(add(tx, &mut made, end, said)?);
    }
    look_back(tx, &mut made, places, end, done)?;
    if is_cut && made.changes.iter().any(|it| it.place.is_none()) {
        // Whoever asked to look at the whole log asks again.
        made.changes.retain(|it| it.place.is_some());
        made.has_more = true;
    }
    Ok(made)
}

/// Makes blocks anew in which something changed, or into which something came too late. Of new messages of two people
/// the places are given, of which most are where they should be.
fn look_back(
    tx: &mut dyn Tx,
    made: &mut Made,
    mut places: Vec<Place>,
    end: Place,
    mut done: Vec<i64>,
) -> Result<(), StoreError> {
    let (kind, log) = (made.kind, made.log);
    let changed: Vec<_> = made.changes.iter().filter_map(|it| it.place).filter(|it| *it <= end).collect();
    for place in changed {
        let Some(old) = blocks::at(tx, kind, log, place)? else { continue };
        if !done.contains(&old.id) {
            done.push(old.id);
            anew(tx, made, &old)?;
        }
    }
    places.retain(|it| *it <= end);
    places.sort_unstable();
    let mut looked_at = START;
    for place in places {
        if place <= looked_at {
            continue;
        }
        let Some(old) = blocks::at(tx, kind, log, place)? else { continue };
        looked_at = old.last;
        // What came too late to be in its block is not in the count of it.
        if !done.contains(&old.id) && table::count_c2c(tx, log, (old.after, old.last))? != old.messages {
            done.push(old.id);
            anew(tx, made, &old)?;
        }
    }
    Ok(())
}

/// Whether a group is one that is searched, and lives.
fn is_searched(tx: &mut dyn Tx, number: i64) -> Result<bool, StoreError> {
    let row = groups::by_number(tx, number)?.filter(|it| it.dismissed_at == 0);
    Ok(row.is_some_and(|it| {
        matches!(Kind::from_number(it.kind), Kind::Private | Kind::Public | Kind::ChatRoom)
    }))
}

/// Adds what was said after the last block, to that one as far as it has room. Names the block that was filled.
fn add(tx: &mut dyn Tx, made: &mut Made, end: Place, mut said: Vec<Said>) -> Result<Option<i64>, StoreError> {
    let (kind, log) = (made.kind, made.log);
    let tail = blocks::of_log(tx, kind, log, END, 1)?.pop();
    let tail = tail.filter(|it| it.last == end && it.messages < MESSAGES_MAX as i64);
    let mut after = end;
    let mut open = None;
    if let Some(tail) = tail {
        let mut whole = table::between(tx, kind, log, (tail.after, tail.last), CUT_MAX)?;
        if block::takes(&whole) == whole.len() {
            whole.append(&mut said);
            said = whole;
            after = tail.after;
            open = Some(tail);
        }
    }
    let mut open_id = None;
    let mut rest = &*said;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(block::takes(rest).max(1));
        let Some((mut it, texts)) = block::make(kind, log, after, now) else { break };
        if let Some(open) = open.take() {
            (it.id, it.version) = (open.id, open.version);
            open_id = Some(open.id);
        }
        after = it.last;
        made.blocks.push((it, texts));
        rest = later;
    }
    made.end = Some((end, after));
    Ok(open_id)
}

/// Makes a block anew of what its part of the log says now.
fn anew(tx: &mut dyn Tx, made: &mut Made, old: &Block) -> Result<(), StoreError> {
    let said = table::between(tx, made.kind, made.log, (old.after, old.last), CUT_MAX)?;
    let Some((it, texts)) = block::make(made.kind, made.log, old.after, &said) else { return Ok(()) };
    made.blocks.push((Block { id: old.id, version: old.version, last: old.last, ..it }, texts));
    Ok(())
}

/// Writes what was made of a log, all or nothing.
fn write(tx: &mut dyn Tx, it: &Made) -> Result<(), Error> {
    let new = it.blocks.iter().filter(|it| it.0.id == 0).count() as i64;
    if let Some((from, to)) = it.end
        && !table::move_end(tx, it.kind, it.log, from, to, new)?
    {
        return Ok(());
    }
    for (block, texts) in &it.blocks {
        if block.id == 0 {
            blocks::insert(tx, it.kind, block, texts)?;
        } else if !blocks::replace(tx, block, texts)? {
            return Err(StoreError::Conflict("a block was made anew meanwhile".to_owned()).into());
        }
    }
    it.changes.iter().try_for_each(|it| table::forget_change(tx, it.id))?;
    Ok(())
}
