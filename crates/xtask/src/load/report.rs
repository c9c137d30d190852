//! What a scenario found: for people, and as JSON.

use std::fmt;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{
    group::{Crowd, Groups, SEND_CPU_US_MAX, Sends},
    scale::Scale,
    storm::Storm,
    webhooks::Webhooks,
};

/// Longer times count as this long; nanoseconds.
const LONGEST: u64 = 120_000_000_000;
const DIGITS: u8 = 3;

/// For times in nanoseconds.
pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1000, LONGEST, DIGITS).expect("the bounds are sound")
}

/// Milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Times {
    pub fn of(histogram: &Histogram<u64>) -> Times {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e6;
        Times { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: histogram.max() as f64 / 1e6 }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Times { p50, p99, p999, max } = self;
        write!(out, "p50 {p50:.3}  p99 {p99:.3}  p99.9 {p999:.3}  max {max:.3} ms")
    }
}

/// Messages from senders to receivers.
#[derive(Clone, Debug, Serialize)]
pub struct Traffic {
    pub lanes: usize,
    /// Sends a second that were asked for; absent: as many as go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked_rate: Option<f64>,
    pub acknowledged: u64,
    pub failed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_failure: Option<String>,
    /// Acknowledged sends a second.
    pub rate: f64,
    /// From when a send was due to its acknowledgement.
    pub ack: Times,
    /// From when a send was due to its arrival at the receiver.
    pub delivery: Times,
    /// From when a send was due until it was made: the generator's own delay, and waiting for earlier answers.
    pub late: Times,
    /// Processor time of the server for each acknowledged send; absent when its process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
    pub generator_cpu_us: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_resident_kb: Option<u64>,
    /// Messages whose one arrival and one place in history were checked.
    pub checked: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Idle {
    pub connections: usize,
    pub logins_per_second: f64,
    pub resident_kb_before: u64,
    /// With half of the connections.
    pub resident_kb_halfway: u64,
    pub resident_kb_after: u64,
    pub bytes_per_connection: f64,
    /// In the second half: without what the first ones cost once.
    pub bytes_per_further_connection: f64,
    pub login_cpu_us: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Start {
    pub runs: usize,
    /// From the start of the process to its ready line, with an empty store.
    pub median_ms: f64,
    pub slowest_ms: f64,
    pub resident_kb: u64,
}

/// Searches over many messages.
#[derive(Clone, Debug, Serialize)]
pub struct Searches {
    pub messages: usize,
    /// How long it took to send them.
    pub fill_seconds: f64,
    /// And after that until the server had made them ready.
    pub ready_seconds: f64,
    /// Of each kind, one after another.
    pub calls: u64,
    pub pages: Vec<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb: Option<u64>,
}

/// Commands that read long lists.
#[derive(Clone, Debug, Serialize)]
pub struct Lists {
    /// How long it took to write what is read.
    pub fill_seconds: f64,
    /// Of each page, one after another.
    pub calls: u64,
    pub pages: Vec<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb_before: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb_filled: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb_after: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// And which page, when it is not the first.
    pub command: String,
    pub entries: usize,
    /// Length of an answer.
    pub bytes: usize,
    pub times: Times,
    /// Processor time of the server for each call; absent when its process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
}

/// Pushes to all users, with traffic beside them.
#[derive(Clone, Debug, Serialize)]
pub struct PushAll {
    pub accounts: usize,
    pub online: usize,
    /// How long it took to make the accounts and to log in who is online.
    pub fill_seconds: f64,
    pub pushes: Vec<Pushed>,
    pub traffic: Traffic,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb: Option<u64>,
}

/// One push; times in milliseconds after the call.
#[derive(Clone, Debug, Serialize)]
pub struct Pushed {
    pub who: &'static str,
    /// Who is online and meant.
    pub receivers: usize,
    pub reached: usize,
    pub accepted_ms: f64,
    pub first_ms: f64,
    pub last_ms: f64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Traffic(Traffic),
    Idle(Idle),
    Start(Start),
    Lists(Lists),
    Webhooks(Box<Webhooks>),
    PushAll(PushAll),
    Groups(Box<Groups>),
    Scale(Box<Scale>),
    Searches(Searches),
    Storm(Storm),
}

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub scenario: &'static str,
    pub found: Found,
    /// What must not be: lost, doubled or disordered messages, failed sends, incomplete pages.
    pub faults: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.scenario)?;
        match &self.found {
            Found::Traffic(it) => it.fmt(out)?,
            Found::Idle(it) => it.fmt(out)?,
            Found::Start(it) => it.fmt(out)?,
            Found::Lists(it) => it.fmt(out)?,
            Found::Webhooks(it) => it.fmt(out)?,
            Found::PushAll(it) => it.fmt(out)?,
            Found::Groups(it) => it.fmt(out)?,
            Found::Scale(it) => it.fmt(out)?,
            Found::Searches(it) => it.fmt(out)?,
            Found::Storm(it) => it.fmt(out)?,
        }
        self.faults.iter().try_for_each(|it| line(out, "FAULT", it))
    }
}

