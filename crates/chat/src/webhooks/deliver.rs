//! Takes events out of the outbox and delivers them: at least once, those of a line one after the other, lines beside
//! each other. `spec/concepts/webhooks.md` 5.
//!
//! An event stays in memory until it is written down that it is done; what does not fit waits in the store. A
//! backend that fails again and again is left alone for a while and then asked with a single event.

mod backlog;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use store::{StoreError, webhooks as table};
use tokio::sync::mpsc;

use super::{Failure, Request, after_timeout, ask::shortened};
use crate::{Chat, apps::App, clock::instant};
use backlog::{Backlog, Outcome};

/// How often the outboxes are looked through even if nobody says there is something in them.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Ends of attempts that are worked off together.
const ENDED_MAX: usize = 256;
/// What is not written down yet; no more is started beyond it.
const UNWRITTEN_MAX: usize = 4096;

/// The end of an attempt.
struct Ended {
    app: u32,
    event: table::Event,
    result: Result<String, Failure>,
    attempt: table::Attempt,
}

/// A line of the log that is to be written.
struct Mark {
    app: u32,
    id: i64,
    state: table::State,
    attempts: i64,
    last: table::Attempt,
}

/// Delivers until it is dropped.
pub async fn run(chat: Arc<Chat>) {
    let (sender, mut ended) = mpsc::channel(ENDED_MAX);
    let mut it = Delivery { chat, sender, backlogs: HashMap::new(), unwritten: Vec::new() };
    it.forget_what_memory_lost().await;
    let mut looked = None;
    loop {
        let mut batch = Vec::new();
        let posted = it.chat.webhooks.posted.clone();
        tokio::select! {
            () = posted.notified() => {}
            _ = ended.recv_many(&mut batch, ENDED_MAX) => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = instant();
        let look = looked.is_none_or(|at| now.duration_since(at) >= LOOK_EVERY);
        if look {
            looked = Some(now);
        }
        for end in batch {
            it.end(end);
        }
        it.start_all();
        it.write_down().await;
        if let Err(error) = it.load_all(look).await {
            tracing::warn!(%error, "the outbox of webhooks cannot be read");
        }
        it.start_all();
    }
}

struct Delivery {
    chat: Arc<Chat>,
    sender: mpsc::Sender<Ended>,
    backlogs: HashMap<u32, Backlog>,
    unwritten: Vec<Mark>,
}

impl Delivery {
    /// With `webhooks.delivery` memory, what waited when the server stopped is gone, as it is at the vendor's.
    async fn forget_what_memory_lost(&mut self) {
        for app in self.chat.apps.all() {
            if app.state().settings.webhooks_delivery != "memory" {
                continue;
            }
            let id = app.id;
            let lost = self.chat.db.write::<_, StoreError>(0, move |tx| {
                table::give_up_waiting(tx, id, "the server was restarted")
            });
            if let Err(error) = lost.await {
                tracing::warn!(app = id, %error, "old webhook events cannot be given up");
            }
        }
    }

    async fn load_all(&mut self, look: bool) -> Result<(), StoreError> {
        for app in self.chat.apps.all() {
            let news = app.hooks.news.swap(false, Ordering::AcqRel);
            let backlog = self.backlogs.entry(app.id).or_default();
            if news || look || backlog.left_some {
                backlog.load(&self.chat, &app, look).await?;
            }
            if look {
                backlog.count(&self.chat, &app).await?;
            }
        }
        Ok(())
    }

    fn start_all(&mut self) {
        if self.unwritten.len() >= UNWRITTEN_MAX {
            return;
        }
        for app in self.chat.apps.all() {
            let state = app.state().clone();
            if state.settings.webhooks_paused || state.settings.webhooks_url.is_empty() {
                continue;
            }
            let Some(backlog) = self.backlogs.get_mut(&app.id) else { continue };
            let now = instant();
            backlog.resume(now);
            while let Some(event) = backlog.next(&state.settings, now) {
                tokio::spawn(attempt(self.chat.clone(), app.clone(), event, self.sender.clone()));
            }
        }
    }

    fn end(&mut self, it: Ended) {
        let Some(app) = self.chat.apps.get(it.app) else { return };
        let Some(backlog) = self.backlogs.get_mut(&it.app) else { return };
        let state = app.state();
        let now = (instant(), self.chat.clock.millis());
        let (id, attempts) = (it.event.id, it.event.attempts);
        let numbers = &app.hooks.numbers;
        numbers.sent.fetch_add(1, Ordering::Relaxed);
        let counted = if it.result.is_ok() { &numbers.answered } else { &numbers.failed };
        counted.fetch_add(1, Ordering::Relaxed);
        let outcome = backlog.ended(&state.settings, it.event, it.result.as_ref().err(), now);
        let state = match outcome {
            Outcome::Delivered => table::State::Delivered,
            Outcome::Again => table::State::Waiting,
            Outcome::GivenUp => {
                numbers.given_up.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(app = it.app, event = id, attempts, "a webhook event is given up");
                table::State::GivenUp
            }
        };
        self.unwritten.push(Mark { app: it.app, id, state, attempts, last: it.attempt });
    }

    /// Writes the ends down. What is written can be forgotten here; what is not is delivered again after a crash.
    async fn write_down(&mut self) {
        let mut asked = Vec::new();
        for app in self.chat.apps.all() {
            let these = std::mem::take(&mut *app.hooks.asked.lock().expect("no holder panics"));
            asked.extend(these.into_iter().map(|(event, attempt)| (app.id, event, attempt)));
        }
        if asked.is_empty() && self.unwritten.is_empty() {
            return;
        }
        let marks = std::mem::take(&mut self.unwritten);
        let written = self.chat.db.write::<_, StoreError>(0, move |tx| {
            for it in &marks {
                table::mark(tx, it.id, it.state, it.attempts, &it.last)?;
            }
            for (app, event, attempt) in &asked {
                table::note_asked(tx, *app, event, attempt)?;
            }
            let done = marks.iter().filter(|it| it.state != table::State::Waiting);
            Ok(done.map(|it| (it.app, it.id)).collect::<Vec<_>>())
        });
        match written.await {
            Ok(done) => done.into_iter().for_each(|(app, id)| {
                if let Some(backlog) = self.backlogs.get_mut(&app) {
                    backlog.forget(id);
                }
            }),
            // They are held in memory until the server stops, and delivered once more after it.
            Err(error) => tracing::error!(%error, "what became of webhooks cannot be written down"),
        }
    }
}

async fn attempt(chat: Arc<Chat>, app: Arc<App>, event: table::Event, sender: mpsc::Sender<Ended>) {
    let state = app.state().clone();
    let request = Request {
        app: app.id,
        event_id: Some(format!("evt_{}_{}", app.id, event.id)),
        command: event.command.clone(),
        client_ip: event.client_ip.clone(),
        platform: event.platform.clone(),
        body: event.body.clone(),
        timeout: after_timeout(&state),
    };
    let started = instant();
    let result = chat.webhooks.post(&state, &request).await;
    let (answer, failure) = match &result {
        Ok(text) => (shortened(text), String::new()),
        Err(failure) => (String::new(), failure.to_string()),
    };
    let attempt = table::Attempt {
        at: chat.clock.millis(),
        took_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        failure,
        answer,
    };
    let event = table::Event { attempts: event.attempts + 1, ..event };
    // Nobody listens any more only when the server stops.
    _ = sender.send(Ended { app: app.id, event, result, attempt }).await;
}
