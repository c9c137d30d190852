//! Everybody comes back at once: first because the server was killed and started again, then because all connections
//! were cut. Meanwhile messages go on, and in the end nobody may miss one.
//!
//! The generator and the server are processes of their own, for each may open only so many files.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    time::Duration,
};

use anyhow::{Context, ensure};
use serde::Serialize;
use serde_json::json;
use tokio::{sync::watch, task::JoinHandle};

use super::{
    group::{Clock, FAULTS_SHOWN_MAX},
    lane::{Mark, run_name},
    magpie::{Folder, Magpie, Recipe},
    process,
    report::{Times, line},
    target::Target,
};
use phones::{Phones, State};

mod phone;
mod phones;

pub const CONNECTIONS: usize = 18_000;
/// Everybody has to be back and to know everything within this time.
const RETURN_SECONDS_MAX: f64 = 30.0;
/// What a storm may need of the server's memory, whoever comes.
const PEAK_MB_MAX: f64 = 640.0;
/// Messages a second.
const TRICKLE: f64 = 50.0;
const PAYLOAD_BYTES: usize = 100;
/// A message that was not acknowledged is sent again after this.
const RESEND_PAUSE: Duration = Duration::from_millis(100);
/// Quiet time before, between and after the storms: for what clients and server have left to do.
const SETTLE: Duration = Duration::from_secs(5);
/// Storms that last longer are given up.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, Serialize)]
pub struct Storm {
    pub connections: usize,
    /// The first logins, each with the calls that a page makes after it.
    pub fill_seconds: f64,
    pub first_cpu_us: f64,
    pub parts: Vec<Part>,
    pub messages: u64,
    /// Those that came from the history instead of a push.
    pub fetched: u64,
}

/// Everybody is lost and comes back.
#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub what: &'static str,
    /// From the loss until the server answered the login, and until everything that was missed had come.
    pub login: Times,
    pub whole: Times,
    pub seconds: f64,
    /// Attempts to connect or to log in that failed, by what was said.
    pub failed: BTreeMap<String, u64>,
    /// Processor time of the server for each who came back.
    pub server_cpu_us: f64,
    pub resident_kb: u64,
    pub peak_kb: u64,
}

pub async fn run(recipe: &Recipe, connections: usize) -> anyhow::Result<(Storm, Vec<String>)> {
    let folder = Folder::new()?;
    recipe.make_app(folder.path())?;
    let magpie = recipe.serve(folder.path())?;
    let found = Box::pin(storms(recipe, &folder, magpie, connections)).await;
    found.with_context(|| {
        format!("the server's log ends with:\n{}", super::magpie::tail(&folder.path().join("server.log")))
    })
}

async fn storms(
    recipe: &Recipe,
    folder: &Folder,
    mut magpie: Magpie,
    connections: usize,
) -> anyhow::Result<(Storm, Vec<String>)> {
    let (target, clock, name) = (Target::of(&magpie), Clock::start(), run_name());
    let users: Vec<_> = (0..connections).map(|it| format!("{name}s{it}")).collect();
    let pulse = format!("{name}pulse");
    target.import(&[&users[..], std::slice::from_ref(&pulse)].concat()).await?;
    let (began, cpu) = (clock.now(), process::cpu(magpie.pid())?);
    let phones = Phones::start(&target, &users, &pulse, clock).await?;
    let fill_seconds = seconds(clock.now() - began);
    let spent = process::cpu(magpie.pid())?.saturating_sub(cpu);
    let first_cpu_us = process::micros_each(spent, connections as u64);
    let trickle = Trickle::start(&target, users.clone(), pulse, clock)?;
    tokio::time::sleep(SETTLE).await;

    let mut parts = Vec::new();
    let lost_at = clock.now();
    magpie.kill()?;
    magpie = recipe.serve_at(folder.path(), &magpie.listen())?;
    parts.push(part("the server is killed", &phones, &magpie, clock, (lost_at, Duration::ZERO)).await?);
    tokio::time::sleep(SETTLE).await;
    let (lost_at, cpu) = (clock.now(), process::cpu(magpie.pid())?);
    phones.tell(State::Cut);
    parts.push(part("connections are cut", &phones, &magpie, clock, (lost_at, cpu)).await?);

    let sent = trickle.stop().await?;
    tokio::time::sleep(SETTLE).await;
    let (mut faults, mut fetched) = (Vec::new(), 0);
    let mut missing = sent.clone();
    for phone in phones.end().await? {
        fetched += phone.fetched;
        faults.extend(phone.faults);
        phone.seen.iter().for_each(|number| _ = missing.remove(&(phone.number, *number)));
    }
    faults.extend(missing.iter().map(|it| format!("message {} never came to user {}", it.1, it.0)));
    for it in &parts {
        let (part, peak) = (it.what, it.peak_kb as f64 / 1024.0);
        if it.seconds > RETURN_SECONDS_MAX {
            faults.push(format!("{part}: not everybody is back within {RETURN_SECONDS_MAX} s"));
        }
        if peak > PEAK_MB_MAX {
            faults.push(format!("{part}: the server needs {peak:.0} MB, more than {PEAK_MB_MAX} MB"));
        }
    }
    faults.truncate(FAULTS_SHOWN_MAX);
    let messages = sent.len() as u64;
    Ok((Storm { connections, fill_seconds, first_cpu_us, parts, messages, fetched }, faults))
}

