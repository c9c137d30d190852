//! The commands that read long lists, for a user with as many friends and blocked users as one may have.
//!
//! A page without all of its entries is a fault. A server that runs already must not limit rates, and needs a
//! `conversation.max` for all of the conversations. Follows `spec/rest/`.

use std::{collections::HashMap, ffi::OsString, time::Instant};

use client::Rest;

use super::{
    lane::run_name,
    process,
    report::{Lists, Page, Times, histogram},
    target::Target,
};
use people::People;
use questions::{Question, questions};

mod people;
mod questions;

/// Of each command, one after another.
const CALLS: u64 = 200;

/// Fills the server and asks it. Gives the faults, too.
pub async fn run(target: &Target) -> anyhow::Result<(Lists, Vec<String>)> {
    let memory = || target.pid.map(process::resident_kb).transpose();
    let (rest, people) = (target.rest(1)?, People::new(&run_name()));
    let (resident_kb_before, start) = (memory()?, Instant::now());
    people.fill(&rest).await?;
    let (fill_seconds, resident_kb_filled) = (start.elapsed().as_secs_f64(), memory()?);
    let (mut pages, mut faults) = (Vec::new(), Vec::new());
    for mut question in questions(&people) {
        let command = question.command.to_owned();
        pages.push(ask(&rest, target.pid, &question, command, &mut faults).await?);
        if !question.cursors.is_empty() {
            faults.extend(question.turn_to_last(&rest).await?);
            let command = format!("{}, last page", question.command);
            pages.push(ask(&rest, target.pid, &question, command, &mut faults).await?);
        }
    }
    let (calls, resident_kb_after) = (CALLS, memory()?);
    let lists =
        Lists { fill_seconds, calls, pages, resident_kb_before, resident_kb_filled, resident_kb_after };
    Ok((lists, faults))
}

async fn ask(
    rest: &Rest,
    pid: Option<u32>,
    question: &Question,
    command: String,
    faults: &mut Vec<String>,
) -> anyhow::Result<Page> {
    let (body, mut times, mut bytes) = (question.body.to_string(), histogram(), 0);
    let mut found = Vec::new();
    let before = pid.map(thread_times).transpose()?;
    for _ in 0..CALLS {
        let start = Instant::now();
        let answer = rest.call_raw(question.command, body.clone()).await?;
        times.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        bytes = answer.len();
        found.extend(question.fault(&serde_json::from_slice(&answer)?));
    }
    let after = pid.map(thread_times).transpose()?;
    if let Some(first) = found.first() {
        faults.push(format!("{command}: {} of {CALLS} answers are wrong, the first: {first}", found.len()));
    }
    let spent = before.zip(after).map(|(before, after)| {
        after.iter().map(|(thread, it)| it.saturating_sub(*before.get(thread).unwrap_or(&0))).sum::<u64>()
    });
    let server_cpu_us = spent.map(|it| it as f64 / 1e3 / CALLS as f64);
    Ok(Page { command, entries: question.entries.0, bytes, times: Times::of(&times), server_cpu_us })
}

/// Nanoseconds on a processor of each thread: finer than the ticks of the process.
fn thread_times(pid: u32) -> anyhow::Result<HashMap<OsString, u64>> {
    let mut times = HashMap::new();
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let thread = thread?;
        // A thread may have ended since the folder was read.
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        let nanos = text.split(' ').next().and_then(|it| it.parse().ok());
        times.extend(nanos.map(|it| (thread.file_name(), it)));
    }
    Ok(times)
}
