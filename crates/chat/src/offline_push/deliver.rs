//! Empties the outbox: at least once, in no order. A row for many goes out a step of users at a time and notes how far
//! it has come, so that a crash repeats one step at most; who could not be pushed to gets a row of its own.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use store::{
    StoreError, Tx,
    offline_pushes::{self as outbox, Waiting},
    push_tokens,
};

use super::{
    Channel, Outcome, Push, Report,
    prepare::{Prepared, prepare},
};
use crate::{Caller, Chat, Cx, apps::App};

/// How often the outboxes are looked through even if nobody says there is something in them.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rows that one round takes at most, and those for many among them.
const ROWS_MAX: i64 = 64;
const ROWS_FOR_MANY_MAX: usize = 8;
/// Pauses between attempts: the first, doubling up to the last. Seconds.
const PAUSE_FIRST: i64 = 5;
const PAUSE_LAST: i64 = 600;
/// The longest pause that a push service may ask for. Seconds.
const ASKED_PAUSE_MAX: i64 = 3600;
/// Rows that are forgotten at once when an app pushes no more.
const FORGOTTEN_STEP: i64 = 1000;

fn pause(attempts: i64, asked: Option<i64>) -> i64 {
    let doubled = PAUSE_FIRST << attempts.clamp(0, 10);
    doubled.min(PAUSE_LAST).max(asked.unwrap_or(0).min(ASKED_PAUSE_MAX))
}

/// The end of an attempt of a row.
struct End {
    push: Push,
    report: Report,
}

/// A row of a round with all that became of it.
struct Done {
    row: Waiting,
    prepared: Prepared,
    ends: Vec<End>,
}

impl Chat {
    /// Delivers offline pushes for as long as it is polled. Apps do not wait for one another.
    pub async fn deliver_offline_pushes(self: &Arc<Chat>) {
        let posted = self.offline_pushes.waker();
        loop {
            tokio::select! {
                () = posted.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            for app in self.apps.all() {
                if is_idle(&app) || app.pushes.busy.swap(true, Ordering::AcqRel) {
                    continue;
                }
                let (chat, busy) = (self.clone(), Busy(app.clone()));
                tokio::spawn(async move {
                    if let Err(error) = deliver_all(&chat, &app).await {
                        tracing::warn!(app = app.id, %error, "offline pushes cannot be delivered");
                    }
                    drop(busy);
                });
            }
        }
    }

    /// How many messages of an app wait to be pushed.
    pub async fn count_offline_pushes(&self, app: u32) -> Result<i64, StoreError> {
        self.db.read(move |tx| outbox::count(tx, app, i64::MAX)).await
    }

    /// Delivers whatever is due.
    pub async fn deliver_waiting_offline_pushes(self: &Arc<Chat>) -> Result<(), StoreError> {
        for app in self.apps.all() {
            if !is_idle(&app) {
                deliver_all(self, &app).await?;
            }
        }
        Ok(())
    }
}

/// An app whose outbox is being emptied, until this goes.
struct Busy(Arc<App>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.pushes.busy.store(false, Ordering::Release);
    }
}

/// Whether an app pushes nothing and has nothing left from when it did.
fn is_idle(app: &App) -> bool {
    !app.state().channels.is_on() && app.pushes.emptied.load(Ordering::Acquire)
}

async fn deliver_all(chat: &Arc<Chat>, app: &Arc<App>) -> Result<(), StoreError> {
    if !app.state().channels.is_on() {
        return forget_all(chat, app).await;
    }
    app.pushes.emptied.store(false, Ordering::Release);
    let cx = Cx { chat: chat.clone(), app: app.clone(), caller: Caller::Guest, ip: None };
    loop {
        app.pushes.news.store(false, Ordering::Release);
        let is_more_due = round(&cx).await?;
        if !is_more_due && !app.pushes.news.load(Ordering::Acquire) {
            return Ok(());
        }
    }
}

async fn forget_all(chat: &Chat, app: &App) -> Result<(), StoreError> {
    let id = app.id;
    while chat.db.write(0, move |tx| outbox::remove_some(tx, id, FORGOTTEN_STEP)).await? > 0 {}
    app.pushes.waiting.store(0, Ordering::Relaxed);
    app.pushes.emptied.store(true, Ordering::Release);
    Ok(())
}

/// Takes some rows that are due, pushes, and writes down what became of them. Says whether more is due.
async fn round(cx: &Cx) -> Result<bool, StoreError> {
    let (at, most) = (cx.clone(), cx.app.state().settings.push_max_waiting);
    let read = cx.chat.db.read(move |tx| {
        let (app, now) = (at.app.id, at.chat.clock.now());
        at.app.pushes.waiting.store(outbox::count(tx, app, most)?, Ordering::Relaxed);
        let (mut taken, mut for_many) = (Vec::new(), 0);
        for row in outbox::due(tx, app, now, ROWS_MAX)? {
            for_many += usize::from(row.user.is_empty());
            if !row.user.is_empty() || for_many <= ROWS_FOR_MANY_MAX {
                let prepared = prepare(tx, &at, &row, now)?;
                taken.push(Done { row, prepared, ends: Vec::new() });
            }
        }
        Ok::<_, StoreError>(taken)
    });
    let mut taken = read.await?;
    if taken.is_empty() {
        return Ok(false);
    }
    let is_more_due = taken.len() as i64 == ROWS_MAX || taken.iter().any(|it| it.row.user.is_empty());
    attempt_all(cx, &mut taken).await;
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    count(cx, &taken);
    cx.chat.db.write(0, move |tx| taken.iter().try_for_each(|it| it.write_down(tx, app, now))).await?;
    Ok(is_more_due)
}

