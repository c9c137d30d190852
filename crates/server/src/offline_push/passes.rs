//! What an app shows to a push service with each push: made seldom, kept in memory while it is good.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::Mutex as Held;

/// A pass, for which version of the settings it was made, and until when it is shown.
struct Pass {
    version: i64,
    until: i64,
    text: Arc<str>,
}

/// By app. While one is being made, the others that want it wait.
#[derive(Default)]
pub(super) struct Passes(Mutex<HashMap<u32, Arc<Held<Option<Pass>>>>>);

impl Passes {
    fn place(&self, app: u32) -> Arc<Held<Option<Pass>>> {
        self.0.lock().expect("no holder panics").entry(app).or_default().clone()
    }

    /// The app's pass, or a new one from `make`, which says until when it is good.
    pub(super) async fn get<E>(
        &self,
        app: u32,
        version: i64,
        now: i64,
        make: impl Future<Output = Result<(String, i64), E>>,
    ) -> Result<Arc<str>, E> {
        let place = self.place(app);
        let mut pass = place.lock().await;
        if let Some(it) = pass.as_ref().filter(|it| it.version == version && now < it.until) {
            return Ok(it.text.clone());
        }
        let (text, until) = make.await?;
        let text: Arc<str> = text.into();
        *pass = Some(Pass { version, until, text: text.clone() });
        Ok(text)
    }

    /// The service does not take this one.
    pub(super) async fn forget(&self, app: u32, text: &str) {
        let place = self.place(app);
        let mut pass = place.lock().await;
        if pass.as_ref().is_some_and(|it| *it.text == *text) {
            *pass = None;
        }
    }
}
