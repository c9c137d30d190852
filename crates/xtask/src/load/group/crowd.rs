//! A few messages a second into one group all of whose members are online, beside writes and nothing else.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::{
    super::{
        check::Ledger,
        idle,
        lane::Mark,
        process::Costs,
        report::{Times, histogram},
        target::Target,
    },
    Clock, Crowd,
    lanes::one,
    make,
    watch::Watchers,
};
use crate::floors::fan_out;

/// Messages a second.
const RATE: f64 = 4.0;
/// For the server to finish what the logins, or their ends, left to do.
const SETTLE: Duration = Duration::from_secs(2);
/// The runtime's timers are good to a millisecond: a send that is no later than this is measured from when it
/// was made.
const TIMER: Duration = Duration::from_millis(2);
const LANE: usize = 0;
/// Of the members with faults.
pub const FAULTS_SHOWN_MAX: usize = 5;

pub async fn run(
    target: &Target,
    name: &str,
    members: usize,
    seconds: f64,
) -> anyhow::Result<(Crowd, Vec<String>)> {
    let (clock, side) = (Clock::start(), target.side_rest()?);
    let users: Vec<_> = (0..members).map(|it| format!("{name}c{it}")).collect();
    let group = make::id(members, &format!("{name}crowd"));
    target.import(&users).await?;
    make::group(&side, &group, &users).await?;
    let wires = idle::log_in(target, &users, 0).await?;
    let fill_seconds = Duration::from_nanos(clock.now()).as_secs_f64();
    let watchers = Watchers::start(wires.into_iter().map(|it| (it, LANE)), clock);
    tokio::time::sleep(SETTLE).await;

    let (rest, before) = (target.rest(1)?, Costs::now(target.pid)?);
    let (mut ledger, mut ack, mut faults) = (Ledger::default(), histogram(), Vec::new());
    let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / RATE));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for number in 0..(seconds * RATE).ceil() as u32 {
        let late = beat.tick().await.elapsed();
        let late = if late > TIMER { late } else { Duration::ZERO };
        let due = clock.now().saturating_sub(u64::try_from(late.as_nanos())?);
        ledger.sent += 1;
        if let Some(failure) = one(&rest, &group, &users[0], Mark { lane: LANE, number, due }).await {
            ledger.failed.insert(number);
            faults.push(failure);
        }
        ack.saturating_record(clock.now() - due);
    }
    watchers.arrive(ledger.acknowledged() * members as u64).await;
    let spent = before.spent()?;

    let (deliveries, frame_bytes) = (watchers.deliveries(), watchers.frame_bytes());
    let (delivery, last) = watchers.times();
    faults.extend(faulty(&ledger, watchers).await?);
    // Their sockets are closed now, so that as many others may be opened.
    tokio::time::sleep(SETTLE).await;
    let bare = tokio::task::spawn_blocking(move || fan_out::measure(members, frame_bytes)).await??;
    let crowd = Crowd {
        members,
        group_type: make::group_type(members),
        fill_seconds,
        messages: ledger.acknowledged(),
        deliveries,
        ack: Times::of(&ack),
        delivery,
        last,
        server_cpu_us: spent.server_us(deliveries),
        generator_cpu_us: spent.generator_us(deliveries),
        frame_bytes,
        bare,
    };
    Ok((crowd, faults))
}

/// What is wrong with what came to the members: all of it would be too much to read.
async fn faulty(ledger: &Ledger, watchers: Watchers) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for arrived in watchers.end().await? {
        let found = ledger.faults(&arrived.numbers);
        faults.extend(found.iter().chain(&arrived.faults).next().map(|it| format!("at a member: {it}")));
    }
    let count = faults.len();
    if count > FAULTS_SHOWN_MAX {
        faults.truncate(FAULTS_SHOWN_MAX);
        faults.push(format!("{count} members have such faults"));
    }
    Ok(faults)
}
