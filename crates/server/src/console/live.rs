//! What happens now: one snapshot a second for all who look, and none while nobody does.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chat::console::Role;
use hyper::header::{self, HeaderValue};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::{Semaphore, watch};

use super::{
    endpoint::{Ask, Endpoint, Refusal, Verb, get},
    stream,
};
use crate::{
    http::Answer,
    metrics::totals::{Reading, percentile},
    node::Node,
};

pub const OVERVIEW: Endpoint =
    get!("overview", Some(Role::Viewer), "Gives one snapshot of what happens.", [], Snapshot, overview);
pub const LIVE: Endpoint = Endpoint {
    verb: Verb::Get,
    path: "live",
    role: Some(Role::Viewer),
    summary: "Gives a snapshot a second as server-sent events.",
    query: &[],
    body_bytes: 0,
    run: |ask| Box::pin(async move { live(ask) }),
    schema: |_| (None, None),
};

/// Who may look at the same time.
const VIEWERS_MAX: usize = 32;
const PERIOD: Duration = Duration::from_secs(1);
/// Snapshots between two looks at whether a viewer is still signed in.
const SESSION_CHECKED_EVERY: u32 = 10;
/// The stretch that latencies are taken from. Milliseconds.
const LATENCY_MS: i64 = 60_000;
/// Readings that are remembered.
const READINGS_MAX: usize = 64;
/// How long the size of the database is not asked for again. Milliseconds.
const SIZE_MS: i64 = 30_000;
/// When a viewer who was turned away may come again. Seconds.
const COME_AGAIN_SECONDS: i64 = 30;

/// What a node keeps for its viewers.
pub struct Live {
    viewers: Arc<Semaphore>,
    latest: watch::Sender<Bytes>,
    running: AtomicBool,
    readings: Mutex<VecDeque<Moment>>,
    size: AtomicI64,
    sized_at: AtomicI64,
}

impl Default for Live {
    fn default() -> Live {
        Live {
            viewers: Arc::new(Semaphore::new(VIEWERS_MAX)),
            latest: watch::channel(Bytes::new()).0,
            running: AtomicBool::new(false),
            readings: Mutex::default(),
            size: AtomicI64::new(0),
            sized_at: AtomicI64::new(i64::MIN / 2),
        }
    }
}

/// The counts at one moment.
#[derive(Clone, Default)]
struct Moment {
    at_ms: i64,
    sent: [u64; 3],
    totals: Reading,
}

#[derive(Serialize, JsonSchema)]
struct Snapshot {
    at_ms: i64,
    /// Users.
    online: i64,
    /// By platform.
    sessions: BTreeMap<&'static str, i64>,
    messages_per_second: Messages,
    rest: RestCalls,
    latency_ms: Latency,
    socket_calls_per_second: f64,
    webhooks: Webhooks,
    database_bytes: i64,
    connections: i64,
    apps: Vec<AppOnline>,
}

#[derive(Serialize, JsonSchema)]
struct Messages {
    c2c: f64,
    group: f64,
    live_room: f64,
}

#[derive(Serialize, JsonSchema)]
struct RestCalls {
    calls_per_second: f64,
    errors_per_second: f64,
    /// By code, since the start.
    errors: BTreeMap<String, u64>,
}

