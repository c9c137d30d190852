//! The conversation list of a user with many groups, each with an unread message.
//!
//! Follows `spec/client/commands/recentcontact.page_get.yaml`.

use std::time::Instant;

use anyhow::{Context, ensure};
use client::Rest;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use super::{
    super::{
        lane::Mark,
        process::Costs,
        report::{Page, Times, histogram},
        target::Target,
        wire::Wire,
    },
    lanes::one,
    make,
};

const CONVERSATIONS: usize = 500;
/// Of each question, one after another.
const CALLS: usize = 100;
/// Groups made at once.
const AT_ONCE: usize = 16;
const COMMAND: &str = "recentcontact.page_get";
/// Which members of an answer the next page's request repeats.
const CURSORS: [&str; 4] = ["TimeStamp", "StartIndex", "TopTimeStamp", "TopStartIndex"];

pub async fn run(target: &Target, name: &str) -> anyhow::Result<(Vec<Page>, Vec<String>)> {
    let rest = target.side_rest()?;
    let users = [format!("{name}talker"), format!("{name}reader")];
    target.import(&users).await?;
    make_many(&rest, &format!("{name}l"), CONVERSATIONS, &users).await?;
    let mut wire = target.socket(&rest, &users[1], 0).await?;
    let (mut faults, mut pages) = (Vec::new(), Vec::new());
    for (title, all) in [(COMMAND.to_owned(), false), (format!("{COMMAND}, all pages"), true)] {
        let (mut times, mut found) = (histogram(), Found::default());
        let before = Costs::now(target.pid)?;
        for _ in 0..CALLS {
            let start = Instant::now();
            found = read(&mut wire, all).await?;
            times.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
            faults.extend(found.fault(all));
        }
        let spent = before.spent()?;
        pages.push(Page {
            command: title,
            entries: found.entries,
            bytes: found.bytes,
            times: Times::of(&times),
            server_cpu_us: spent.server_us(CALLS as u64),
        });
    }
    faults.dedup();
    Ok((pages, faults))
}

/// Makes groups of these users, in each of which the first has said something.
pub async fn make_many(rest: &Rest, name: &str, count: usize, users: &[String]) -> anyhow::Result<()> {
    let groups = (0..count).map(|number| async move {
        let group = format!("{name}{number}");
        make::group(rest, &group, users).await?;
        let failure = one(rest, &group, &users[0], Mark { lane: number, number: 0, due: 0 }).await;
        ensure!(failure.is_none(), "{failure:?}");
        Ok(())
    });
    stream::iter(groups).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await.map(drop)
}

/// What the pages had that were read.
#[derive(Default)]
struct Found {
    entries: usize,
    /// Groups with one unread message.
    unread: usize,
    bytes: usize,
}

impl Found {
    fn fault(&self, all: bool) -> Option<String> {
        let Found { entries, unread, .. } = *self;
        let is_good = entries == unread && if all { entries == CONVERSATIONS } else { entries > 0 };
        (!is_good).then(|| {
            format!("{COMMAND}: {entries} of {CONVERSATIONS} groups, {unread} of them with what is unread")
        })
    }
}

/// How many conversations all pages have, and in how many bytes.
pub async fn pages_of_conversations(wire: &mut Wire) -> anyhow::Result<(usize, usize)> {
    let found = read(wire, true).await?;
    Ok((found.entries, found.bytes))
}

/// The first page or all of them.
async fn read(wire: &mut Wire, all: bool) -> anyhow::Result<Found> {
    let mut body = json!({ "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0, "TopStartIndex": 0 });
    let mut found = Found::default();
    loop {
        let text = wire.call(COMMAND, &body.to_string()).await?;
        let answer: Value = serde_json::from_str(&text).context("a page is not readable")?;
        ensure!(answer["ErrorCode"] == 0, "a page is refused: {text}");
        let items = answer["SessionItem"].as_array().context("a page has no list")?;
        found.entries += items.len();
        found.unread += items.iter().filter(|it| it["Type"] == 2 && it["UnreadMsgCount"] == 1).count();
        found.bytes += text.len();
        if !all || answer["CompleteFlag"] == 1 || items.is_empty() {
            return Ok(found);
        }
        CURSORS.iter().for_each(|&it| body[it] = answer[it].clone());
    }
}
