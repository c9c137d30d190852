//! Looking at what was told and asked, and having it told again.

pub use store::webhooks::{Logged, State, Wanted};
use store::{StoreError, console_webhooks as stretches, webhooks as table};

use crate::{Chat, console::Trouble};

/// Events that one look brings at most.
pub const LOGGED_MAX: i64 = 1000;
/// Ids that one look into a stretch of the log goes over.
const LOOKED_AT_MAX: i64 = 20_000;

/// The states of an event as operators name them.
pub const STATES: [(&str, State); 4] = [
    ("waiting", State::Waiting),
    ("delivered", State::Delivered),
    ("given-up", State::GivenUp),
    ("asked", State::Asked),
];

/// The name of a state in the store.
pub fn state_name(number: i64) -> &'static str {
    STATES.iter().find(|it| it.1 as i64 == number).map_or("?", |it| it.0)
}

impl Chat {
    /// Events of an app, the newest first, at most [`LOGGED_MAX`].
    pub async fn webhook_log(&self, app: u32, wanted: Wanted, limit: i64) -> Result<Vec<Logged>, StoreError> {
        self.db.read(move |tx| table::log(tx, app, &wanted, limit.clamp(1, LOGGED_MAX))).await
    }

    /// Events of an app with ids below one, of one webhook and in one state if these are named, the newest first; and below
    /// which id to look on, none at the end. Looks at a bounded number of ids, and may find none among them.
    pub async fn webhook_stretch(
        &self,
        app: u32,
        before: i64,
        (command, state): (String, i64),
        limit: i64,
    ) -> Result<(Vec<Logged>, Option<i64>), Trouble> {
        let read = self.db.read(move |tx| {
            let (oldest, newest) = stretches::bounds(tx)?;
            let high = before.min(newest.saturating_add(1));
            let low = high.saturating_sub(LOOKED_AT_MAX);
            let limit = limit.clamp(1, LOGGED_MAX);
            let found = stretches::stretch(tx, app, (low, high), (&command, state), limit)?;
            let next = match found.last() {
                Some(it) if found.len() as i64 == limit => it.event.id,
                _ => low,
            };
            Ok((found, (next > oldest).then_some(next)))
        });
        read.await
    }

    pub async fn webhook_event(&self, app: u32, id: i64) -> Result<Option<Logged>, StoreError> {
        self.db.read(move |tx| table::get(tx, app, id)).await
    }

    /// Has events of a range of ids told once more; says how many.
    pub async fn replay_webhooks(
        &self,
        app: u32,
        range: (i64, i64),
        only_given_up: bool,
    ) -> Result<u64, StoreError> {
        self.db.write(0, move |tx| table::replay(tx, app, range, only_given_up)).await
    }

    /// Forgets events that are older than the app keeps them. Called from time to time.
    pub async fn forget_webhooks(&self) -> Result<u64, StoreError> {
        const STEP: i64 = 1000;
        const DAY_MS: i64 = 86_400_000;
        let now = self.clock.millis();
        let mut forgotten = 0;
        for app in self.apps.all() {
            let (id, before) = (app.id, now - app.state().settings.webhooks_log_days * DAY_MS);
            loop {
                let step = self.db.write(0, move |tx| table::forget(tx, id, before, STEP)).await?;
                forgotten += step;
                if step < STEP as u64 {
                    break;
                }
            }
        }
        Ok(forgotten)
    }
}
