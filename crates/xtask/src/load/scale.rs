//! What does not fit a usual run: a community of 100,000, a live room with 18,000 connections, a user with 3,000 groups.
//!
//! The generator and the server are processes of their own, for each may open only so many files. A server that runs
//! already needs the settings of [`settings`].

use std::fmt;

use serde::Serialize;

use super::{
    lane::run_name,
    process,
    report::{Page, Times, line, table},
    target::Target,
};
use crate::floors::fan_out::Bare;

mod community;
mod many;
mod room;

/// Connections in the live room.
pub const CONNECTIONS: usize = 18_000;
/// How long the room gets its usual messages. Seconds.
pub const SECONDS: f64 = 60.0;
/// Logging a user with many groups in, and reading its groups and conversations, may take so long. Milliseconds.
pub const MANY_MS_MAX: f64 = 300.0;
/// What a delivery may cost, in bare writes.
pub const CPU_RATIO_MAX: f64 = 1.3;

/// The settings that an app of ours needs beside the usual ones.
pub fn settings() -> Vec<String> {
    vec!["groups.max_joined=5000".to_owned(), "groups.community.max_members=100000".to_owned()]
}

#[derive(Clone, Debug, Serialize)]
pub struct Scale {
    pub community: Community,
    pub room: Room,
    pub many: Vec<Page>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Community {
    pub members: usize,
    pub fill_seconds: f64,
    /// Joining and leaving, in a small community and in the large one.
    pub changes: Vec<Page>,
    /// Reading all members page by page, and a page of it.
    pub pages: Vec<Page>,
    /// A message into it, with nobody online.
    pub send: Page,
    pub resident_kb_before: Option<u64>,
    pub resident_kb_after: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Room {
    pub connections: usize,
    /// Those that read too slowly and were put out: the generator has one processor for all of them.
    pub disconnected: usize,
    pub fill_seconds: f64,
    pub loads: Vec<Load>,
    pub bare: Bare,
    pub resident_kb: Option<u64>,
}

/// Messages at one rate into the room.
#[derive(Clone, Debug, Serialize)]
pub struct Load {
    /// A second.
    pub rate: f64,
    pub seconds: f64,
    pub messages: u64,
    /// Those of `messages` that the rate limit dropped, by priority from high to lowest.
    pub dropped: [u64; 4],
    pub deliveries: u64,
    pub deliveries_per_second: f64,
    pub ack: Times,
    /// From the send to the last member.
    pub last: Times,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
    pub generator_cpu_us: f64,
    pub frame_bytes: usize,
}

pub async fn run(target: &Target, connections: usize, seconds: f64) -> anyhow::Result<(Scale, Vec<String>)> {
    let name = run_name();
    let (many, mut faults) = many::run(target, &name).await?;
    let (community, more) = community::run(target, &name).await?;
    faults.extend(more);
    let (room, more) = room::run(target, &name, connections, seconds).await?;
    faults.extend(more);
    Ok((Scale { community, room, many }, faults))
}

fn resident(target: &Target) -> anyhow::Result<Option<u64>> {
    target.pid.map(process::resident_kb).transpose()
}

impl fmt::Display for Scale {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, " a user in many groups (login and both lists: at most {MANY_MS_MAX:.0} ms wanted)")?;
        table(out, &self.many)?;
        let sum: f64 = self.many.iter().map(|it| it.times.p50).sum();
        let verdict = if sum > MANY_MS_MAX { ": TOO LONG" } else { "" };
        line(out, "together", format_args!("{sum:.1} ms{verdict}"))?;
        self.community.fmt(out)?;
        self.room.fmt(out)
    }
}

impl fmt::Display for Community {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, " a community of {} (made in {:.1} s)", self.members, self.fill_seconds)?;
        let send = std::slice::from_ref(&self.send);
        table(out, &[&self.changes, &self.pages, send].concat())?;
        let memory = [self.resident_kb_before, self.resident_kb_after];
        if let [Some(before), Some(after)] = memory.map(|it| it.map(|it| it as f64 / 1024.0)) {
            line(out, "server memory", format_args!("{before:.1} MB before, {after:.1} MB after"))?;
        }
        Ok(())
    }
}

impl fmt::Display for Room {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            " a live room with {} connections (after {:.1} s)",
            self.connections, self.fill_seconds
        )?;
        line(out, "bare writes", format_args!("{:.2} µs CPU each", self.bare.write_us))?;
        line(out, "put out", format_args!("{} that read too slowly", self.disconnected))?;
        for it in &self.loads {
            writeln!(out, "  {} messages a second for {:.1} s", it.rate, it.seconds)?;
            line(out, "dropped", format_args!("{:?} of {}, from high to lowest", it.dropped, it.messages))?;
            line(out, "deliveries", format_args!("{}, {:.0}/s", it.deliveries, it.deliveries_per_second))?;
            line(out, "ack", &it.ack)?;
            line(out, "to the last member", &it.last)?;
            line(out, "generator CPU", format_args!("{:.2} µs a delivery", it.generator_cpu_us))?;
            let Some(cost) = it.server_cpu_us else { continue };
            let ratio = cost / self.bare.write_us;
            let verdict = if ratio > CPU_RATIO_MAX { ": TOO MUCH" } else { "" };
            line(
                out,
                "server CPU",
                format_args!(
                    "{cost:.2} µs a delivery, {ratio:.1} bare writes (at most {CPU_RATIO_MAX} wanted{verdict})"
                ),
            )?;
        }
        let Some(it) = self.resident_kb else { return Ok(()) };
        line(out, "server memory", format_args!("{:.1} MB", it as f64 / 1024.0))
    }
}