pub fn line(out: &mut fmt::Formatter<'_>, name: &str, value: impl fmt::Display) -> fmt::Result {
    writeln!(out, "  {name:<20} {value}")
}

impl fmt::Display for Traffic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = self.asked_rate.map_or("as many as go".to_owned(), |it| format!("{it}/s asked"));
        line(out, "sends", format_args!("{:.0}/s ({asked}, {} lanes)", self.rate, self.lanes))?;
        line(out, "acknowledged", format_args!("{} and {} failed", self.acknowledged, self.failed))?;
        line(out, "ack", &self.ack)?;
        line(out, "delivery", &self.delivery)?;
        line(out, "late", &self.late)?;
        if let Some(it) = self.server_cpu_us {
            line(out, "server CPU", format_args!("{it:.1} µs a send"))?;
        }
        line(out, "generator CPU", format_args!("{:.1} µs a send", self.generator_cpu_us))?;
        if let Some(it) = self.server_resident_kb {
            line(out, "server memory", format_args!("{:.1} MB", it as f64 / 1024.0))?;
        }
        line(out, "checked", format_args!("{} once at the receiver and in history, in order", self.checked))
    }
}

impl fmt::Display for Idle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(out, "connections", self.connections)?;
        line(
            out,
            "logins",
            format_args!("{:.0}/s, {:.1} µs server CPU", self.logins_per_second, self.login_cpu_us),
        )?;
        let (before, after) = (self.resident_kb_before, self.resident_kb_after);
        line(out, "server memory", format_args!("{before} kB before, {after} kB after"))?;
        let (each, further) = (self.bytes_per_connection, self.bytes_per_further_connection);
        line(out, "a connection", format_args!("{each:.0} bytes; {further:.0} in the second half"))
    }
}

impl fmt::Display for Start {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Start { runs, median_ms, slowest_ms, resident_kb } = self;
        line(
            out,
            "ready after",
            format_args!("{median_ms:.1} ms (median of {runs}, slowest {slowest_ms:.1})"),
        )?;
        line(out, "server memory", format_args!("{:.1} MB", *resident_kb as f64 / 1024.0))
    }
}

impl fmt::Display for Webhooks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, " without webhooks")?;
        self.without.fmt(out)?;
        writeln!(out, " with a webhook for each message")?;
        self.with.fmt(out)?;
        line(out, "ratio", format_args!("{:.2} of the sends without", self.ratio))?;
        let after = self.drained_after_seconds;
        line(
            out,
            "events",
            format_args!("{} once and in order, the last {after:.1} s after the last send", self.events),
        )
    }
}

pub fn table(out: &mut fmt::Formatter<'_>, pages: &[Page]) -> fmt::Result {
    let heads = ["entries", "bytes", "p50 ms", "p99 ms", "CPU µs"];
    write!(out, "  {:<36}", "page")?;
    heads.iter().try_for_each(|it| write!(out, " {it:>9}"))?;
    writeln!(out)?;
    for Page { command, entries, bytes, times, server_cpu_us } in pages {
        let cpu = server_cpu_us.map_or_else(String::new, |it| format!("{it:.0}"));
        let Times { p50, p99, .. } = times;
        writeln!(out, "  {command:<36} {entries:>9} {bytes:>9} {p50:>9.3} {p99:>9.3} {cpu:>9}")?;
    }
    Ok(())
}