/// Waits until everybody is back. `cpu` is what the server had used before.
async fn part(
    what: &'static str,
    phones: &Phones,
    magpie: &Magpie,
    clock: Clock,
    (lost_at, cpu): (u64, Duration),
) -> anyhow::Result<Part> {
    let back = tokio::time::timeout(PATIENCE, phones.back(lost_at)).await;
    back.with_context(|| format!("{what}: only {} are back after {PATIENCE:?}", phones.count_back()))?;
    let seconds = seconds(clock.now() - lost_at);
    let spent = process::cpu(magpie.pid())?.saturating_sub(cpu);
    let (login, whole, failed) = phones.take_times();
    Ok(Part {
        what,
        login,
        whole,
        seconds,
        failed,
        server_cpu_us: process::micros_each(spent, phones.len() as u64),
        resident_kb: process::resident_kb(magpie.pid())?,
        peak_kb: process::peak_kb(magpie.pid())?,
    })
}

fn seconds(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64()
}

/// One message after another, each to another user, and again until the server has it.
struct Trickle {
    stop: watch::Sender<bool>,
    task: JoinHandle<anyhow::Result<HashSet<(usize, u32)>>>,
}

impl Trickle {
    fn start(target: &Target, users: Vec<String>, from: String, clock: Clock) -> anyhow::Result<Trickle> {
        /// Neighbours in time are no neighbours in the order of logins.
        const STRIDE: usize = 7919;
        let rest = target.side_rest()?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let mut sent = HashSet::new();
            let mut beat = tokio::time::interval(Duration::from_secs_f64(1.0 / TRICKLE));
            for number in 1_u32.. {
                beat.tick().await;
                if *stopped.borrow() {
                    break;
                }
                let lane = (number as usize * STRIDE) % users.len();
                let mut text = String::new();
                Mark { lane, number, due: clock.now() }.write(&mut text, PAYLOAD_BYTES);
                let body = json!({
                    "From_Account": from, "To_Account": users[lane], "MsgSeq": number, "MsgRandom": number,
                    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
                });
                while let Err(error) = rest.call("openim/sendmsg", &body).await {
                    ensure!(error.code().is_none(), "a message is refused: {error}");
                    tokio::time::sleep(RESEND_PAUSE).await;
                }
                sent.insert((lane, number));
            }
            Ok(sent)
        });
        Ok(Trickle { stop, task })
    }

    /// Who was sent which message.
    async fn stop(self) -> anyhow::Result<HashSet<(usize, u32)>> {
        self.stop.send_replace(true);
        self.task.await?
    }
}

impl fmt::Display for Storm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, cpu) = (self.connections as f64 / self.fill_seconds, self.first_cpu_us);
        line(out, "connections", self.connections)?;
        line(
            out,
            "first logins",
            format_args!("{rate:.0}/s with their first calls, {cpu:.0} µs server CPU"),
        )?;
        for it in &self.parts {
            writeln!(out, "  {}", it.what)?;
            line(out, "logged in", &it.login)?;
            line(out, "knows everything", &it.whole)?;
            let seconds = it.seconds;
            line(out, "all back", format_args!("{seconds:.1} s (at most {RETURN_SECONDS_MAX:.0} wanted)"))?;
            let attempts: u64 = it.failed.values().sum();
            line(out, "failed attempts", attempts)?;
            it.failed.iter().try_for_each(|(what, count)| line(out, "", format_args!("{count}: {what}")))?;
            line(out, "server CPU", format_args!("{:.0} µs for each", it.server_cpu_us))?;
            let (now, peak) = (it.resident_kb as f64 / 1024.0, it.peak_kb as f64 / 1024.0);
            line(
                out,
                "server memory",
                format_args!("{now:.1} MB, {peak:.1} MB at most ({PEAK_MB_MAX:.0} wanted)"),
            )?;
        }
        line(
            out,
            "messages",
            format_args!("{}, {} of them fetched after a loss", self.messages, self.fetched),
        )
    }
}
