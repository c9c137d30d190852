//! One sender of a lane: a message at a time, at its moment.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use client::{Rest, wire::SEND};
use hdrhistogram::Histogram;
use tokio::sync::Semaphore;

use super::{
    check::Ledger,
    lane::Lane,
    pace::Schedule,
    traffic::Run,
    wire::{Wire, is_ok},
};

/// After this many failures a sender gives up.
const FAILURES_MAX: usize = 100;

pub enum Door {
    Rest(Rest),
    Socket(Box<Wire>),
}

pub struct Sender {
    pub lane: Lane,
    pub door: Door,
    pub ledger: Ledger,
    pub first_failure: Option<String>,
    body: String,
    payload_bytes: usize,
}

/// When a sender sends.
#[derive(Clone)]
pub struct When {
    /// Nanoseconds of the run's clock.
    pub begin: u64,
    pub seconds: f64,
    /// None: as soon as the last one is answered.
    pub schedule: Option<(Schedule, Arc<Semaphore>)>,
    /// Past the end, what is overdue is still sent for this long.
    pub grace: Duration,
}

impl Sender {
    pub fn new(lane: Lane, door: Door, payload_bytes: usize) -> Sender {
        let (ledger, body) = (Ledger::default(), String::new());
        Sender { lane, door, ledger, first_failure: None, body, payload_bytes }
    }

    /// Sends until the end. Gives the sender back with what it knows.
    pub async fn work(mut self, run: Arc<Run>, when: When) -> Sender {
        let length = (when.seconds * 1e9) as u64;
        let last = when.begin + length + u64::try_from(when.grace.as_nanos()).unwrap_or_default();
        for turn in 0.. {
            let due = match &when.schedule {
                None => run.now(),
                Some((schedule, gate)) => {
                    let due = when.begin + schedule.due(self.lane.number, turn);
                    if due >= when.begin + length {
                        break;
                    }
                    let Ok(permit) = gate.acquire().await else { break };
                    permit.forget();
                    due
                }
            };
            let now = run.now();
            let end = if when.schedule.is_some() { last } else { when.begin + length };
            if now >= end || self.ledger.failed.len() >= FAILURES_MAX {
                break;
            }
            record(&run.late, now.saturating_sub(due));
            if self.send(due).await {
                record(&run.ack, run.now().saturating_sub(due));
            }
        }
        self
    }

    /// Sends the next message, due at that moment of the run's clock. `true`: it is acknowledged.
    pub async fn send(&mut self, due: u64) -> bool {
        let number = self.ledger.sent;
        self.ledger.sent += 1;
        self.lane.write(&mut self.body, number, due, self.payload_bytes);
        let answer = match &mut self.door {
            Door::Rest(rest) => rest
                .call_raw("openim/sendmsg", bytes::Bytes::copy_from_slice(self.body.as_bytes()))
                .await
                .map_err(|error| error.to_string()),
            Door::Socket(wire) => match wire.call(SEND, &self.body).await {
                Ok(it) => Ok(it.into()),
                Err(error) => Err(format!("{error:#}")),
            },
        };
        let failure = match answer {
            Ok(answer) if is_ok(&answer) => return true,
            Ok(answer) => String::from_utf8_lossy(&answer).into_owned(),
            Err(failure) => failure,
        };
        self.ledger.failed.insert(number);
        self.first_failure.get_or_insert(failure);
        false
    }
}

pub fn record(into: &Mutex<Histogram<u64>>, nanos: u64) {
    into.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(nanos);
}
