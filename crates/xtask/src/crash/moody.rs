//! A backend that is told of every message and is often in no mood to answer: for the first half of the rounds nobody
//! listens, and later some events are answered late, wrongly or not at all.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::ensure;
use hyper::StatusCode;
use serde::Deserialize;

use crate::{
    backend::{self, Reply},
    load::lane::Mark,
};

/// Longest wait for the events that are still to come when the server is killed no more.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(180);
/// One event in so many is not answered as it should be. A failure holds up its conversation for a second at least.
const MOODY_ONE_IN: u64 = 499;
/// One after the other. The last is longer than the server waits, so that it has given up before the answer.
const MOODS: &[Reply] = &[
    Reply::Status(StatusCode::INTERNAL_SERVER_ERROR),
    Reply::Rubbish,
    Reply::Close,
    Reply::Late(Duration::from_millis(300)),
    Reply::Status(StatusCode::FOUND),
    Reply::Late(Duration::from_millis(2500)),
];
/// What the server waits for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Heard {
    requests: u64,
    moods: u64,
    /// Each event that was answered well, by its id.
    events: HashMap<u64, Mark>,
    /// The messages of each lane, in the order in which they came first.
    arrived: HashMap<usize, Vec<u32>>,
    /// Events that came again after a good answer, as they may when the server was killed before it could note the answer.
    again: u64,
    faults: Vec<String>,
}

pub struct Moody {
    address: SocketAddr,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    msg_body: Vec<Element>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Element {
    msg_content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    text: String,
}

impl Moody {
    pub fn new() -> anyhow::Result<Moody> {
        Ok(Moody { address: backend::free_address()?, heard: Arc::default() })
    }

    /// The settings of the app that is told.
    pub fn settings(&self) -> Vec<String> {
        vec![
            format!("webhooks.url=http://{}", self.address),
            "webhooks.commands={\"C2C.CallbackAfterSendMsg\":true}".to_owned(),
        ]
    }

    /// Begins to listen.
    pub fn come_back(&self) -> anyhow::Result<()> {
        let heard = self.heard.clone();
        backend::start(
            self.address,
            Arc::new(move |id, body| {
                hear(&mut heard.lock().unwrap_or_else(PoisonError::into_inner), id, body)
            }),
        )
    }

    /// Waits until as many different events have come.
    pub async fn drain(&self, events: usize) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).events.len();
            if heard >= events {
                return Ok(());
            }
            ensure!(started.elapsed() < DRAIN_TIMEOUT, "only {heard} of {events} events came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What must not have happened, if these are the messages of each lane in the store.
    pub fn faults<'a>(&self, stored: impl Iterator<Item = (usize, &'a [u32])>) -> Vec<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let mut faults = heard.faults.clone();
        for (lane, stored) in stored {
            let arrived = heard.arrived.get(&lane).map_or(&[][..], Vec::as_slice);
            if let Some(place) =
                (0..stored.len().max(arrived.len())).find(|&it| stored.get(it) != arrived.get(it))
            {
                faults.push(format!(
                    "lane {lane}: event {place} is message {:?} and should be {:?}",
                    arrived.get(place),
                    stored.get(place)
                ));
            }
        }
        faults
    }

    /// In words.
    pub fn summary(&self) -> String {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let Heard { requests, moods, events, again, .. } = &*heard;
        format!(
            "{} events in {requests} requests, {moods} of them not answered well, {again} told again",
            events.len()
        )
    }
}

fn hear(heard: &mut Heard, id: u64, body: &[u8]) -> Reply {
    heard.requests += 1;
    let mut reply = Reply::Fine;
    if heard.requests.is_multiple_of(MOODY_ONE_IN) {
        reply = MOODS[heard.moods as usize % MOODS.len()];
        heard.moods += 1;
    }
    let accepted = match reply {
        Reply::Fine => true,
        Reply::Late(time) => time < PATIENCE,
        _ => false,
    };
    if accepted && let Err(fault) = note(heard, id, body) {
        heard.faults.push(fault);
    }
    reply
}

fn note(heard: &mut Heard, id: u64, body: &[u8]) -> Result<(), String> {
    let body: Body =
        serde_json::from_slice(body).map_err(|it| format!("event {id} is not readable: {it}"))?;
    let text = body.msg_body.first().map_or("", |it| &it.msg_content.text);
    let mark = Mark::read(text).ok_or_else(|| format!("event {id} is a message that nobody sent"))?;
    match heard.events.insert(id, mark) {
        None => heard.arrived.entry(mark.lane).or_default().push(mark.number),
        Some(it) if it == mark => heard.again += 1,
        Some(it) => return Err(format!("the id {id} belongs to {it:?} and to {mark:?}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(lane: usize, number: u32) -> Vec<u8> {
        let mut text = String::new();
        Mark { lane, number, due: 0 }.write(&mut text, 10);
        format!(r#"{{"MsgBody":[{{"MsgContent":{{"Text":"{text}"}}}}]}}"#).into_bytes()
    }

    #[test]
    fn events_that_are_lost_late_or_under_another_id_are_seen() {
        for (told, faults) in [
            (&[(1, 0), (2, 1)][..], 0),
            (&[(1, 0), (1, 0), (2, 1)], 0),
            (&[(2, 1), (1, 0)], 1),
            (&[(1, 0)], 1),
            (&[(1, 0), (2, 1), (3, 1)], 1),
            (&[(1, 0), (1, 1)], 2),
        ] {
            let moody = Moody::new().expect("there is a free port");
            for &(id, number) in told {
                hear(&mut moody.heard.lock().expect("nobody panicked"), id, &body(7, number));
            }
            let found = moody.faults([(7, &[0, 1][..])].into_iter());
            assert_eq!(found.len(), faults, "{told:?}: {found:?}");
        }
    }

    #[test]
    fn what_was_not_answered_well_has_not_arrived() {
        let mut heard = Heard { requests: MOODY_ONE_IN - 1, ..Heard::default() };
        assert_eq!(hear(&mut heard, 1, &body(0, 0)), MOODS[0]);
        assert!(heard.events.is_empty());
        assert_eq!(hear(&mut heard, 1, &body(0, 0)), Reply::Fine);
        assert_eq!((heard.events.len(), heard.again), (1, 0));
    }
}
