//! What a webhook for every message costs: the same sends without and with `C2C.CallbackAfterSendMsg`, to a backend
//! that counts, and checks that events come in the order of their conversation.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use super::report::Traffic;
use crate::backend::{self, Reply};

/// Longest wait for the events of the last sends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, Serialize)]
pub struct Webhooks {
    pub without: Traffic,
    pub with: Traffic,
    /// Sends a second with webhooks for each without.
    pub ratio: f64,
    /// Events that the backend got, each counted once.
    pub events: u64,
    /// From the last acknowledgement to the last event.
    pub drained_after_seconds: f64,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "From_Account")]
    from: String,
    #[serde(rename = "To_Account")]
    to: String,
}

#[derive(Default)]
struct Seen {
    events: u64,
    /// The number of the newest event of each conversation.
    newest: HashMap<(String, String), u64>,
    fault: Option<String>,
}

/// A backend that counts, for as long as the process lives.
pub struct Backend {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Backend {
    pub fn start() -> anyhow::Result<Backend> {
        let (address, seen) = (backend::free_address()?, Arc::new(Mutex::new(Seen::default())));
        let counted = seen.clone();
        backend::start(
            address,
            Arc::new(move |number, body| {
                if let Ok(body) = serde_json::from_slice(body) {
                    note(&mut counted.lock().unwrap_or_else(PoisonError::into_inner), body, number);
                }
                Reply::Fine
            }),
        )?;
        Ok(Backend { address, seen })
    }

    fn events(&self) -> u64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).events
    }

    /// Waits for as many events; says how long that took.
    pub async fn drained(&self, events: u64) -> anyhow::Result<f64> {
        let started = Instant::now();
        while self.events() < events {
            ensure!(started.elapsed() < DRAIN_TIMEOUT, "only {} of {events} events came", self.events());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    pub fn found(&self) -> (u64, Option<String>) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.events, seen.fault.clone())
    }
}

fn note(seen: &mut Seen, body: Body, number: u64) {
    let newest = seen.newest.entry((body.from, body.to)).or_default();
    if number > *newest {
        *newest = number;
        seen.events += 1;
    } else {
        seen.fault = Some(format!("event {number} came after event {newest} of its conversation"));
    }
}
