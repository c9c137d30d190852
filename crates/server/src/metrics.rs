//! The numbers this process shows, in the OpenMetrics text format.
//!
//! A metric is a field and its labels are a type, so neither can be mistyped. Label values are static text or numbers from
//! a bounded set: no series is ever made from what a client sends. What is counted per command is resolved once, when
//! the table of commands is built ([`Metrics::command`]); counting is then one atomic addition.

pub mod totals;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
};

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
        info::Info,
    },
    registry::{Registry, Unit},
};

use totals::Totals;

/// The content type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What every name begins with.
const PREFIX: &str = "magpie";
/// Codes counted apart for one command; an application server may refuse with numbers of its own, without end.
const CODES_MAX: usize = 64;

/// The way a command came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    Rest,
    Socket,
}

impl EncodeLabelValue for Door {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self {
            Door::Rest => "rest".encode(encoder),
            Door::Socket => "socket".encode(encoder),
        }
    }
}

/// A result code as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeLabel {
    Number(i64),
    /// Stands for all codes beyond the bound.
    Other,
}

impl EncodeLabelValue for CodeLabel {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        match self {
            CodeLabel::Number(number) => number.encode(encoder),
            CodeLabel::Other => "other".encode(encoder),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByCommand {
    pub service: &'static str,
    pub command: &'static str,
    pub door: Door,
    pub code: CodeLabel,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByDoor {
    pub door: Door,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByPlatform {
    /// `mobile`, `desktop` or `web`.
    pub platform: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByReason {
    pub reason: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByKind {
    pub kind: &'static str,
}

/// What is counted elsewhere, and brought here when somebody looks.
pub type Counts = Family<ByKind, Gauge>;

pub fn set(counts: &Counts, kind: &'static str, count: u64) {
    counts.get_or_create(&ByKind { kind }).set(i64::try_from(count).unwrap_or(i64::MAX));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByScope {
    pub scope: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByCode {
    pub code: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

/// All numbers. A family with static labels can be resolved once with `get_or_create_owned` and kept.
pub struct Metrics {
    commands: Family<ByCommand, Counter>,
    command_seconds: [Histogram; 2],
    /// Open connections, sockets among them.
    pub connections: Gauge,
    /// Connections closed at once because there were too many.
    pub connections_refused: Counter,
    /// TLS handshakes that came to nothing: `timeout` or `error`.
    pub handshakes_failed: Family<ByReason, Counter>,
    /// Logged-in client instances.
    pub sessions: Family<ByPlatform, Gauge>,
    pub sockets_opened: Counter,
    pub sockets_closed: Family<ByReason, Counter>,
    pub pushes_sent: Counter,
    pub pushes_dropped: Counter,
    pub messages_stored: Family<ByKind, Counter>,
    /// Units of work that wait for the writer of the store.
    pub writes_waiting: Gauge,
    /// Units of work in one commit.
    pub write_batch_size: Histogram,
    pub commit_seconds: Histogram,
    pub rate_limited: Family<ByScope, Counter>,
    pub usersig_refused: Family<ByCode, Counter>,
    /// Requests to backends since the start, and events that wait.
    pub webhooks: Counts,
    /// Since the start, by priority.
    pub group_messages_dropped: Counts,
    /// Offline pushes since the start by what became of them, and rows of the outbox that wait.
    pub offline_pushes: Counts,
    /// Thumbnails since the start: pictures made or not, requests that got the original for now.
    pub thumbnails: Counts,
    /// Time spent making thumbnails since the start.
    pub thumbnail_seconds: Gauge<f64, AtomicU64>,
    /// Commands that ended in a panic.
    pub panics: Counter,
    /// All commands together, for the console.
    pub totals: Arc<Totals>,
    registry: Registry,
}

impl Metrics {
    /// `version` is the build's, `started_at` the time the process began, in Unix seconds.
    pub fn new(version: &'static str, started_at: i64) -> Metrics {
        let mut metrics = Metrics {
            commands: Family::default(),
            command_seconds: [seconds(), seconds()],
            connections: Gauge::default(),
            connections_refused: Counter::default(),
            handshakes_failed: Family::default(),
            sessions: Family::default(),
            sockets_opened: Counter::default(),
            sockets_closed: Family::default(),
            pushes_sent: Counter::default(),
            pushes_dropped: Counter::default(),
            messages_stored: Family::default(),
            writes_waiting: Gauge::default(),
            write_batch_size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            commit_seconds: seconds(),
            rate_limited: Family::default(),
            usersig_refused: Family::default(),
            webhooks: Family::default(),
            group_messages_dropped: Family::default(),
            offline_pushes: Family::default(),
            thumbnails: Family::default(),
            thumbnail_seconds: Gauge::default(),
            panics: Counter::default(),
            totals: Arc::default(),
            registry: Registry::with_prefix(PREFIX),
        };
        metrics.register(version, started_at);
        metrics
    }

    fn register(&mut self, version: &'static str, started_at: i64) {
        let by_door: Family<ByDoor, Histogram, fn() -> Histogram> = Family::new_with_constructor(seconds);
        self.command_seconds =
            [Door::Rest, Door::Socket].map(|door| by_door.get_or_create_owned(&ByDoor { door }));
        let start: Gauge = Gauge::default();
        start.set(started_at);

        let it = &mut self.registry;
        it.register("commands", "Commands answered", self.commands.clone());
        it.register_with_unit("command", "Time to answer a command", Unit::Seconds, by_door);
        it.register("connections", "Open connections", self.connections.clone());
        let refused = self.connections_refused.clone();
        it.register("connections_refused", "Connections closed at once, over the limit", refused);
        it.register("handshakes_failed", "TLS handshakes that failed", self.handshakes_failed.clone());
        it.register("sessions", "Logged-in client instances", self.sessions.clone());
        it.register("sockets_opened", "Client sockets opened", self.sockets_opened.clone());
        it.register("sockets_closed", "Client sockets closed", self.sockets_closed.clone());
        it.register("pushes_sent", "Pushes handed to a socket", self.pushes_sent.clone());
        it.register("pushes_dropped", "Pushes dropped, queue full", self.pushes_dropped.clone());
        it.register("messages_stored", "Messages stored", self.messages_stored.clone());
        it.register("writes_waiting", "Units of work waiting for the writer", self.writes_waiting.clone());
        it.register("write_batch_size", "Units of work in one commit", self.write_batch_size.clone());
        it.register_with_unit("commit", "Time of one commit", Unit::Seconds, self.commit_seconds.clone());
        it.register("rate_limited", "Calls refused by a rate limit", self.rate_limited.clone());
        it.register("usersig_refused", "UserSigs refused", self.usersig_refused.clone());
        it.register(
            "webhooks",
            "Requests to backends since the start; events that wait",
            self.webhooks.clone(),
        );
        it.register(
            "group_messages_dropped",
            "Group messages over the rate limit since the start, by priority",
            self.group_messages_dropped.clone(),
        );
        it.register(
            "offline_pushes",
            "Pushes to devices since the start; messages that wait to be pushed",
            self.offline_pushes.clone(),
        );
        it.register(
            "thumbnails",
            "Pictures made smaller since the start, and requests that got the original instead",
            self.thumbnails.clone(),
        );
        let spent = self.thumbnail_seconds.clone();
        it.register_with_unit("thumbnail", "Time spent on thumbnails since the start", Unit::Seconds, spent);
        it.register("panics", "Commands that panicked", self.panics.clone());
        it.register("build", "What is running", Info::new(Build { version }));
        it.register_with_unit("start_time", "When the process started, Unix time", Unit::Seconds, start);
    }

    /// The counters of one command. Keep them: this is for start-up, not for each call.
    pub fn command(&self, service: &'static str, command: &'static str) -> Arc<CommandMetrics> {
        let counters = |door| {
            let labels = ByCommand { service, command, door, code: CodeLabel::Number(0) };
            Counters {
                labels,
                succeeded: self.commands.get_or_create_owned(&labels),
                failed: Mutex::default(),
                family: self.commands.clone(),
            }
        };
        let doors = [Door::Rest, Door::Socket];
        let (seconds, totals) = (self.command_seconds.clone(), self.totals.clone());
        Arc::new(CommandMetrics { counters: doors.map(counters), seconds, totals })
    }

    /// Everything, as `/metrics` answers it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        text::encode(&mut out, &self.registry).expect("writing to memory does not fail");
        out
    }
}

/// 50 µs to 13 s in steps of two.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 19))
}

/// What is counted of one command.
pub struct CommandMetrics {
    counters: [Counters; 2],
    seconds: [Histogram; 2],
    totals: Arc<Totals>,
}

struct Counters {
    labels: ByCommand,
    succeeded: Counter,
    failed: Mutex<HashMap<i64, Counter>>,
    family: Family<ByCommand, Counter>,
}

impl CommandMetrics {
    /// Counts one answer. `code` is the answer's `ErrorCode`.
    pub fn answered(&self, door: Door, code: i64, seconds: f64) {
        self.seconds[door as usize].observe(seconds);
        self.totals.answered(door, code, seconds);
        let counters = &self.counters[door as usize];
        if code == 0 {
            counters.succeeded.inc();
        } else {
            counters.failed(code);
        }
    }
}

impl Counters {
    fn failed(&self, code: i64) {
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counter) = failed.get(&code) {
            counter.inc();
            return;
        }
        let room = failed.len() < CODES_MAX;
        let label = if room { CodeLabel::Number(code) } else { CodeLabel::Other };
        let counter = self.family.get_or_create_owned(&ByCommand { code: label, ..self.labels });
        counter.inc();
        if room {
            failed.insert(code, counter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metrics() -> Metrics {
        Metrics::new("1.2.3", 1_700_000_000)
    }

    fn has(text: &str, line: &str) {
        assert!(text.lines().any(|it| it == line), "{line}\nis not in\n{text}");
    }

    #[test]
    fn an_answer_is_counted_by_command_door_and_code() {
        let metrics = metrics();
        let sendmsg = metrics.command("openim", "sendmsg");
        sendmsg.answered(Door::Rest, 0, 0.001);
        sendmsg.answered(Door::Rest, 0, 0.001);
        sendmsg.answered(Door::Socket, 20_003, 0.001);
        sendmsg.answered(Door::Socket, 20_003, 0.001);
        let text = metrics.text();
        let line = |door: &str, code: i64| {
            format!(
                r#"magpie_commands_total{{service="openim",command="sendmsg",door="{door}",code="{code}"}} "#
            )
        };
        has(&text, &(line("rest", 0) + "2"));
        has(&text, &(line("socket", 0) + "0"));
        has(&text, &(line("socket", 20_003) + "2"));
        has(&text, r#"magpie_command_seconds_count{door="rest"} 2"#);
        has(&text, r#"magpie_command_seconds_bucket{le="0.0008",door="socket"} 0"#);
        has(&text, r#"magpie_command_seconds_bucket{le="0.0016",door="socket"} 2"#);
    }

    #[test]
    fn the_same_command_resolved_twice_counts_into_one_number() {
        let metrics = metrics();
        metrics.command("sns", "friend_add").answered(Door::Rest, 0, 0.0);
        metrics.command("sns", "friend_add").answered(Door::Rest, 0, 0.0);
        has(
            &metrics.text(),
            r#"magpie_commands_total{service="sns",command="friend_add",door="rest",code="0"} 2"#,
        );
    }

    #[test]
    fn codes_beyond_the_bound_share_one_series() {
        let metrics = metrics();
        let command = metrics.command("openim", "sendmsg");
        for code in 1..=i64::try_from(CODES_MAX).unwrap() + 2 {
            command.answered(Door::Rest, code, 0.0);
        }
        command.answered(Door::Rest, 1, 0.0);
        let text = metrics.text();
        let rest = r#"magpie_commands_total{service="openim",command="sendmsg",door="rest",code="#;
        has(&text, &format!(r#"{rest}"1"}} 2"#));
        has(&text, &format!(r#"{rest}"{CODES_MAX}"}} 1"#));
        has(&text, &format!(r#"{rest}"other"}} 2"#));
        assert_eq!(text.matches(rest).count(), CODES_MAX + 2, "success, the bound, and the others");
    }

    #[test]
    fn every_number_has_its_name_and_labels() {
        let metrics = metrics();
        metrics.connections.inc();
        metrics.connections_refused.inc();
        metrics.handshakes_failed.get_or_create(&ByReason { reason: "timeout" }).inc();
        metrics.sessions.get_or_create(&ByPlatform { platform: "web" }).set(3);
        metrics.sockets_opened.inc();
        metrics.sockets_closed.get_or_create(&ByReason { reason: "idle" }).inc();
        metrics.pushes_sent.inc_by(2);
        metrics.pushes_dropped.inc();
        metrics.messages_stored.get_or_create(&ByKind { kind: "group" }).inc();
        metrics.writes_waiting.set(4);
        metrics.write_batch_size.observe(3.0);
        metrics.commit_seconds.observe(0.01);
        metrics.rate_limited.get_or_create(&ByScope { scope: "app" }).inc();
        metrics.usersig_refused.get_or_create(&ByCode { code: 70_001 }).inc();
        metrics.panics.inc();
        let text = metrics.text();
        for line in [
            "magpie_connections 1",
            "magpie_connections_refused_total 1",
            r#"magpie_handshakes_failed_total{reason="timeout"} 1"#,
            r#"magpie_sessions{platform="web"} 3"#,
            "magpie_sockets_opened_total 1",
            r#"magpie_sockets_closed_total{reason="idle"} 1"#,
            "magpie_pushes_sent_total 2",
            "magpie_pushes_dropped_total 1",
            r#"magpie_messages_stored_total{kind="group"} 1"#,
            "magpie_writes_waiting 4",
            r#"magpie_write_batch_size_bucket{le="4.0"} 1"#,
            "magpie_commit_seconds_sum 0.01",
            r#"magpie_rate_limited_total{scope="app"} 1"#,
            r#"magpie_usersig_refused_total{code="70001"} 1"#,
            "magpie_panics_total 1",
            r#"magpie_build_info{version="1.2.3"} 1"#,
            "magpie_start_time_seconds 1700000000",
        ] {
            has(&text, line);
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
