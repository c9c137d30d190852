//! Looking at what was told and asked, and having it told again.

pub use store::webhooks::{Logged, State, Wanted};
use store::{StoreError, webhooks as table};

use crate::Chat;

/// Events that one look brings at most.
pub const LOGGED_MAX: i64 = 1000;

impl Chat {
    /// Events of an app, the newest first, at most [`LOGGED_MAX`].
    pub async fn webhook_log(&self, app: u32, wanted: Wanted, limit: i64) -> Result<Vec<Logged>, StoreError> {
        self.db.read(move |tx| table::log(tx, app, &wanted, limit.clamp(1, LOGGED_MAX))).await
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
