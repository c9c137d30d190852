//! Pushes on their way to who is online.
//!
//! Only sessions that were there when the push was made get it so; a later one finds it among its unread messages.
//! One that does not wait notes how far it has gone out, and goes on after a restart, for a time, to those who come
//! back: at most one step of users may be told twice then.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex},
};

use proto::Code;
use store::{StoreError, Tx, accounts as rows, among, pushes};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use super::{Condition, Mark, message};
use crate::{
    Chat,
    accounts::tiny_id,
    apps::App,
    error::Error,
    live::Push,
    messages::{Message, wire},
    relations::key,
};

/// Pushes that may be on their way at once; further ones are refused.
const ON_THE_WAY_MAX: usize = 1000;
/// Users served in one step; others get their turn between two.
const STEP: usize = 500;
/// How long a push that was interrupted is given to those who come back. Seconds.
const RESUMED_SECONDS: i64 = 60;
/// One that was made longer ago is not worth it any more. Seconds.
const RESUMED_AGE_SECONDS: i64 = 600;
/// Users that a resumed push is given to at most.
const RESUMED_USERS_MAX: usize = 200_000;
/// Every attachment has a smaller number.
const WHENEVER: u64 = u64::MAX;

pub(crate) struct Deliveries {
    slots: Arc<Semaphore>,
    waiting: Mutex<VecDeque<Task>>,
    wake: Notify,
    resumed: Mutex<Vec<Resumed>>,
}

struct Task {
    app: Arc<App>,
    id: i64,
    /// Of the app when the push was made.
    attachments: u64,
    /// Given back when it is done.
    _slot: OwnedSemaphorePermit,
}

/// One that was going out when the server ended.
struct Resumed {
    from: pushes::GoingOut,
    until: i64,
    served: HashSet<Arc<str>>,
}

impl Default for Deliveries {
    fn default() -> Deliveries {
        Deliveries {
            slots: Arc::new(Semaphore::new(ON_THE_WAY_MAX)),
            waiting: Mutex::default(),
            wake: Notify::new(),
            resumed: Mutex::default(),
        }
    }
}

impl Deliveries {
    pub(super) fn slot(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.slots.clone().try_acquire_owned().map_err(|_| Code::Overloaded.into())
    }

    /// Called after the commit of the push.
    pub(super) fn add(&self, app: &Arc<App>, id: i64, slot: OwnedSemaphorePermit) {
        let task = Task { app: app.clone(), id, attachments: app.live.attachments(), _slot: slot };
        self.waiting.lock().expect("no holder panics").push_back(task);
        self.wake.notify_one();
    }

    fn take(&self) -> Option<Task> {
        self.waiting.lock().expect("no holder panics").pop_front()
    }
}

/// A push with what its receivers need to know.
struct Sending {
    row: pushes::Push,
    message: Message,
    tiny_id: String,
    condition: Arc<Condition>,
}

impl Sending {
    async fn load(chat: &Chat, app: u32, id: i64) -> Result<Option<Sending>, StoreError> {
        let read = chat.db.read(move |tx| {
            let Some(row) = pushes::get(tx, app, id)? else { return Ok(None) };
            let sender = rows::get(tx, app, &row.sender)?;
            Ok::<_, StoreError>(Some(Sending {
                message: message(&row),
                tiny_id: sender.map_or_else(String::new, |it| tiny_id(it.tiny)),
                condition: Arc::new(Condition::read(&row.condition)?),
                row,
            }))
        });
        read.await
    }

    fn is_online_only(&self) -> bool {
        self.row.waits_until == 0
    }

    /// Serves these users: the sessions whose attachment has at most this number.
    async fn step(
        &self,
        chat: &Chat,
        app: &App,
        users: &[Arc<str>],
        attachments: u64,
    ) -> Result<(), StoreError> {
        let chosen = self.chosen(chat, app.id, users).await?;
        let is_chosen = |it: &&Arc<str>| chosen.as_ref().is_none_or(|chosen| chosen.contains(&***it));
        for user in users.iter().filter(is_chosen).filter(|it| ***it != *self.row.sender) {
            let people = wire::People { from: &self.row.sender, to: user, tiny_id: &self.tiny_id };
            app.live.push_attached_by(attachments, user, || {
                let copy = wire::Copy::Receiver;
                Push::events(&wire::new_message(&self.message, people, copy, self.is_online_only()))
            });
        }
        Ok(())
    }

    /// Those of the users that the condition holds for; `None` for all of them.
    async fn chosen(
        &self,
        chat: &Chat,
        app: u32,
        users: &[Arc<str>],
    ) -> Result<Option<HashSet<String>>, StoreError> {
        if self.condition.is_empty() {
            return Ok(None);
        }
        let (condition, id) = (self.condition.clone(), self.row.id);
        let users: Vec<_> = users.iter().map(|it| it.to_string()).collect();
        let read = chat.db.read(move |tx| choose(tx, app, &users, &condition, id));
        Ok(Some(read.await?))
    }
}

