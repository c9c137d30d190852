//! A live room full of connections: first as many messages as it gets every day, then as many as it may get.
//!
//! At the higher rate two cores cannot deliver everything at once: what counts is what a delivery costs, that the
//! senders are slowed down instead of anything growing, and that the lowest priorities are dropped first.

use std::{cmp::Reverse, collections::HashSet, time::Duration};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::MissedTickBehavior};

use super::{
    super::{
        group::{Clock, FAULTS_SHOWN_MAX, Watchers},
        idle,
        lane::Mark,
        process::Costs,
        report::{Times, histogram},
        target::Target,
        wire::{Wire, is_ok},
    },
    Load, Room, resident,
};
use crate::floors::fan_out;

const JOIN: &str = "group_open_http_svc.apply_join_group";
const SEND: &str = "group_open_http_svc/send_group_msg";
/// Joins under way at once.
const JOINS: usize = 64;
/// Messages a second, and which part of the time they come.
const LOADS: [(f64, f64); 2] = [(4.0, 1.0), (60.0, 0.1)];
/// For the server to finish what the joins, or the ends of the connections, left to do.
const SETTLE: Duration = Duration::from_secs(3);
const PRIORITIES: [&str; 4] = ["High", "Normal", "Low", "Lowest"];
const PAYLOAD_BYTES: usize = 100;
/// Sends under way at once.
const SENDS: usize = 16;

pub async fn run(
    target: &Target,
    name: &str,
    connections: usize,
    seconds: f64,
) -> anyhow::Result<(Room, Vec<String>)> {
    let (clock, side, group) = (Clock::start(), target.side_rest()?, format!("{name}room"));
    let users: Vec<_> = (0..connections).map(|it| format!("{name}v{it}")).collect();
    target.import(&users).await?;
    let body = json!({ "Owner_Account": users[0], "Type": "AVChatRoom", "GroupId": group, "Name": "Load" });
    side.call("group_open_http_svc/create_group", &body).await?;
    let wires = join(idle::log_in(target, &users, 0).await?, &group).await?;
    let fill_seconds = Duration::from_nanos(clock.now()).as_secs_f64();
    let watchers = Watchers::start(wires.into_iter().map(|it| (it, 0)), clock);
    tokio::time::sleep(SETTLE).await;

    let (mut loads, mut faults, mut first) = (Vec::new(), Vec::new(), 0);
    for (rate, part) in LOADS {
        let (load, more) =
            load(target, &group, &users[0], &watchers, clock, (rate, seconds * part), first).await?;
        first += u32::try_from(load.messages)?;
        loads.push(load);
        faults.extend(more);
    }
    let (resident_kb, frame_bytes) = (resident(target)?, watchers.frame_bytes());
    let kept = loads.iter().map(|it| it.messages - it.dropped.iter().sum::<u64>()).sum::<u64>();
    let (mut disconnected, mut order) = (0, Vec::new());
    for arrived in watchers.end().await? {
        // A reader that falls behind by more than the server holds for it is put out. What it got has no gap before that.
        let is_out = arrived.faults.iter().any(|it| it.contains("the server closed it"));
        disconnected += usize::from(is_out);
        let is_whole = is_out || (arrived.numbers.len() as u64 == kept && arrived.faults.is_empty());
        if !is_whole {
            faults.push(format!(
                "a member got {} of {kept}; {:?}",
                arrived.numbers.len(),
                arrived.faults.first()
            ));
        }
        order.push(arrived.numbers);
    }
    faults.extend(not_the_same(order));
    faults.truncate(FAULTS_SHOWN_MAX);
    ensure!(frame_bytes > 0, "nobody got anything: {faults:?}");
    // Their sockets are closed now, so that as many others may be opened.
    tokio::time::sleep(SETTLE).await;
    let bare = tokio::task::spawn_blocking(move || fan_out::measure(connections, frame_bytes)).await??;
    Ok((Room { connections, disconnected, fill_seconds, loads, bare, resident_kb }, faults))
}

