//! When members last spoke. A message writes one row whatever the group, so this is collected in memory and
//! written every few seconds: who reads it takes the later of both.

use std::{collections::HashMap, sync::Mutex};

use store::{StoreError, group_members as rows};

use crate::{Chat, apps::App, error::Error, shard};

/// Members remembered between two writes, per app; beyond it the store is some seconds behind for the others.
const SPOKE_MAX: usize = 1 << 17;
/// Members written in one transaction, for others wait meanwhile.
const STEP: usize = 500;

/// By group and user: the second of the latest message that is not in the store.
#[derive(Default)]
pub struct Spoke(Mutex<HashMap<(i64, String), i64>>);

impl Spoke {
    pub(crate) fn note(&self, group: i64, user: &str, second: i64) {
        let mut all = self.0.lock().expect("no holder panics");
        if all.len() >= SPOKE_MAX {
            return;
        }
        let known = all.entry((group, user.to_owned())).or_default();
        *known = second.max(*known);
    }

    /// When the user last spoke in the group, if it is later than what the store has.
    pub fn last(&self, group: i64, user: &str, stored: i64) -> i64 {
        let all = self.0.lock().expect("no holder panics");
        if all.is_empty() {
            stored
        } else {
            stored.max(all.get(&(group, user.to_owned())).copied().unwrap_or(0))
        }
    }

    fn all(&self) -> Vec<(i64, String, i64)> {
        let all = self.0.lock().expect("no holder panics");
        all.iter().map(|((group, user), second)| (*group, user.clone(), *second)).collect()
    }

    /// Forgets what is in the store, unless it changed since.
    fn forget(&self, written: &[(i64, String, i64)]) {
        let mut all = self.0.lock().expect("no holder panics");
        for (group, user, second) in written {
            let key = (*group, user.clone());
            if all.get(&key) == Some(second) {
                all.remove(&key);
            }
        }
    }
}

impl Chat {
    /// Writes when members last spoke. Called every few seconds and at the end.
    pub async fn store_last_spoken(&self) -> Result<(), Error> {
        for app in self.apps.all() {
            self.store_last_spoken_of(&app).await?;
        }
        Ok(())
    }

    async fn store_last_spoken_of(&self, app: &App) -> Result<(), StoreError> {
        for step in app.groups.spoke.all().chunks(STEP) {
            let rows: Vec<_> = step.to_vec();
            self.db.write(shard(app.id, "\0spoke"), move |tx| rows::note_sent(tx, &rows)).await?;
            app.groups.spoke.forget(step);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_see_the_later_of_memory_and_store() {
        let spoke = Spoke::default();
        assert_eq!(spoke.last(1, "ann", 5), 5);
        spoke.note(1, "ann", 9);
        spoke.note(1, "ann", 8);
        assert_eq!((spoke.last(1, "ann", 5), spoke.last(1, "ann", 12)), (9, 12));
        assert_eq!((spoke.last(2, "ann", 0), spoke.last(1, "bob", 0)), (0, 0));
    }

    #[test]
    fn what_was_said_during_the_write_is_not_forgotten() {
        let spoke = Spoke::default();
        spoke.note(1, "ann", 9);
        let written = spoke.all();
        spoke.note(1, "ann", 10);
        spoke.forget(&written);
        assert_eq!(spoke.last(1, "ann", 9), 10);
        spoke.forget(&spoke.all());
        assert_eq!(spoke.last(1, "ann", 0), 0);
    }
}