/// Those of the users that a condition held for when the push of this number was made.
pub(crate) fn choose(
    tx: &mut dyn Tx,
    app: u32,
    users: &[String],
    condition: &Condition,
    push: i64,
) -> Result<HashSet<String>, StoreError> {
    let mut having = Vec::new();
    for mark in condition.marks() {
        let users = match mark {
            Mark::Tag(tag) => among::tagged(tx, app, users, tag, push)?,
            Mark::Attribute(number, value) => among::with_attribute(tx, app, users, (*number, value), push)?,
        };
        having.push((mark, users));
    }
    let has = |user: &String, mark: &Mark| having.iter().any(|it| it.0 == mark && it.1.contains(user));
    Ok(users.iter().filter(|user| condition.holds(|mark| has(user, mark))).cloned().collect())
}

impl Task {
    async fn deliver(&self, chat: &Chat) -> Result<(), StoreError> {
        let (app, id) = (self.app.id, self.id);
        let Some(sending) = Sending::load(chat, app, id).await? else { return Ok(()) };
        let mut users = self.app.live.attached_by(self.attachments);
        // In the order in which the progress is noted.
        users.sort_unstable();
        for step in users.chunks(STEP) {
            sending.step(chat, &self.app, step, self.attachments).await?;
            if let Some(last) = step.last()
                && sending.is_online_only()
            {
                let last = last.clone();
                chat.db.write(key(app), move |tx| pushes::set_reached(tx, app, id, &last)).await?;
            }
            tokio::task::yield_now().await;
        }
        if sending.is_online_only() {
            chat.db.write(key(app), move |tx| pushes::set_gone_out(tx, app, id)).await?;
        }
        Ok(())
    }
}

impl Resumed {
    /// Serves who came back since the last time. Says whether it is over.
    async fn go_on(&mut self, chat: &Chat, now: i64) -> Result<bool, StoreError> {
        let (app, id) = (self.from.app, self.from.id);
        let Some(at) = chat.apps.get(app) else { return Ok(true) };
        let Some(sending) = Sending::load(chat, app, id).await? else { return Ok(true) };
        let mut users = at.live.attached_by(WHENEVER);
        users.retain(|it| **it > *self.from.reached && !self.served.contains(it));
        users.truncate(RESUMED_USERS_MAX.saturating_sub(self.served.len()));
        for step in users.chunks(STEP) {
            sending.step(chat, &at, step, WHENEVER).await?;
            self.served.extend(step.iter().cloned());
            tokio::task::yield_now().await;
        }
        if now < self.until {
            return Ok(false);
        }
        chat.db.write(key(app), move |tx| pushes::set_gone_out(tx, app, id)).await?;
        Ok(true)
    }
}

impl Chat {
    /// Hands pushes to those who are online, for as long as it is polled.
    pub async fn deliver_pushes(&self) {
        loop {
            self.deliver_waiting_pushes().await;
            self.deliveries.wake.notified().await;
        }
    }

    /// Hands all that wait to those who are online.
    pub async fn deliver_waiting_pushes(&self) {
        while let Some(task) = self.deliveries.take() {
            if let Err(error) = task.deliver(self).await {
                tracing::warn!(app = task.app.id, push = task.id, %error, "a push did not reach all users");
            }
        }
    }

    /// Finds the pushes that were going out when the server ended. Called at its start.
    pub(crate) async fn find_interrupted_pushes(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let found = self.db.read(|tx| pushes::going_out(tx)).await?;
        let is_old = |it: &pushes::GoingOut| it.made_at / 1000 + RESUMED_AGE_SECONDS < now;
        let (old, recent): (Vec<_>, Vec<_>) = found.into_iter().partition(is_old);
        let until = now + RESUMED_SECONDS;
        let resumed = recent.into_iter().map(|from| Resumed { from, until, served: HashSet::new() });
        self.deliveries.resumed.lock().expect("no holder panics").extend(resumed);
        let done =
            self.db.write(0, move |tx| old.iter().try_for_each(|it| pushes::set_gone_out(tx, it.app, it.id)));
        done.await
    }

    /// Goes on with pushes that the last end of the server interrupted. Called from time to time.
    pub async fn resume_pushes(&self) -> Result<(), StoreError> {
        let resumed = std::mem::take(&mut *self.deliveries.resumed.lock().expect("no holder panics"));
        let (mut left, mut done) = (Vec::new(), Ok(()));
        for mut it in resumed {
            match it.go_on(self, self.clock.now()).await {
                Ok(true) => {}
                Ok(false) => left.push(it),
                Err(error) => {
                    done = Err(error);
                    left.push(it);
                }
            }
        }
        self.deliveries.resumed.lock().expect("no holder panics").append(&mut left);
        done
    }
}