/// Every member has to get every message once and in the same order; sends that are under way together may be taken in
/// either order. Whoever was put out has the beginning of what the others have.
fn not_the_same(mut orders: Vec<Vec<u32>>) -> Option<String> {
    orders.sort_unstable_by_key(|it| Reverse(it.len()));
    let longest = orders.first()?.clone();
    let is_doubled = longest.iter().collect::<HashSet<_>>().len() < longest.len();
    let other = orders.iter().find(|it| !longest.starts_with(it));
    match other {
        _ if is_doubled => Some("a message came twice".to_owned()),
        Some(other) => {
            let place = other.iter().zip(&longest).position(|(one, two)| one != two);
            Some(format!("two members saw another order from place {place:?} on"))
        }
        None => None,
    }
}

async fn join(wires: Vec<Wire>, group: &str) -> anyhow::Result<Vec<Wire>> {
    let body = json!({ "GroupId": group, "ApplyMsg": "", "WebPushFlag": 1 }).to_string();
    let (mut joined, mut joins) = (Vec::with_capacity(wires.len()), JoinSet::new());
    for mut wire in wires {
        if joins.len() >= JOINS {
            let it: anyhow::Result<Wire> = joins.join_next().await.context("there are joins")??;
            joined.push(it?);
        }
        let body = body.clone();
        joins.spawn(async move {
            let answer = wire.call(JOIN, &body).await?;
            ensure!(is_ok(answer.as_bytes()), "a join is refused: {answer}");
            Ok(wire)
        });
    }
    while let Some(it) = joins.join_next().await {
        joined.push(it??);
    }
    Ok(joined)
}

/// One rate for some time. The numbers of its messages begin at `first`; priorities take turns.
async fn load(
    target: &Target,
    group: &str,
    from: &str,
    watchers: &Watchers,
    clock: Clock,
    (rate, seconds): (f64, f64),
    first: u32,
) -> anyhow::Result<(Load, Vec<String>)> {
    let (rest, before, delivered) = (target.rest(SENDS)?, Costs::now(target.pid)?, watchers.deliveries());
    watchers.forget_times();
    let (mut ack, mut faults, mut dropped) = (histogram(), Vec::new(), [0; PRIORITIES.len()]);
    let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (begin, count) = (clock.now(), (seconds * rate).ceil() as u32);
    let mut sends = JoinSet::new();
    for number in first..first + count {
        beat.tick().await;
        let (rest, place, due) = (rest.clone(), number as usize % PRIORITIES.len(), clock.now());
        let body = message(group, from, PRIORITIES[place], Mark { lane: 0, number, due });
        sends.spawn(async move {
            let answer = rest.call(SEND, &body).await;
            (place, clock.now() - due, answer)
        });
    }
    while let Some(sent) = sends.join_next().await {
        let (place, took, answer) = sent.context("a task of the generator failed")?;
        ack.saturating_record(took);
        match answer {
            Ok(answer) if answer["MsgDropReason"] == "MsgFreqCtrl" => dropped[place] += 1,
            Ok(_) => {}
            Err(error) => faults.push(format!("a send failed: {error}")),
        }
    }
    let kept = u64::from(count) - dropped.iter().sum::<u64>();
    watchers.arrive(delivered + kept * watchers.count() as u64).await;
    let (took, spent) = (Duration::from_nanos(clock.now() - begin).as_secs_f64(), before.spent()?);
    if dropped.windows(2).any(|it| it[0] > it[1]) {
        faults.push(format!("a higher priority gave way to a lower one: {dropped:?}"));
    }
    let deliveries = watchers.deliveries() - delivered;
    let found = Load {
        rate,
        seconds: took,
        messages: count.into(),
        dropped,
        deliveries,
        deliveries_per_second: deliveries as f64 / took,
        ack: Times::of(&ack),
        last: watchers.times().1,
        server_cpu_us: spent.server_us(deliveries),
        generator_cpu_us: spent.generator_us(deliveries),
        frame_bytes: watchers.frame_bytes(),
    };
    Ok((found, faults))
}

fn message(group: &str, from: &str, priority: &str, mark: Mark) -> Value {
    let mut text = String::new();
    mark.write(&mut text, PAYLOAD_BYTES);
    json!({
        "GroupId": group, "From_Account": from, "Random": mark.number, "MsgPriority": priority,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}],
    })
}
