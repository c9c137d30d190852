//! Messages from many senders to as many receivers: what it costs, how long it takes, and whether all arrive.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use client::Rest;
use hdrhistogram::Histogram;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    history,
    lane::{Lane, Mark, run_name},
    pace::{Pacer, Schedule},
    process::{self, Costs},
    receiver::{Arrived, receive},
    report::{Times, Traffic, histogram},
    sender::{Door, Sender, When},
    target::Target,
};

/// Past the end, overdue sends are still made for this long.
const GRACE: Duration = Duration::from_secs(5);
/// What was acknowledged has to arrive within this time after the last arrival.
const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(2);

/// How messages are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Doors {
    Rest,
    Socket,
    /// Half of the lanes each.
    Mixed,
}

#[derive(Clone, Copy)]
pub struct Plan {
    pub doors: Doors,
    /// Sends a second. None: as many as go, each lane one after the other.
    pub rate: Option<f64>,
    pub seconds: f64,
    pub lanes: usize,
    pub payload_bytes: usize,
}

/// What all senders and receivers of a run share.
pub struct Run {
    start: Instant,
    pub ack: Mutex<Histogram<u64>>,
    pub delivery: Mutex<Histogram<u64>>,
    pub late: Mutex<Histogram<u64>>,
    pub delivered: AtomicU64,
}

impl Run {
    fn new() -> Run {
        let new = || Mutex::new(histogram());
        let (ack, delivery, late) = (new(), new(), new());
        Run { start: Instant::now(), ack, delivery, late, delivered: AtomicU64::new(0) }
    }