impl fmt::Display for Searches {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(out, "messages", self.messages)?;
        line(out, "filled in", format_args!("{:.1} s", self.fill_seconds))?;
        line(out, "ready after", format_args!("{:.1} s more", self.ready_seconds))?;
        line(out, "calls", format_args!("{} of each, one after another", self.calls))?;
        table(out, &self.pages)?;
        if let Some(it) = self.resident_kb {
            line(out, "server memory", format_args!("{:.1} MB", it as f64 / 1024.0))?;
        }
        Ok(())
    }
}

impl fmt::Display for Lists {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(out, "filled in", format_args!("{:.1} s", self.fill_seconds))?;
        line(out, "calls", format_args!("{} of each, one after another", self.calls))?;
        table(out, &self.pages)?;
        let memory = [self.resident_kb_before, self.resident_kb_filled, self.resident_kb_after];
        if let [Some(before), Some(filled), Some(after)] = memory.map(|it| it.map(|it| it as f64 / 1024.0)) {
            let memory = format_args!("{before:.1} MB before, {filled:.1} MB filled, {after:.1} MB after");
            line(out, "server memory", memory)?;
        }
        Ok(())
    }
}

impl fmt::Display for PushAll {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(out, "accounts", format_args!("{}, {} online", self.accounts, self.online))?;
        line(out, "filled in", format_args!("{:.1} s", self.fill_seconds))?;
        for Pushed { who, receivers, reached, accepted_ms, first_ms, last_ms } in &self.pushes {
            let times = format_args!(
                "{reached} of {receivers} users; accepted {accepted_ms:.1}, first {first_ms:.1}, last {last_ms:.1} ms"
            );
            line(out, &format!("push to {who}"), times)?;
        }
        if let Some(it) = self.resident_kb {
            line(out, "server memory", format_args!("{:.1} MB", it as f64 / 1024.0))?;
        }
        writeln!(out, "  beside them:")?;
        self.traffic.fmt(out)
    }
}

impl fmt::Display for Sends {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Sends { groups, members, fill_seconds, .. } = self;
        writeln!(out, " {groups} groups of {members}, one of whom is online (made in {fill_seconds:.1} s)")?;
        line(out, "sends", format_args!("{:.0}/s, {} acknowledged", self.rate, self.acknowledged))?;
        line(out, "ack", &self.ack)?;
        let Some(cost) = self.server_cpu_us else { return Ok(()) };
        let verdict = if cost > SEND_CPU_US_MAX { ": TOO MUCH" } else { "" };
        line(
            out,
            "server CPU",
            format_args!("{cost:.1} µs a send (at most {SEND_CPU_US_MAX:.0} wanted{verdict})"),
        )
    }
}

impl fmt::Display for Crowd {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Crowd { members, group_type, fill_seconds, messages, deliveries, .. } = self;
        writeln!(out, " a {group_type} group of {members}, all online after {fill_seconds:.1} s")?;
        line(out, "deliveries", format_args!("{deliveries} of {messages} messages"))?;
        line(out, "ack", &self.ack)?;
        line(out, "to a member", &self.delivery)?;
        line(out, "to the last member", &self.last)?;
        if let Some(it) = self.server_cpu_us {
            line(out, "server CPU", format_args!("{it:.2} µs a delivery"))?;
        }
        line(out, "generator CPU", format_args!("{:.2} µs a delivery", self.generator_cpu_us))?;
        line(out, "bare writes", format_args!("{:.2} µs CPU each", self.bare.write_us))?;
        line(out, "to the last socket", &self.bare.last)?;
        let (bytes, times) = (self.frame_bytes, self.time_ratio());
        line(out, "over bare writes", format_args!("{times:.1} times the time, frames of {bytes} bytes"))?;
        let Some(it) = self.cpu_ratio() else { return Ok(()) };
        line(out, "", format_args!("{it:.1} times the processor time"))
    }
}

impl fmt::Display for Groups {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sends.iter().try_for_each(|it| it.fmt(out))?;
        self.crowd.fmt(out)?;
        if let Some(it) = self.resident_kb {
            line(out, "server memory", format_args!("{:.1} MB", it as f64 / 1024.0))?;
        }
        writeln!(out, " the list of a user with many groups")?;
        table(out, &self.pages)
    }
}
