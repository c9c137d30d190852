//! A community with 100,000 members: joining and leaving, reading the members, a message.
//!
//! Follows `spec/rest/group_open_http_svc.add_group_member.yaml`, `…delete_group_member.yaml`, `…get_group_member_info.yaml`.

use std::time::Instant;

use anyhow::{Context, ensure};
use client::Rest;
use serde_json::{Value, json};

use super::{
    super::{
        group::{make, one},
        lane::Mark,
        process::Costs,
        report::{Page, Times, histogram},
        target::Target,
    },
    Community, resident,
};

const MEMBERS: usize = 100_000;
const SMALL: usize = 100;
/// Users that join and leave one after another, and messages.
const CALLS: usize = 200;
/// The most members of a community in one answer.
const PAGE: usize = 100;
const MEMBERS_OF: &str = "group_open_http_svc/get_group_member_info";

pub async fn run(target: &Target, name: &str) -> anyhow::Result<(Community, Vec<String>)> {
    let (rest, start) = (target.rest(1)?, Instant::now());
    let users: Vec<_> = (0..MEMBERS).map(|it| format!("{name}k{it}")).collect();
    let guests: Vec<_> = (0..CALLS).map(|it| format!("{name}w{it}")).collect();
    target.import(&users).await?;
    target.import(&guests).await?;
    // Without the room for the guests, which the largest community would not have.
    let members = &users[..MEMBERS - 1];
    let (large, small) = (format!("@TGS#_{name}large"), format!("@TGS#_{name}small"));
    make::community(&rest, &large, members).await?;
    make::community(&rest, &small, &users[..SMALL]).await?;
    let (fill_seconds, resident_kb_before) = (start.elapsed().as_secs_f64(), resident(target)?);

    let (mut changes, mut faults) = (Vec::new(), Vec::new());
    for (group, size) in [(&small, SMALL), (&large, MEMBERS)] {
        for (command, verb) in [("add_group_member", "join"), ("delete_group_member", "leave")] {
            let bodies = guests.iter().map(|it| match verb {
                "join" => json!({"GroupId": group, "MemberList": [{"Member_Account": it}]}),
                _ => json!({"GroupId": group, "MemberToDel_Account": [it]}),
            });
            // A guest at a time, so that there is always room.
            let title = format!("{verb} a community of {size}");
            changes.push((command, bodies.collect::<Vec<_>>(), title));
        }
    }
    let mut measured = Vec::new();
    for pair in changes.chunks(2) {
        measured.extend(join_and_leave(&rest, target.pid, &pair[0], &pair[1]).await?);
    }
    let (page, all, count) = read_all(&rest, target.pid, &large).await?;
    if count != members.len() {
        faults.push(format!("the pages have {count} of {} members", members.len()));
    }
    let send = send(&rest, target.pid, &large, &users[0]).await?;
    let community = Community {
        members: members.len(),
        fill_seconds,
        changes: measured,
        pages: vec![page, all],
        send,
        resident_kb_before,
        resident_kb_after: resident(target)?,
    };
    Ok((community, faults))
}

type Change = (&'static str, Vec<Value>, String);

/// Everybody joins and leaves at once, one after another.
async fn join_and_leave(
    rest: &Rest,
    pid: Option<u32>,
    join: &Change,
    leave: &Change,
) -> anyhow::Result<Vec<Page>> {
    let (mut times, before) = ([histogram(), histogram()], Costs::now(pid)?);
    for (join_body, leave_body) in join.1.iter().zip(&leave.1) {
        for (place, (command, body)) in [(join.0, join_body), (leave.0, leave_body)].into_iter().enumerate() {
            let start = Instant::now();
            rest.call(&format!("group_open_http_svc/{command}"), body).await?;
            times[place].saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        }
    }
    let spent = before.spent()?.server_us(2 * join.1.len() as u64);
    let pages = [join, leave].into_iter().zip(&times).map(|(change, times)| Page {
        command: change.2.clone(),
        entries: change.1.len(),
        bytes: 0,
        times: Times::of(times),
        server_cpu_us: spent,
    });
    Ok(pages.collect())
}

async fn read_all(rest: &Rest, pid: Option<u32>, group: &str) -> anyhow::Result<(Page, Page, usize)> {
    let (mut times, mut whole, before) = (histogram(), histogram(), Costs::now(pid)?);
    let (start, mut next, mut count, mut bytes, mut pages) = (Instant::now(), String::new(), 0, 0, 0);
    loop {
        let body = json!({"GroupId": group, "Limit": PAGE, "Next": next});
        let begin = Instant::now();
        let answer = rest.call_raw(MEMBERS_OF, body.to_string()).await?;
        times.saturating_record(u64::try_from(begin.elapsed().as_nanos())?);
        let read: Value = serde_json::from_slice(&answer)?;
        ensure!(read["ErrorCode"] == 0, "a page is refused: {read}");
        count += read["MemberList"].as_array().context("a page has no list")?.len();
        bytes += answer.len();
        pages += 1;
        next = read["Next"].as_str().unwrap_or_default().to_owned();
        if next.is_empty() {
            break;
        }
    }
    whole.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
    let page = |command: &str, entries, bytes, times: &_, server_cpu_us| Page {
        command: command.to_owned(),
        entries,
        bytes,
        times: Times::of(times),
        server_cpu_us,
    };
    let one =
        page("a page of its members", PAGE, bytes / pages, &times, before.spent()?.server_us(pages as u64));
    Ok((one, page("all of its members", count, bytes, &whole, None), count))
}

async fn send(rest: &Rest, pid: Option<u32>, group: &str, from: &str) -> anyhow::Result<Page> {
    let (mut times, before) = (histogram(), Costs::now(pid)?);
    for number in 0..u32::try_from(CALLS)? {
        let start = Instant::now();
        let failure = one(rest, group, from, Mark { lane: 0, number, due: 0 }).await;
        times.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        ensure!(failure.is_none(), "{failure:?}");
    }
    Ok(Page {
        command: "a message into it, nobody online".to_owned(),
        entries: CALLS,
        bytes: 0,
        times: Times::of(&times),
        server_cpu_us: before.spent()?.server_us(CALLS as u64),
    })
}
