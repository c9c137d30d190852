//! Groups: what a send costs whatever the number of members, how long a message takes to a crowd, and how long
//! the conversation list of somebody with many groups.
//!
//! Every member that is online must get every message once and in order. A server that runs already must not
//! limit rates, needs a `conversation.max` for all of the conversations and `groups.messages_per_second=0`.

use std::time::Instant;

use anyhow::ensure;
use serde::Serialize;

use super::{
    lane::run_name,
    process,
    report::{Page, Times},
    target::Target,
};
use crate::floors::fan_out::Bare;
pub use crowd::FAULTS_SHOWN_MAX;
use lanes::Lanes;
pub use lanes::one;
pub use lists::{make_many, pages_of_conversations};
pub use watch::Watchers;

mod crowd;
mod lanes;
mod lists;
pub mod make;
mod watch;

/// Members of the group whose members are all online.
pub const MEMBERS: usize = 2000;
/// Members of the groups that are sent to as fast as it goes: what a send costs must not depend on it.
const SIZES: [usize; 2] = [20, 2000];
/// What a send into a group may cost the server with few members online; microseconds of processor time.
pub const SEND_CPU_US_MAX: f64 = 60.0;

/// The settings that an app of ours needs beside the usual ones.
pub fn settings() -> Vec<String> {
    vec!["groups.messages_per_second=100000".to_owned()]
}

#[derive(Clone, Debug, Serialize)]
pub struct Groups {
    pub sends: Vec<Sends>,
    pub crowd: Crowd,
    pub pages: Vec<Page>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resident_kb: Option<u64>,
}

/// Sends as fast as they go into groups with one member online.
#[derive(Clone, Debug, Serialize)]
pub struct Sends {
    pub groups: usize,
    /// Of each group.
    pub members: usize,
    pub fill_seconds: f64,
    pub acknowledged: u64,
    /// Acknowledged sends a second.
    pub rate: f64,
    pub ack: Times,
    /// Processor time of the server for each acknowledged send; absent when its process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
}

/// Messages to a group all of whose members are online.
#[derive(Clone, Debug, Serialize)]
pub struct Crowd {
    pub members: usize,
    pub group_type: &'static str,
    /// To make the group, and to log its members in.
    pub fill_seconds: f64,
    pub messages: u64,
    pub deliveries: u64,
    /// From the send to its acknowledgement.
    pub ack: Times,
    /// From the send to a member.
    pub delivery: Times,
    /// From the send to the last member.
    pub last: Times,
    /// Processor time of the server for each delivery; absent when its process is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_cpu_us: Option<f64>,
    pub generator_cpu_us: f64,
    /// Of a push, with its WebSocket header.
    pub frame_bytes: usize,
    /// As many bytes to as many sockets, by nothing but writes.
    pub bare: Bare,
}

impl Crowd {
    /// The time to the last member in times of the bare writes'.
    pub fn time_ratio(&self) -> f64 {
        self.last.p50 / self.bare.last.p50
    }

    /// The processor time of a delivery in bare writes.
    pub fn cpu_ratio(&self) -> Option<f64> {
        self.server_cpu_us.map(|it| it / self.bare.write_us)
    }
}

/// Fills the server and loads it for `seconds` in each way of sending. Gives the faults, too.
pub async fn run(target: &Target, members: usize, seconds: f64) -> anyhow::Result<(Groups, Vec<String>)> {
    let (name, mut sends) = (run_name(), Vec::new());
    // Before the many messages, which the search index would take in meanwhile.
    let (crowd, mut faults) = crowd::run(target, &name, members, seconds).await?;
    for members in SIZES {
        let start = Instant::now();
        let lanes = Lanes::make(target, &name, members).await?;
        let fill_seconds = start.elapsed().as_secs_f64();
        lanes.say_one(target).await?;
        let (found, more) = lanes.run(target, seconds).await?;
        sends.push(Sends { fill_seconds, ..found });
        faults.extend(more);
    }
    let resident_kb = target.pid.map(process::resident_kb).transpose()?;
    let (pages, more) = lists::run(target, &name).await?;
    faults.extend(more);
    Ok((Groups { sends, crowd, pages, resident_kb }, faults))
}

/// With one member there is nobody who could get it later than the first.
pub fn check(members: usize) -> anyhow::Result<()> {
    ensure!(members >= 2, "a group needs at least two connections");
    Ok(())
}

/// The clock that all tasks of a run share.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    /// Nanoseconds since the start.
    pub fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
