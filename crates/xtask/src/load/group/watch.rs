//! Members that are online: what came to each, and when.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use client::wire::{Incoming, NeedsAck, PUSH_ACK};
use hdrhistogram::Histogram;
use serde::Deserialize;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{MissedTickBehavior, interval_at},
};

use super::{
    super::{
        history::Message,
        lane::Mark,
        receiver::Arrived,
        report::{Times, histogram},
        wire::Wire,
    },
    Clock,
};

const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
/// What was acknowledged has to arrive within this time after the last arrival.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);
/// Of a frame between 126 and 65,535 bytes.
const HEADER_BYTES: usize = 4;

/// What all watchers of a run share.
struct Seen {
    clock: Clock,
    deliveries: AtomicU64,
    /// Of the newest push.
    frame_bytes: AtomicUsize,
    each: Mutex<Histogram<u64>>,
    /// Nanoseconds until the last member had it, by the number of the message.
    last: Mutex<Vec<u64>>,
}

impl Seen {
    fn note(&self, mark: Mark) {
        let took = self.clock.now().saturating_sub(mark.due);
        self.each.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(took);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let number = mark.number as usize;
        if last.len() <= number {
            last.resize(number + 1, 0);
        }
        last[number] = last[number].max(took);
        self.deliveries.fetch_add(1, Ordering::Relaxed);
    }
}

/// A task for each member.
pub struct Watchers {
    seen: Arc<Seen>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<Arrived>>,
}

impl Watchers {
    /// Each with the lane that it must hear.
    pub fn start(wires: impl IntoIterator<Item = (Wire, usize)>, clock: Clock) -> Watchers {
        let (stop, stopped) = watch::channel(false);
        let seen = Arc::new(Seen {
            clock,
            deliveries: AtomicU64::new(0),
            frame_bytes: AtomicUsize::new(0),
            each: Mutex::new(histogram()),
            last: Mutex::default(),
        });
        let watch = |(wire, lane)| tokio::spawn(watch(wire, lane, seen.clone(), stopped.clone()));
        let tasks = wires.into_iter().map(watch).collect();
        Watchers { seen, stop, tasks }
    }

    /// Waits until so many messages have arrived, or nothing comes any more.
    pub async fn arrive(&self, expected: u64) {
        let mut last = (0, Instant::now());
        loop {
            let delivered = self.seen.deliveries.load(Ordering::Relaxed);
            if delivered != last.0 {
                last = (delivered, Instant::now());
            }
            if delivered >= expected || last.1.elapsed() > ARRIVAL_TIMEOUT {
                return;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Those that still listen or have told why not.
    pub fn count(&self) -> usize {
        self.tasks.len()
    }

    /// Begins anew with the times.
    pub fn forget_times(&self) {
        *self.seen.each.lock().unwrap_or_else(PoisonError::into_inner) = histogram();
        self.seen.last.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub fn deliveries(&self) -> u64 {
        self.seen.deliveries.load(Ordering::Relaxed)
    }

    pub fn frame_bytes(&self) -> usize {
        self.seen.frame_bytes.load(Ordering::Relaxed)
    }

    /// To each member, and to the last one.
    pub fn times(&self) -> (Times, Times) {
        let each = Times::of(&self.seen.each.lock().unwrap_or_else(PoisonError::into_inner));
        let mut last = histogram();
        // Numbers of before `forget_times` have none.
        for &took in
            self.seen.last.lock().unwrap_or_else(PoisonError::into_inner).iter().filter(|it| **it > 0)
        {
            last.saturating_record(took);
        }
        (each, Times::of(&last))
    }

    /// What came to each, in the order of the start.
    pub async fn end(self) -> anyhow::Result<Vec<Arrived>> {
        // The watchers wait for this; one that is gone has told why.
        let _ = self.stop.send(true);
        let mut arrived = Vec::with_capacity(self.tasks.len());
        for task in self.tasks {
            arrived.push(task.await.context("a task of the generator failed")?);
        }
        Ok(arrived)
    }
}

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(default, rename = "NeedAck")]
    need_ack: i64,
    #[serde(borrow, default, rename = "EventArray")]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "GroupMsgArray")]
    messages: Vec<Message<'a>>,
}

async fn watch(mut wire: Wire, lane: usize, seen: Arc<Seen>, mut stop: watch::Receiver<bool>) -> Arrived {
    let mut arrived = Arrived::default();
    let mut heartbeat = interval_at(tokio::time::Instant::now() + HEARTBEAT_EVERY, HEARTBEAT_EVERY);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let step = tokio::select! {
            frame = wire.connection.next() => match frame {
                Ok(frame) => take(&mut wire, &frame, lane, &seen, &mut arrived),
                Err(error) => Err(error.into()),
            },
            _ = stop.changed() => return arrived,
            _ = heartbeat.tick() => wire.heartbeat(),
        };
        if let Err(error) = step {
            arrived.faults.push(format!("receiving ended early: {error:#}"));
            return arrived;
        }
    }
}

fn take(
    wire: &mut Wire,
    frame: &[u8],
    lane: usize,
    seen: &Seen,
    arrived: &mut Arrived,
) -> anyhow::Result<()> {
    let ack = Incoming::read(frame, |it| {
        if !it.servcmd().starts_with("im_open_push.") {
            return Ok(None);
        }
        let push: Push<'_> = serde_json::from_str(it.body.get())?;
        for message in push.events.iter().flat_map(|it| &it.messages) {
            match Mark::read(message.text()) {
                Some(mark) if mark.lane == lane => {
                    seen.note(mark);
                    seen.frame_bytes.store(frame.len() + HEADER_BYTES, Ordering::Relaxed);
                    arrived.numbers.push(mark.number);
                }
                _ => arrived.faults.push(format!("a message of {} that is not the group's", message.from)),
            }
        }
        // Read once more only when there is something to acknowledge, which is rare.
        let wanted = push.need_ack == 1;
        anyhow::Ok(if wanted { serde_json::from_str::<NeedsAck<'_>>(it.body.get())?.ack() } else { None })
    })??;
    if let Some(body) = ack {
        let (_, frame) = wire.identity.request(PUSH_ACK, &body);
        wire.connection.send(frame)?;
    }
    Ok(())
}
