//! Users whose status changed, until those who watch them have been told.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

use futures_util::future::join_all;
use store::subscriptions as table;
use tokio::sync::Notify;

use super::shown;
use crate::{Chat, error::Error};

/// Users that are told of at the same time, so that one with many friends does not hold up all others.
const LANES: usize = 4;
/// Users that may wait in one lane; further changes are not told, but seen by whoever asks.
const WAITING_MAX: usize = 100_000;
/// Watchers read in one step.
const STEP: i64 = 1000;

type Key = (u32, Arc<str>);

#[derive(Default)]
pub(crate) struct Announcements([Lane; LANES]);

#[derive(Default)]
struct Lane {
    waiting: Mutex<Waiting>,
    wake: Notify,
}

/// Each user waits once, however often its status changes.
#[derive(Default)]
struct Waiting {
    order: VecDeque<Key>,
    known: HashSet<Key>,
    overflows: bool,
}

impl Waiting {
    fn add(&mut self, key: Key) {
        if self.known.contains(&key) {
            return;
        }
        if self.order.len() >= WAITING_MAX {
            // Once per overflow, not once per user.
            if !std::mem::replace(&mut self.overflows, true) {
                tracing::warn!(waiting = WAITING_MAX, "changes of status come faster than they can be told");
            }
            return;
        }
        self.known.insert(key.clone());
        self.order.push_back(key);
    }

    fn take(&mut self) -> Option<Key> {
        let Some(key) = self.order.pop_front() else {
            *self = Waiting::default();
            return None;
        };
        self.known.remove(&key);
        Some(key)
    }
}

impl Lane {
    fn take(&self) -> Option<Key> {
        self.waiting.lock().expect("no holder panics").take()
    }

    async fn tell_waiting(&self, chat: &Chat) {
        while let Some((app, user)) = self.take() {
            if let Err(error) = tell(chat, app, &user).await {
                tracing::warn!(%error, "a change of status was not told to all");
            }
        }
    }

    async fn serve(&self, chat: &Chat) {
        loop {
            self.tell_waiting(chat).await;
            self.wake.notified().await;
        }
    }
}

impl Announcements {
    pub(super) fn add(&self, app: u32, user: &str) {
        let mut hasher = DefaultHasher::new();
        (app, user).hash(&mut hasher);
        let lane = &self.0[hasher.finish() as usize % LANES];
        lane.waiting.lock().expect("no holder panics").add((app, user.into()));
        lane.wake.notify_one();
    }

    pub(super) async fn serve(&self, chat: &Chat) {
        join_all(self.0.iter().map(|it| it.serve(chat))).await;
    }

    pub(super) async fn tell_waiting(&self, chat: &Chat) {
        for lane in &self.0 {
            lane.tell_waiting(chat).await;
        }
    }
}

/// Tells whoever watches the user what its status is now. Memory is bounded by the step, not by their number.
async fn tell(chat: &Chat, app: u32, user: &str) -> Result<(), Error> {
    let Some(app) = chat.apps.get(app) else { return Ok(()) };
    let (enabled, friends) = {
        let state = app.state();
        (state.settings.status_enabled, state.settings.status_push_friends)
    };
    if !enabled {
        return Ok(());
    }
    let (at, name) = (app.clone(), user.to_owned());
    let Some(now) = chat.db.read(move |tx| shown(tx, &at, &name)).await? else { return Ok(()) };
    let push = now.push(user);
    let (id, mut after) = (app.id, String::new());
    loop {
        let (name, from) = (user.to_owned(), after);
        let read = chat.db.read(move |tx| match friends {
            true => table::watchers_of(tx, id, &name, &from, STEP),
            false => table::subscribers_of(tx, id, &name, &from, STEP),
        });
        let step = read.await?;
        step.iter().for_each(|it| {
            app.live.push_shared(it, None, &push);
        });
        match step.last() {
            Some(last) if step.len() as i64 == STEP => after = last.clone(),
            _ => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_waits_once_but_again_after_it_was_taken() {
        let mut waiting = Waiting::default();
        for user in ["a", "b", "a"] {
            waiting.add((1, user.into()));
        }
        assert_eq!(waiting.take(), Some((1, "a".into())));
        waiting.add((1, "a".into()));
        assert_eq!(waiting.take(), Some((1, "b".into())));
        assert_eq!(waiting.take(), Some((1, "a".into())));
        assert_eq!(waiting.take(), None);
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut waiting = Waiting::default();
        for n in 0..WAITING_MAX + 1 {
            waiting.add((1, n.to_string().into()));
        }
        assert_eq!(waiting.order.len(), WAITING_MAX);
    }
}
