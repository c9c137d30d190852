//! Removing messages that are older than the app's history. `spec/concepts/message-storage.md` 1.
//!
//! Nobody can read them any more. What is derived from the log stays as it was: the newest message of a group or topic
//! is kept, however old, since the numbers go on from it, and so is the one-to-one message with the greatest id.

use std::sync::{Mutex, PoisonError};

use store::{StoreError, Tx, group_messages as group_log, retention as rows};

use crate::{Chat, zone::SECONDS_PER_DAY};

/// Expired messages stay for so long, so that a period that was set too short by mistake can be set right. Days.
const GRACE_DAYS: i64 = 1;
/// Conversations, groups or topics that one step looks at.
const LOOKED_AT: i64 = 500;
/// Messages that one transaction removes at most, and one step.
const BATCH: i64 = 200;
const STEP_MESSAGES_MAX: u64 = 2000;
/// After all was looked at the job rests. Seconds.
const REST_SECONDS: i64 = 3600;

/// What is looked through, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Pairs,
    Groups,
    Topics,
}

/// How far the job is. It begins anew after a restart.
#[derive(Default)]
pub(crate) struct Progress(Mutex<Place>);

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    part: Part,
    after: i64,
    /// Nothing is done before this second.
    rests_until: i64,
}

/// A lane with what is to go: messages before a second, or numbers up to one.
struct Old {
    lane: i64,
    limit: i64,
    is_group: bool,
}

/// What a step came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub messages: u64,
    /// Everything was looked at.
    pub is_done: bool,
}

impl Chat {
    /// Removes some of what is too old. Called from time to time: each call is one bounded step.
    pub async fn remove_expired_messages(&self) -> Result<Removed, StoreError> {
        let now = self.clock.now();
        let place = *self.retention.0.lock().unwrap_or_else(PoisonError::into_inner);
        if now < place.rests_until || self.apps.all().iter().all(|it| before(&it.state().settings, now) == 0)
        {
            return Ok(Removed { messages: 0, is_done: true });
        }
        let (next, old) = self.find_old(place, now).await?;
        let (mut removed, mut is_all) = (0, true);
        for it in old {
            while removed < STEP_MESSAGES_MAX {
                let count = self.remove_batch(&it).await?;
                removed += count;
                if (count as i64) < BATCH {
                    break;
                }
            }
            // What is left of this step is found by the next one.
            is_all &= removed < STEP_MESSAGES_MAX;
        }
        if is_all {
            *self.retention.0.lock().unwrap_or_else(PoisonError::into_inner) = next;
        }
        Ok(Removed { messages: removed, is_done: is_all && next.rests_until > now })
    }

    async fn remove_batch(&self, it: &Old) -> Result<u64, StoreError> {
        let (lane, limit, is_group) = (it.lane, it.limit, it.is_group);
        let done = self.db.write(0, move |tx| match is_group {
            true => rows::remove_numbers(tx, lane, limit, BATCH),
            false => rows::remove_older(tx, lane, limit, BATCH),
        });
        done.await
    }

    /// What is too old among the next lanes, and where to go on.
    async fn find_old(&self, place: Place, now: i64) -> Result<(Place, Vec<Old>), StoreError> {
        let limits: Vec<_> =
            self.apps.all().iter().map(|it| (i64::from(it.id), before(&it.state().settings, now))).collect();
        let limit_of = move |app: i64| limits.iter().find(|it| it.0 == app).map_or(0, |it| it.1);
        let read = self.db.read(move |tx| {
            let found = match place.part {
                Part::Pairs => rows::pairs(tx, place.after, LOOKED_AT)?,
                Part::Groups => rows::groups(tx, place.after, LOOKED_AT)?,
                Part::Topics => rows::topics(tx, place.after, LOOKED_AT)?,
            };
            let mut old = Vec::new();
            for (number, app) in &found {
                match (limit_of(*app), place.part) {
                    (0, _) => {}
                    (before, Part::Pairs) => old.extend(old_lanes(tx, *number, before)?),
                    (before, Part::Groups | Part::Topics) => old.extend(old_numbers(tx, *number, before)?),
                }
            }
            let next = match found.last() {
                Some(last) if found.len() as i64 == LOOKED_AT => Place { after: last.0, ..place },
                _ => place.next_part(now),
            };
            Ok::<_, StoreError>((next, old))
        });
        read.await
    }
}

impl Place {
    fn next_part(self, now: i64) -> Place {
        match self.part {
            Part::Pairs => Place { part: Part::Groups, after: 0, ..self },
            Part::Groups => Place { part: Part::Topics, after: 0, ..self },
            Part::Topics => Place { rests_until: now + REST_SECONDS, ..Place::default() },
        }
    }
}

/// Messages from before this second go; 0 where history is kept for ever. What may still be written to an hourly file,
/// or sent again, stays.
fn before(settings: &crate::settings::Settings, now: i64) -> i64 {
    if settings.messages_history_days == 0 {
        return 0;
    }
    let days = settings.messages_history_days.max(settings.operations_history_days) + GRACE_DAYS;
    let repeated = settings.messages_c2c_dedup_seconds.max(settings.messages_group_dedup_seconds);
    (now - days.saturating_mul(SECONDS_PER_DAY).max(repeated)).max(0)
}

fn old_lanes(tx: &mut dyn Tx, pair: i64, before: i64) -> Result<Vec<Old>, StoreError> {
    let mut old = Vec::new();
    for lane in [pair * 2, pair * 2 + 1] {
        if rows::has_older(tx, lane, before)? {
            old.push(Old { lane, limit: before, is_group: false });
        }
    }
    Ok(old)
}

fn old_numbers(tx: &mut dyn Tx, lane: i64, before: i64) -> Result<Option<Old>, StoreError> {
    let newest = group_log::newest_seq(tx, lane)?;
    let upto = group_log::last_before(tx, lane, before)?.min(newest - 1);
    let is_old = upto > 0 && rows::has_numbers(tx, lane, upto)?;
    Ok(is_old.then_some(Old { lane, limit: upto, is_group: true }))
}
