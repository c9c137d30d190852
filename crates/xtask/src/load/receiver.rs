//! One receiver of a lane: takes pushes, acknowledges them, and notes what came.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use client::wire::{Incoming, NeedsAck, PUSH_ACK};
use tokio::{sync::watch, time::MissedTickBehavior};

use super::{
    history::Push,
    lane::{Lane, Mark},
    sender::record,
    traffic::Run,
    wire::Wire,
};

/// Whose messages are no part of the traffic.
pub const PUSHER: &str = "pushes-to-all";
const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);

/// The numbers in the order of their arrival, and what should not have come.
#[derive(Default)]
pub struct Arrived {
    pub numbers: Vec<u32>,
    pub faults: Vec<String>,
}

/// Receives until it is told to stop or the connection ends.
pub async fn receive(mut wire: Wire, lane: Lane, run: Arc<Run>, mut stop: watch::Receiver<bool>) -> Arrived {
    let mut arrived = Arrived::default();
    let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let step = tokio::select! {
            frame = wire.connection.next() => match frame {
                Ok(frame) => take(&mut wire, &frame, &lane, &run, &mut arrived),
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

fn take(wire: &mut Wire, frame: &[u8], lane: &Lane, run: &Run, arrived: &mut Arrived) -> anyhow::Result<()> {
    let now = run.now();
    let ack = Incoming::read(frame, |it| {
        if !it.servcmd().starts_with("im_open_push.") {
            return Ok(None);
        }
        let push: Push<'_> = serde_json::from_str(it.body.get())?;
        for message in push.messages().filter(|it| it.from != PUSHER) {
            match Mark::read(message.text()) {
                Some(mark) if mark.lane == lane.number && message.from == lane.from => {
                    // The first of a lane is there to warm up.
                    if mark.number > 0 {
                        record(&run.delivery, now.saturating_sub(mark.due));
                    }
                    arrived.numbers.push(mark.number);
                    run.delivered.fetch_add(1, Ordering::Relaxed);
                }
                _ => arrived.faults.push(format!("a message of {} came to {}", message.from, lane.to)),
            }
        }
        // Read once more only when there is something to acknowledge, which is rare.
        let wanted = push.needs_ack();
        anyhow::Ok(if wanted { serde_json::from_str::<NeedsAck<'_>>(it.body.get())?.ack() } else { None })
    })??;
    if let Some(body) = ack {
        let (_, frame) = wire.identity.request(PUSH_ACK, &body);
        wire.connection.send(frame)?;
    }
    Ok(())
}
