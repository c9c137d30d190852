//! Looking at what was told and asked, and having it told again.

pub use store::webhooks::{Again, Logged, State, Wanted};
use store::{StoreError, console_webhooks as stretches, webhooks as table};

use crate::{
    Chat,
    console::{Trouble, works::Work},
};

/// Events that one look brings at most.
pub const LOGGED_MAX: i64 = 1000;
/// Ids that one look into a stretch of the log goes over.
const LOOKED_AT_MAX: i64 = 20_000;

/// Ids that one batch of a replay goes over. Each is one transaction.
const REPLAY_BATCH: i64 = 1000;
/// An id may have been drawn so long before the event's time, or after it. Milliseconds.
const DRAWN_WITHIN_MS: i64 = 60_000;
/// All the time there is.
const EVER: (i64, i64) = (i64::MIN, i64::MAX);
/// A second that somebody names is at most this, so that its milliseconds can be counted.
pub const SECOND_MAX: i64 = 1 << 40;

/// The milliseconds from one second to before another, each of which may be left open.
pub fn times(from: Option<i64>, until: Option<i64>) -> (i64, i64) {
    let millis = |it: Option<i64>, open| it.map_or(open, |it| it.saturating_mul(1000));
    (millis(from, EVER.0), millis(until, EVER.1))
}

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
        ids: (i64, i64),
        only_given_up: bool,
    ) -> Result<u64, StoreError> {
        let (work, command) = (Work::unlisted(), String::new());
        let again = Again { ids, times: EVER, command, delivered: !only_given_up };
        self.replay_as_work(app, again, &work).await?;
        Ok(work.progress().count.unsigned_abs())
    }

    /// Has events told once more, batch by batch; a work's `done` are ids that were gone over. False when it was told to
    /// stop before its end.
    pub async fn replay_as_work(&self, app: u32, it: Again, work: &Work) -> Result<bool, StoreError> {
        let (ids, times) = (it.ids, it.times);
        let range = self.db.read(move |tx| {
            let (oldest, newest) = stretches::bounds(tx)?;
            // Without any event both bounds are 0.
            let (mut low, mut high) = (oldest.max(ids.0).max(1), newest.min(ids.1));
            if times != EVER {
                low = low.max(stretches::first_at(tx, times.0.saturating_sub(DRAWN_WITHIN_MS))?);
                high = high.min(stretches::first_at(tx, times.1.saturating_add(DRAWN_WITHIN_MS))?);
            }
            Ok::<_, StoreError>((low, high))
        });
        let (mut low, high) = range.await?;
        work.expect(high.saturating_sub(low).saturating_add(1).max(0));
        while low <= high {
            let last = low.saturating_add(REPLAY_BATCH - 1).min(high);
            let batch = Again { ids: (low, last), ..it.clone() };
            let changed = self.db.write(0, move |tx| table::replay(tx, app, &batch)).await?;
            work.step(last - low + 1, i64::try_from(changed).unwrap_or(i64::MAX));
            low = last + 1;
            if low <= high && !work.goes_on().await {
                return Ok(false);
            }
        }
        Ok(true)
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
