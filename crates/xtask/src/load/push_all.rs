//! A push to all users while others write to one another: how long until the last who is online has it.
//!
//! The generator and the server are processes of their own, for each may open only so many files.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use client::{Rest, wire::Incoming};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle, time::MissedTickBehavior};

use super::{
    history::Push,
    idle,
    lane::run_name,
    process,
    receiver::PUSHER,
    report::{PushAll, Pushed},
    target::Target,
    traffic::{self, Doors, Plan},
    wire::Wire,
};

pub const ACCOUNTS: usize = 100_000;
pub const ONLINE: usize = 10_000;
/// Sends a second beside the pushes.
const RATE: f64 = 100.0;
const LANES: usize = 16;
/// How long they go on, and when the pushes are made. Seconds.
const SECONDS: f64 = 24.0;
const PAUSE: Duration = Duration::from_secs(4);
/// The last must have a push within this time.
const LAST_WITHIN: Duration = Duration::from_secs(10);
/// Accounts in one call.
const STEP: usize = 100;
const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(2);
/// Seconds that users who are away may fetch a push in.
const LIFE_SECONDS: u32 = 600;

/// When each push came: its number, and how often and when last. All watchers share it.
#[derive(Default)]
struct Seen(Mutex<Vec<Times>>);

#[derive(Clone, Default)]
struct Times {
    count: usize,
    first: Option<Instant>,
    last: Option<Instant>,
}

impl Seen {
    fn note(&self, push: usize) {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() <= push {
            all.resize(push + 1, Times::default());
        }
        let it = &mut all[push];
        it.count += 1;
        it.first.get_or_insert(now);
        it.last = Some(now);
    }

    fn of(&self, push: usize) -> Times {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(push).cloned().unwrap_or_default()
    }
}

pub async fn run(target: &Target, online: usize) -> anyhow::Result<(PushAll, Vec<String>)> {
    let (rest, run) = (target.side_rest()?, run_name());
    let start = Instant::now();
    let users: Vec<_> = (0..ACCOUNTS.max(online)).map(|it| format!("{run}p{it}")).collect();
    target.import(&users).await?;
    target.import(&[PUSHER.to_owned()]).await?;
    let tagged: Vec<_> = users.iter().step_by(2).collect();
    for some in tagged.chunks(STEP) {
        let items: Vec<_> = some.iter().map(|it| json!({"To_Account": it, "Tags": ["half"]})).collect();
        rest.call("all_member_push/im_add_tag", &json!({ "UserTags": items })).await?;
    }
    let wires = idle::log_in(target, &users[..online], 0).await?;
    let fill_seconds = start.elapsed().as_secs_f64();

    let (seen, (stop, stopped)) = (Arc::new(Seen::default()), watch::channel(false));
    let watch = |wire| tokio::spawn(watch(wire, seen.clone(), stopped.clone()));
    let watchers: Vec<JoinHandle<Vec<usize>>> = wires.into_iter().map(watch).collect();
    let plan =
        Plan { doors: Doors::Rest, rate: Some(RATE), seconds: SECONDS, lanes: LANES, payload_bytes: 100 };
    let half = json!({"TagsOr": ["half"]});
    let wanted =
        [("all", json!({}), online), ("a tag", half, online.div_ceil(2)), ("all", json!({}), online)];
    let pushes = async {
        let mut pushes = Vec::new();
        for (number, (who, condition, receivers)) in wanted.iter().enumerate() {
            tokio::time::sleep(PAUSE).await;
            pushes.push(push(&rest, &seen, number, who, condition, *receivers).await?);
        }
        anyhow::Ok(pushes)
    };
    let (traffic, pushes) = tokio::join!(traffic::run(target, plan), pushes);
    let ((traffic, mut faults), pushes) = (traffic?, pushes?);

    // The watchers wait for this; one that is gone has told why.
    let _ = stop.send(true);
    for watcher in watchers {
        let came = watcher.await.context("a task of the generator failed")?;
        let mut once = came.clone();
        once.dedup();
        if once != came {
            faults.push(format!("a user was pushed {came:?}"));
        }
    }
    faults.extend(pushes.iter().filter_map(Pushed::fault));
    let resident_kb = target.pid.map(process::resident_kb).transpose()?;
    Ok((PushAll { accounts: users.len(), online, fill_seconds, pushes, traffic, resident_kb }, faults))
}

async fn push(
    rest: &Rest,
    seen: &Seen,
    number: usize,
    who: &'static str,
    condition: &Value,
    receivers: usize,
) -> anyhow::Result<Pushed> {
    let body = json!({
        "From_Account": PUSHER,
        "MsgRandom": number,
        "MsgLifeTime": LIFE_SECONDS,
        "Condition": condition,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": number.to_string()}}],
    });
    let start = Instant::now();
    rest.call("all_member_push/im_push", &body).await?;
    let accepted = start.elapsed();
    let times = loop {
        let times = seen.of(number);
        if times.count >= receivers || start.elapsed() > LAST_WITHIN {
            break times;
        }
        tokio::time::sleep(POLL).await;
    };
    let (first, last) = times.first.zip(times.last).context("nobody got the push")?;
    let millis = |it: Duration| it.as_secs_f64() * 1e3;
    Ok(Pushed {
        who,
        receivers,
        reached: times.count,
        accepted_ms: millis(accepted),
        first_ms: millis(first.duration_since(start)),
        last_ms: millis(last.duration_since(start)),
    })
}

/// Notes the pushes that come, until it is told to stop. Gives their numbers.
async fn watch(mut wire: Wire, seen: Arc<Seen>, mut stop: watch::Receiver<bool>) -> Vec<usize> {
    let mut came = Vec::new();
    let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            frame = wire.connection.next() => {
                let Ok(frame) = frame else { return came };
                for number in numbers(&frame).unwrap_or_default() {
                    seen.note(number);
                    came.push(number);
                }
            }
            _ = stop.changed() => return came,
            _ = heartbeat.tick() => if wire.heartbeat().is_err() { return came },
        }
    }
}

fn numbers(frame: &[u8]) -> anyhow::Result<Vec<usize>> {
    Incoming::read(frame, |it| {
        if !it.servcmd().starts_with("im_open_push.") {
            return Ok(Vec::new());
        }
        let push: Push<'_> = serde_json::from_str(it.body.get())?;
        let texts = push.messages().map(|it| it.text().parse());
        Ok(texts.collect::<Result<_, _>>()?)
    })?
}

impl Pushed {
    /// What is wrong with it, if anything.
    fn fault(&self) -> Option<String> {
        let is_late = self.last_ms > LAST_WITHIN.as_secs_f64() * 1e3;
        (self.reached != self.receivers || is_late)
            .then(|| format!("a push to {} reached {} of {} users", self.who, self.reached, self.receivers))
    }
}

/// A run with nobody online would show nothing.
pub fn check(online: usize) -> anyhow::Result<()> {
    ensure!(online >= 2, "a push to all needs at least two connections");
    Ok(())
}
