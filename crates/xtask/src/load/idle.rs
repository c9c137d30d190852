//! What a server costs that has nothing to do: connections that are only logged in, and its start.

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::task::JoinSet;

use super::{
    magpie::{Folder, Recipe},
    process,
    report::{Idle, Start},
    target::Target,
    wire::Wire,
};

/// Logins under way at once.
const LOGINS: usize = 64;
/// For the server to finish what the logins left to do.
const SETTLE: Duration = Duration::from_secs(3);
const STARTS: usize = 11;

/// Logs `connections` users in and looks at the server's memory before and after.
pub async fn connections(target: &Target, connections: usize) -> anyhow::Result<Idle> {
    let pid = target.pid.context("the memory of a server elsewhere needs --pid")?;
    let users: Vec<_> = (0..connections).map(|it| format!("idle{it}")).collect();
    target.import(&users).await?;
    tokio::time::sleep(SETTLE).await;
    let (before, cpu) = (process::resident_kb(pid)?, process::cpu(pid)?);
    let (first, second) = users.split_at(connections / 2);
    let start = Instant::now();
    let mut wires = log_in(target, first, 0).await?;
    let halfway = process::resident_kb(pid)?;
    wires.extend(log_in(target, second, first.len()).await?);
    let took = start.elapsed().as_secs_f64();
    let spent = process::cpu(pid)?.saturating_sub(cpu);
    tokio::time::sleep(SETTLE).await;
    let after = process::resident_kb(pid)?;
    let bytes_each =
        |before: u64, count: usize| (after as f64 - before as f64) * 1024.0 / count.max(1) as f64;
    Ok(Idle {
        connections: wires.len(),
        logins_per_second: connections as f64 / took,
        resident_kb_before: before,
        resident_kb_halfway: halfway,
        resident_kb_after: after,
        bytes_per_connection: bytes_each(before, connections),
        bytes_per_further_connection: bytes_each(halfway, second.len()),
        login_cpu_us: process::micros_each(spent, connections as u64),
    })
}

/// The instances are numbered from `first` on.
pub async fn log_in(target: &Target, users: &[String], first: usize) -> anyhow::Result<Vec<Wire>> {
    let rest = target.side_rest()?;
    let mut wires = Vec::with_capacity(users.len());
    let mut logins: JoinSet<anyhow::Result<Wire>> = JoinSet::new();
    for (number, user) in (first..).zip(users) {
        if logins.len() >= LOGINS {
            let login = logins.join_next().await.context("there are logins")?;
            wires.push(login??);
        }
        let (target, rest, user) = (target.clone(), rest.clone(), user.clone());
        logins.spawn(async move { target.socket(&rest, &user, number as u64).await });
    }
    while let Some(login) = logins.join_next().await {
        wires.push(login??);
    }
    Ok(wires)
}

/// Starts servers with empty folders, one after the other.
pub fn start(recipe: &Recipe) -> anyhow::Result<Start> {
    let mut times = Vec::new();
    let mut resident_kb = 0;
    for _ in 0..STARTS {
        let folder = Folder::new()?;
        let magpie = recipe.serve(folder.path())?;
        resident_kb = process::resident_kb(magpie.pid())?.max(resident_kb);
        times.push(magpie.start.as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(Start { runs: STARTS, median_ms: times[STARTS / 2], slowest_ms: times[STARTS - 1], resident_kb })
}