#[derive(Serialize, JsonSchema)]
struct Latency {
    #[serde(skip_serializing_if = "Option::is_none")]
    p50: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p95: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct Webhooks {
    sent: u64,
    answered: u64,
    failed: u64,
    waiting: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_percent: Option<f64>,
}

#[derive(Serialize, JsonSchema)]
struct AppOnline {
    sdkappid: u32,
    online: i64,
}

/// Bytes that the database takes, as they were asked for last.
pub async fn database_bytes(node: &Node) -> i64 {
    let (live, now) = (&node.live, node.chat.clock.millis());
    if now - live.sized_at.load(Ordering::Relaxed) >= SIZE_MS {
        live.sized_at.store(now, Ordering::Relaxed);
        match node.chat.database_bytes().await {
            Ok(size) => live.size.store(size, Ordering::Relaxed),
            Err(error) => tracing::warn!(%error, "the size of the database is not known"),
        }
    }
    live.size.load(Ordering::Relaxed)
}

/// Reads all counts and compares them with those before.
async fn take(node: &Node) -> Snapshot {
    let apps = node.chat.apps.all();
    let mut now =
        Moment { at_ms: node.chat.clock.millis(), totals: node.metrics.totals.read(), sent: [0; 3] };
    let mut sessions = BTreeMap::new();
    let mut hooks = Webhooks { sent: 0, answered: 0, failed: 0, waiting: 0, success_percent: None };
    let mut online = Vec::with_capacity(apps.len());
    for app in &apps {
        for (sum, count) in now.sent.iter_mut().zip(app.messages_sent()) {
            *sum += count;
        }
        for (platform, count) in app.live.count_by_platform() {
            *sessions.entry(platform).or_default() += count;
        }
        let numbers = &app.hooks.numbers;
        hooks.sent += numbers.sent.load(Ordering::Relaxed);
        hooks.answered += numbers.answered.load(Ordering::Relaxed);
        hooks.failed += numbers.failed.load(Ordering::Relaxed);
        hooks.waiting += app.hooks.waiting();
        online.push(AppOnline { sdkappid: app.id, online: app.live.users_online() });
    }
    online.sort_by_key(|it| it.sdkappid);
    let tried = hooks.answered + hooks.failed;
    hooks.success_percent = (tried > 0).then(|| hooks.answered as f64 * 100.0 / tried as f64);
    let (last, oldest) = remember(&node.live, &now);
    let seconds = ((now.at_ms - last.at_ms).max(1)) as f64 / 1000.0;
    let rate =
        |new: u64, old: u64| if last.at_ms == 0 { 0.0 } else { new.saturating_sub(old) as f64 / seconds };
    let part = |share| percentile(&oldest.totals, &now.totals, share);
    Snapshot {
        at_ms: now.at_ms,
        online: online.iter().map(|it| it.online).sum(),
        sessions,
        messages_per_second: Messages {
            c2c: rate(now.sent[0], last.sent[0]),
            group: rate(now.sent[1], last.sent[1]),
            live_room: rate(now.sent[2], last.sent[2]),
        },
        rest: RestCalls {
            calls_per_second: rate(now.totals.rest_calls, last.totals.rest_calls),
            errors_per_second: rate(now.totals.rest_errors, last.totals.rest_errors),
            errors: node
                .metrics
                .totals
                .codes()
                .into_iter()
                .map(|(code, it)| (code.to_string(), it))
                .collect(),
        },
        latency_ms: Latency { p50: part(0.5), p95: part(0.95), p99: part(0.99) },
        socket_calls_per_second: rate(now.totals.socket_calls, last.totals.socket_calls),
        webhooks: hooks,
        database_bytes: database_bytes(node).await,
        connections: node.metrics.connections.get(),
        apps: online,
    }
}

/// Notes a moment; gives the one before, and the oldest of the last minute.
fn remember(live: &Live, now: &Moment) -> (Moment, Moment) {
    let mut readings = live.readings.lock().unwrap_or_else(PoisonError::into_inner);
    while readings.front().is_some_and(|it| now.at_ms - it.at_ms > LATENCY_MS)
        || readings.len() >= READINGS_MAX
    {
        readings.pop_front();
    }
    let last = readings.back().cloned().unwrap_or_default();
    let oldest = readings.front().cloned().unwrap_or_default();
    readings.push_back(now.clone());
    (last, oldest)
}

async fn overview(ask: &Ask) -> Result<Snapshot, Refusal> {
    Ok(take(&ask.node).await)
}

/// Makes snapshots until nobody looks any more.
async fn run(node: Arc<Node>, mut stopping: watch::Receiver<bool>) {
    let mut ticks = tokio::time::interval(PERIOD);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = crate::http::stopped(&mut stopping) => return,
        }
        if node.live.latest.receiver_count() == 0 {
            node.live.running.store(false, Ordering::Release);
            // Somebody may have come just now, and found it running.
            if node.live.latest.receiver_count() == 0 || node.live.running.swap(true, Ordering::AcqRel) {
                return;
            }
        }
        match serde_json::to_string(&take(&node).await) {
            Ok(text) => _ = node.live.latest.send_replace(format!("data: {text}\n\n").into()),
            Err(error) => tracing::error!(%error, "a snapshot could not be written"),
        }
    }
}

fn live(ask: &Ask) -> Result<Answer, Refusal> {
    let node = ask.node.clone();
    let permit =
        node.live.viewers.clone().try_acquire_owned().map_err(|_| {
            Refusal::too_many(COME_AGAIN_SECONDS, format!("{VIEWERS_MAX} look at this already"))
        })?;
    let mut latest = node.live.latest.subscribe();
    if !node.live.running.swap(true, Ordering::AcqRel) {
        tokio::spawn(run(node.clone(), ask.stopping.clone()));
    }
    let (mut answer, pieces) = stream::answer("text/event-stream; charset=utf-8");
    // Otherwise a proxy may keep what it gets until it has enough.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let (cookie, mut stopping) = (ask.cookie.clone(), ask.stopping.clone());
    tokio::spawn(async move {
        let _permit = permit;
        let mut seen = 0_u32;
        loop {
            tokio::select! {
                changed = latest.changed() => if changed.is_err() { return },
                () = pieces.closed() => return,
                () = crate::http::stopped(&mut stopping) => return,
            }
            seen = seen.wrapping_add(1);
            let is_due = seen.is_multiple_of(SESSION_CHECKED_EVERY);
            if is_due && !matches!(node.chat.console_session(&cookie).await, Ok(Some(_))) {
                return;
            }
            // Who does not keep up misses a snapshot.
            let snapshot = latest.borrow_and_update().clone();
            _ = pieces.try_send(snapshot);
        }
    });
    Ok(answer)
}
