//! Sends as fast as they go into many groups, each with one member online.

use std::time::Duration;

use anyhow::{Context, ensure};
use client::Rest;
use futures_util::future::try_join_all;
use hdrhistogram::Histogram;

use super::{
    super::{
        LANES,
        check::Ledger,
        lane::Mark,
        process::Costs,
        report::{Times, histogram},
        target::Target,
        wire::is_ok,
    },
    Clock, Sends, make,
    watch::Watchers,
};

const COMMAND: &str = "group_open_http_svc/send_group_msg";
/// After this many failures a lane gives up.
const FAILURES_MAX: usize = 100;

/// A group that is sent to, one message after the other.
#[derive(Clone)]
struct Lane {
    number: usize,
    group: String,
    /// Its owner, who is away.
    from: String,
    online: String,
}

/// The groups of one size. All have the same members besides the one that is online.
pub struct Lanes {
    lanes: Vec<Lane>,
    members: usize,
}

/// What a lane sent.
struct Sent {
    ledger: Ledger,
    ack: Histogram<u64>,
    first_failure: Option<String>,
}

impl Lanes {
    pub async fn make(target: &Target, name: &str, members: usize) -> anyhow::Result<Lanes> {
        let away: Vec<_> = (1..members).map(|it| format!("{name}g{members}m{it}")).collect();
        let lane = |number| Lane {
            number,
            group: format!("{name}g{members}n{number}"),
            from: away[0].clone(),
            online: format!("{name}g{members}o{number}"),
        };
        let lanes: Vec<_> = (0..LANES).map(lane).collect();
        let online: Vec<_> = lanes.iter().map(|it| it.online.clone()).collect();
        target.import(&away).await?;
        target.import(&online).await?;
        let rest = target.side_rest()?;
        let make = lanes.iter().map(|lane| {
            let all: Vec<_> = away.iter().chain([&lane.online]).cloned().collect();
            let rest = &rest;
            async move { make::group(rest, &lane.group, &all).await }
        });
        try_join_all(make).await?;
        Ok(Lanes { lanes, members })
    }

    /// From the first message on the server remembers what is sent. Nobody is online yet.
    pub async fn say_one(&self, target: &Target) -> anyhow::Result<()> {
        let Lane { number: lane, group, from, .. } = &self.lanes[0];
        let failure = one(&target.side_rest()?, group, from, Mark { lane: *lane, number: 0, due: 0 }).await;
        ensure!(failure.is_none(), "{failure:?}");
        Ok(())
    }

    pub async fn run(self, target: &Target, seconds: f64) -> anyhow::Result<(Sends, Vec<String>)> {
        let (side, clock, mut wires) = (target.side_rest()?, Clock::start(), Vec::new());
        for lane in &self.lanes {
            wires.push((target.socket(&side, &lane.online, lane.number as u64).await?, lane.number));
        }
        let watchers = Watchers::start(wires, clock);
        let rest = target.rest(LANES)?;
        let before = Costs::now(target.pid)?;
        let begin = clock.now();
        let until = begin + (seconds * 1e9) as u64;
        let senders: Vec<_> =
            self.lanes.iter().map(|it| tokio::spawn(send(rest.clone(), it.clone(), clock, until))).collect();
        let mut sent = Vec::new();
        for sender in senders {
            sent.push(sender.await.context("a task of the generator failed")?);
        }
        let took = Duration::from_nanos(clock.now() - begin).as_secs_f64();
        let acknowledged: u64 = sent.iter().map(|it| it.ledger.acknowledged()).sum();
        watchers.arrive(acknowledged).await;
        let spent = before.spent()?;

        let mut ack = histogram();
        for it in &sent {
            ack.add(&it.ack).context("histograms of one kind")?;
        }
        let faults = self.faults(&sent, watchers).await?;
        let sends = Sends {
            groups: self.lanes.len(),
            members: self.members,
            fill_seconds: 0.0,
            acknowledged,
            rate: acknowledged as f64 / took,
            ack: Times::of(&ack),
            server_cpu_us: spent.server_us(acknowledged),
        };
        Ok((sends, faults))
    }

    async fn faults(&self, sent: &[Sent], watchers: Watchers) -> anyhow::Result<Vec<String>> {
        let mut faults = Vec::new();
        for ((lane, sent), arrived) in self.lanes.iter().zip(sent).zip(watchers.end().await?) {
            let found = sent.ledger.faults(&arrived.numbers);
            let all = found.iter().chain(&arrived.faults).chain(&sent.first_failure);
            faults.extend(all.map(|it| format!("group {}, at {}: {it}", lane.group, lane.online)));
        }
        Ok(faults)
    }
}

async fn send(rest: Rest, lane: Lane, clock: Clock, until: u64) -> Sent {
    let mut sent = Sent { ledger: Ledger::default(), ack: histogram(), first_failure: None };
    while sent.ledger.failed.len() < FAILURES_MAX {
        let due = clock.now();
        if due >= until {
            break;
        }
        let number = sent.ledger.sent;
        sent.ledger.sent += 1;
        let failure = one(&rest, &lane.group, &lane.from, Mark { lane: lane.number, number, due }).await;
        sent.ack.saturating_record(clock.now() - due);
        if let Some(failure) = failure {
            sent.ledger.failed.insert(number);
            sent.first_failure.get_or_insert(failure);
        }
    }
    sent
}

/// Sends a message. `None`: it is acknowledged.
pub async fn one(rest: &Rest, group: &str, from: &str, mark: Mark) -> Option<String> {
    match rest.call_raw(COMMAND, make::message(group, from, mark)).await {
        Ok(answer) if is_ok(&answer) => None,
        Ok(answer) => Some(format!("a send failed: {}", String::from_utf8_lossy(&answer))),
        Err(error) => Some(format!("a send failed: {error}")),
    }
}