    /// Nanoseconds since the start.
    pub fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Runs the plan. The faults are what must not be.
pub async fn run(target: &Target, plan: Plan) -> anyhow::Result<(Traffic, Vec<String>)> {
    let run = Arc::new(Run::new());
    let lanes = lanes(plan.lanes);
    let users: Vec<_> = lanes.iter().flat_map(|it| [it.from.clone(), it.to.clone()]).collect();
    target.import(&users).await?;
    let (stop, stopped) = watch::channel(false);
    let side = target.side_rest()?;
    let mut receivers = Vec::new();
    for lane in &lanes {
        let wire = target.socket(&side, &lane.to, instance(lane, 1)).await?;
        receivers.push(tokio::spawn(receive(wire, lane.clone(), run.clone(), stopped.clone())));
    }
    let mut senders = senders(target, &side, &lanes, plan).await?;
    for sender in &mut senders {
        let is_sent = sender.send(0).await;
        ensure!(is_sent, "the first message failed: {}", sender.first_failure.clone().unwrap_or_default());
    }
    arrive(&run, senders.len() as u64).await;

    let before = Costs::now(target.pid)?;
    let (senders, seconds) = send(&run, senders, plan).await?;
    let acknowledged: u64 = senders.iter().map(|it| it.ledger.acknowledged()).sum();
    arrive(&run, acknowledged).await;
    let spent = before.spent()?;

    // The receivers wait for this; one that is gone has told why.
    let _ = stop.send(true);
    let arrived = join(receivers).await?;
    let mut faults = Vec::new();
    check(&senders, &arrived, &side, &mut faults).await?;
    let measured = acknowledged - senders.len() as u64;
    let failed: u64 = senders.iter().map(|it| it.ledger.failed.len() as u64).sum();
    let first_failure = senders.iter().find_map(|it| it.first_failure.clone());
    if let Some(failure) = &first_failure {
        faults.push(format!("{failed} sends failed, the first with: {failure}"));
    }
    let times = |of: &Mutex<Histogram<u64>>| Times::of(&of.lock().unwrap_or_else(PoisonError::into_inner));
    let traffic = Traffic {
        lanes: plan.lanes,
        asked_rate: plan.rate,
        acknowledged: measured,
        failed,
        first_failure,
        rate: measured as f64 / seconds,
        ack: times(&run.ack),
        delivery: times(&run.delivery),
        late: times(&run.late),
        server_cpu_us: spent.server_us(measured),
        generator_cpu_us: spent.generator_us(measured),
        server_resident_kb: target.pid.map(process::resident_kb).transpose()?,
        checked: acknowledged,
    };
    Ok((traffic, faults))
}

/// Users that no earlier run had.
fn lanes(count: usize) -> Vec<Lane> {
    let run = run_name();
    (0..count)
        .map(|number| Lane { number, from: format!("{run}a{number}"), to: format!("{run}b{number}") })
        .collect()
}

fn instance(lane: &Lane, side: u64) -> u64 {
    lane.number as u64 * 2 + side
}

async fn senders(target: &Target, side: &Rest, lanes: &[Lane], plan: Plan) -> anyhow::Result<Vec<Sender>> {
    let rest = target.rest(plan.lanes)?;
    let mut senders = Vec::new();
    for lane in lanes {
        let by_rest = match plan.doors {
            Doors::Rest => true,
            Doors::Socket => false,
            Doors::Mixed => lane.number % 2 == 0,
        };
        let door = if by_rest {
            Door::Rest(rest.clone())
        } else {
            Door::Socket(Box::new(target.socket(side, &lane.from, instance(lane, 0)).await?))
        };
        senders.push(Sender::new(lane.clone(), door, plan.payload_bytes));
    }
    Ok(senders)
}

/// Lets all senders work until the end. Gives them back, and how long it took in seconds.
async fn send(run: &Arc<Run>, senders: Vec<Sender>, plan: Plan) -> anyhow::Result<(Vec<Sender>, f64)> {
    let begin = Instant::now();
    let begin_nanos = run.now();
    let schedule = plan.rate.map(|rate| Schedule { rate, lanes: plan.lanes });
    let pacer = schedule.map(|it| Pacer::start(it, begin));
    let work = senders.into_iter().map(|sender| {
        let gate = pacer.as_ref().map(|it| it.gate(sender.lane.number));
        let when =
            When { begin: begin_nanos, seconds: plan.seconds, schedule: schedule.zip(gate), grace: GRACE };
        tokio::spawn(sender.work(run.clone(), when))
    });
    let senders = join(work.collect()).await?;
    Ok((senders, begin.elapsed().as_secs_f64().max(plan.seconds)))
}

/// Waits until so many messages have arrived, or nothing comes any more.
async fn arrive(run: &Run, expected: u64) {
    let mut last = (0, Instant::now());
    loop {
        let delivered = run.delivered.load(Ordering::Relaxed);
        if delivered != last.0 {
            last = (delivered, Instant::now());
        }
        if delivered >= expected || last.1.elapsed() > ARRIVAL_TIMEOUT {
            return;
        }
        tokio::time::sleep(POLL).await;
    }
}

async fn join<T>(tasks: Vec<JoinHandle<T>>) -> anyhow::Result<Vec<T>> {
    let mut results = Vec::with_capacity(tasks.len());
    for task in tasks {
        results.push(task.await.context("a task of the generator failed")?);
    }
    Ok(results)
}

/// Compares what was acknowledged with what arrived and with what history holds.
async fn check(
    senders: &[Sender],
    arrived: &[Arrived],
    rest: &Rest,
    faults: &mut Vec<String>,
) -> anyhow::Result<()> {
    let mut readers = Vec::new();
    for (sender, arrived) in senders.iter().zip(arrived) {
        let Lane { from, to, number } = sender.lane.clone();
        let named = |fault: &String| format!("{from} -> {to}, at the receiver: {fault}");
        faults.extend(sender.ledger.faults(&arrived.numbers).iter().map(named));
        faults.extend(arrived.faults.iter().map(named));
        let rest = rest.clone();
        readers.push(tokio::spawn(async move {
            history::read(&rest, &to, &from, |it| {
                Mark::read(it.text()).filter(|it| it.lane == number).map(|it| it.number)
            })
            .await
        }));
    }
    for (sender, stored) in senders.iter().zip(join(readers).await?) {
        let Lane { from, to, .. } = &sender.lane;
        let stored: Option<Vec<u32>> = stored?.into_iter().collect();
        let found = match stored {
            Some(stored) => sender.ledger.faults(&stored),
            None => vec!["a message that nobody sent".to_owned()],
        };
        faults.extend(found.iter().map(|it| format!("{from} -> {to}, in history: {it}")));
    }
    Ok(())
}