async fn attempt_all(cx: &Cx, taken: &mut [Done]) {
    let state = cx.app.state().clone();
    let timeout = Duration::from_millis(state.settings.push_timeout_ms.unsigned_abs());
    let mut pushes = Vec::new();
    for (place, it) in taken.iter_mut().enumerate() {
        let Some(notice) = it.prepared.notice.clone() else { continue };
        let name = if it.row.first_id == 0 { it.row.id } else { it.row.first_id };
        for to in std::mem::take(&mut it.prepared.receivers) {
            let push = Push {
                app: cx.app.id,
                id: format!("push_{}_{name}", cx.app.id),
                channel: to.channel,
                to: to.user,
                devices: to.devices,
                badge: to.badge,
                notice: notice.clone(),
                until: it.row.until,
                timeout,
            };
            pushes.push((place, push));
        }
    }
    let parallel = usize::try_from(state.settings.push_max_parallel).unwrap_or(1);
    let attempts = pushes.into_iter().map(|(place, push)| {
        let state = &state;
        async move {
            let report = cx.chat.offline_pushes.push(state, &push).await;
            (place, End { push, report })
        }
    });
    let mut ends = stream::iter(attempts).buffer_unordered(parallel);
    while let Some((place, end)) = ends.next().await {
        taken[place].ends.push(end);
    }
}

fn count(cx: &Cx, taken: &[Done]) {
    let numbers = &cx.app.pushes.numbers;
    for it in taken {
        it.prepared.dropped.iter().for_each(|why| numbers.drop(*why, 1));
        for end in &it.ends {
            let (app, channel) = (cx.app.id, end.push.channel.name());
            match &end.report.outcome {
                Outcome::Sent => {
                    numbers.sent.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(app, channel, push = end.push.id, user = end.push.to, "pushed");
                }
                Outcome::Later(reason, _) => {
                    numbers.retried.fetch_add(1, Ordering::Relaxed);
                    tracing::info!(
                        app,
                        channel,
                        push = end.push.id,
                        reason,
                        "an offline push is tried again"
                    );
                }
                Outcome::Failed(reason) => {
                    numbers.failed.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(app, channel, push = end.push.id, reason, "an offline push failed");
                }
            }
        }
    }
}

impl Done {
    fn later(&self) -> impl Iterator<Item = (&End, Option<i64>)> {
        self.ends.iter().filter_map(|it| match &it.report.outcome {
            Outcome::Later(_, asked) => Some((it, *asked)),
            Outcome::Sent | Outcome::Failed(_) => None,
        })
    }

    fn write_down(&self, tx: &mut dyn Tx, app: u32, now: i64) -> Result<(), StoreError> {
        for end in &self.ends {
            end.note_devices(tx)?;
        }
        let row = &self.row;
        let is_single = !row.user.is_empty() && self.ends.len() == 1;
        let is_whole_later = !self.ends.is_empty() && self.later().count() == self.ends.len();
        if is_whole_later && (is_single || row.user.is_empty()) {
            // Nobody of the step was reached: it is tried again as it is.
            let asked = self.later().filter_map(|it| it.1).max();
            return outbox::put_off(tx, row.id, now + pause(row.attempts, asked), row.attempts + 1);
        }
        for (end, asked) in self.later() {
            outbox::post(tx, app, &again(row, &end.push, now + pause(0, asked)))?;
        }
        match &self.prepared.reached {
            Some(user) => outbox::set_reached(tx, row.id, user),
            None => outbox::remove(tx, row.id),
        }
    }
}

/// A row for who could not be pushed to.
fn again(row: &Waiting, push: &Push, due_at: i64) -> Waiting {
    let inst_id = match push.channel {
        Channel::Http => -1,
        Channel::Apns | Channel::Fcm => push.devices.first().map_or(0, |it| it.inst_id),
    };
    Waiting {
        user: push.to.clone(),
        inst_id,
        reached: String::new(),
        first_id: if row.first_id == 0 { row.id } else { row.first_id },
        due_at,
        attempts: 1,
        ..row.clone()
    }
}

impl End {
    /// Forgets dead tokens, and counts the push for the badges of the devices that keep their own.
    fn note_devices(&self, tx: &mut dyn Tx) -> Result<(), StoreError> {
        let counts = self.report.outcome == Outcome::Sent && self.push.badge.is_some();
        for device in self.push.devices.iter().filter(|it| !it.token.is_empty()) {
            if self.report.dead.contains(&device.token) {
                push_tokens::remove_dead(tx, device.inst_id, &device.token)?;
            } else if counts && device.unread >= 0 {
                push_tokens::add_pushed(tx, device.inst_id)?;
            }
        }
        Ok(())
    }
}
