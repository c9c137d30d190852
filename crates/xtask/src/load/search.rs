//! Searches of a user with hundreds of conversations, over a million stored messages.
//!
//! The words are drawn so that a few stand in very many messages and most in few, half of the texts being Chinese. Of
//! each kind of search the times are measured one after another, and whether something was found.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use client::Rest;
use serde_json::{Value, json};

use super::{
    lane::run_name,
    process::{self, Costs},
    report::{Page, Searches, Times, histogram},
    target::Target,
    wire::{self, Wire},
};

/// Messages that are stored unless the caller says otherwise.
pub const MESSAGES: usize = 1_000_000;
/// Conversations of the one who searches: with people, and groups.
const PEERS: usize = 400;
const GROUPS: usize = 100;
/// Of a hundred messages so many are in groups; and so many between others, whom the search must not find.
const IN_GROUPS: usize = 25;
const OF_OTHERS: usize = 25;
/// Accounts made by one call.
const ACCOUNTS_STEP: usize = 100;
/// Senders at one time.
const SENDERS: usize = 48;
/// Searches of each kind.
const CALLS: u64 = 200;
/// How long the server may take to make the last messages ready, and how often it is asked.
const READY_WITHIN: Duration = Duration::from_secs(600);
const READY_PAUSE: Duration = Duration::from_secs(1);
/// The least time that the job leaves new messages alone. A little more than the server's own.
const SETTLE: Duration = Duration::from_secs(15);
/// What a server at rest takes in a second for its jobs, at most.
const AT_REST: Duration = Duration::from_millis(60);
const CHINESE: &[&str] = &[
    "今天", "天气", "很好", "我们", "一起", "吃饭", "明天", "见面", "电影", "工作", "项目", "会议", "时间",
    "地点", "朋友", "学校", "老师", "学生", "问题", "答案", "手机", "电脑", "文件", "照片", "音乐", "晚上",
    "早上", "周末",
];

/// Settings of the app.
pub fn settings() -> Vec<String> {
    vec!["groups.messages_per_second=0".to_owned(), "limits.enforce=false".to_owned()]
}

/// A number that looks drawn, the same in each run (the steps of SplitMix64).
fn drawn(number: usize, salt: u64) -> usize {
    let mut it = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(salt);
    it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (it ^ (it >> 31)) as usize
}

/// A word of which there are some thousands.
fn word(number: usize) -> String {
    const PARTS: &[&str] =
        &["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "chan", "der", "fil", "gor"];
    let part = |place: u32| PARTS[number / PARTS.len().pow(place) % PARTS.len()];
    [part(0), part(1), part(2)].concat()
}

fn text(number: usize) -> String {
    if number.is_multiple_of(100_000) {
        return format!("a needle in message {number}");
    }
    let one = |place: usize| drawn(number, place as u64 * 7919);
    if number.is_multiple_of(2) {
        return (0..8).map(|it| CHINESE[one(it) % CHINESE.len()]).collect();
    }
    // The first words are in every other message of these.
    let common = ["please", "thanks", "hello"][one(9) % 3];
    let words: Vec<_> = (0..6).map(|it| word(one(it) % 2744)).collect();
    format!("{common} {}", words.join(" "))
}

/// Everybody's names.
struct Names {
    run: String,
}

impl Names {
    fn user(&self) -> String {
        format!("{}s", self.run)
    }

    fn peer(&self, number: usize) -> String {
        format!("{}p{}", self.run, number % PEERS)
    }

    fn group(&self, number: usize) -> String {
        format!("{}g{}", self.run, number % GROUPS)
    }

    async fn fill(&self, target: &Target, messages: usize) -> anyhow::Result<()> {
        let mut users: Vec<_> = (0..PEERS).map(|it| self.peer(it)).collect();
        users.push(self.user());
        let rest = target.side_rest()?;
        for some in users.chunks(ACCOUNTS_STEP) {
            let account = |it: &String| json!({ "UserID": it, "Nick": format!("Nick of {it}") });
            let body = json!({ "AccountList": some.iter().map(account).collect::<Vec<_>>() });
            rest.call("im_open_login_svc/multiaccount_import", &body).await?;
        }
        for number in 0..GROUPS {
            let body = json!({
                "Type": "Public", "GroupId": self.group(number), "Name": format!("Group {number}"),
                "Owner_Account": self.peer(number), "MemberList": [{ "Member_Account": self.user() }],
            });
            rest.call("group_open_http_svc/create_group", &body).await?;
        }
        let senders = Arc::new(target.rest(SENDERS)?);
        let mut tasks = Vec::with_capacity(SENDERS);
        for sender in 0..SENDERS {
            let (rest, names) = (senders.clone(), Names { run: self.run.clone() });
            tasks.push(tokio::spawn(async move {
                for number in (sender..messages).step_by(SENDERS) {
                    names.send(&rest, number).await?;
                }
                anyhow::Ok(())
            }));
        }
        for task in tasks {
            task.await.context("a sender failed")??;
        }
        Ok(())
    }

    async fn send(&self, rest: &Rest, number: usize) -> anyhow::Result<()> {
        let body = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text(number) } }]);
        let (place, who) = (number % 100, drawn(number, 1));
        if place < IN_GROUPS {
            let body = json!({
                "GroupId": self.group(who), "From_Account": self.peer(who), "Random": number, "MsgBody": body,
            });
            rest.call("group_open_http_svc/send_group_msg", &body).await?;
            return Ok(());
        }
        let to = if place < IN_GROUPS + OF_OTHERS { self.peer(who + 1) } else { self.user() };
        let body = json!({
            "From_Account": self.peer(who), "To_Account": to, "MsgSeq": number, "MsgRandom": number,
            "MsgBody": body,
        });
        rest.call("openim/sendmsg", &body).await?;
        Ok(())
    }

    fn questions(&self) -> Vec<(&'static str, &'static str, Value)> {
        let words = |it: &[&str]| json!({ "KeywordList": it, "Count": 20 });
        let within =
            |it: &str, peer: String| json!({ "KeywordList": [it], "Count": 20, "PeerAccount": peer });
        vec![
            ("rare word", MESSAGES_QUERY, words(&["needle"])),
            ("nothing", MESSAGES_QUERY, words(&["xylophone"])),
            ("word of a thousandth", MESSAGES_QUERY, words(&["kelimo"])),
            ("common word", MESSAGES_QUERY, words(&["hello"])),
            ("one letter", MESSAGES_QUERY, words(&["e"])),
            ("2 Chinese characters", MESSAGES_QUERY, words(&["天气"])),
            ("4 Chinese characters", MESSAGES_QUERY, words(&["天气电影"])),
            ("1 Chinese character", MESSAGES_QUERY, words(&["电"])),
            ("5 words, all", MESSAGES_QUERY, {
                json!({ "KeywordList": ["hello", "ke", "li", "mo", "se"], "MatchType": "and", "Count": 20 })
            }),
            ("with a peer, common", MESSAGES_QUERY, within("hello", self.peer(3))),
            ("with a peer, rare", MESSAGES_QUERY, within("kelimo", self.peer(3))),
            ("in a group, Chinese", MESSAGES_QUERY, {
                json!({ "KeywordList": ["天气"], "Count": 20, "GroupID": self.group(3) })
            }),
            ("users", "user_search.query", json!({ "Keywords": ["p39"], "Count": 20 })),
            ("groups", "group_search.query", json!({ "Keywords": ["group 7"], "Count": 20 })),
            ("members", "group_member_search.query", json!({ "Keywords": [self.peer(5)], "Count": 20 })),
        ]
    }
}

const MESSAGES_QUERY: &str = "message_search.query";

/// Fills the server and asks it. Gives the faults, too.
pub async fn run(target: &Target, messages: usize) -> anyhow::Result<(Searches, Vec<String>)> {
    let (names, start) = (Names { run: run_name() }, Instant::now());
    names.fill(target, messages).await?;
    let fill_seconds = start.elapsed().as_secs_f64();
    let rest = target.side_rest()?;
    let mut wire = target.socket(&rest, &names.user(), 1).await?;
    let ready_seconds = until_ready(&mut wire, target, start.elapsed()).await?;
    let (mut pages, mut faults) = (Vec::new(), Vec::new());
    for (what, command, body) in names.questions() {
        let (mut times, mut bytes, mut entries) = (histogram(), 0, 0);
        let (before, body) = (Costs::now(target.pid)?, body.to_string());
        for _ in 0..CALLS {
            let start = Instant::now();
            let answer = wire.call(command, &body).await?;
            times.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
            ensure!(wire::is_ok(answer.as_bytes()), "{what}: {answer}");
            bytes = answer.len();
            let answer: Value = serde_json::from_str(&answer)?;
            entries = usize::try_from(answer["TotalCount"].as_u64().unwrap_or(0))?;
        }
        let spent = before.spent()?;
        if (what == "nothing") != (entries == 0) {
            faults.push(format!("{what}: {entries} found"));
        }
        pages.push(Page {
            command: what.to_owned(),
            entries,
            bytes,
            times: Times::of(&times),
            server_cpu_us: spent.server_us(CALLS),
        });
    }
    let resident_kb = target.pid.map(process::resident_kb).transpose()?;
    Ok((Searches { messages, fill_seconds, ready_seconds, calls: CALLS, pages, resident_kb }, faults))
}

/// Waits until the server has nothing more to make ready: until it is at rest.
async fn until_ready(wire: &mut Wire, target: &Target, from: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    tokio::time::sleep(SETTLE).await;
    let Some(pid) = target.pid else { return Ok(from.as_secs_f64()) };
    loop {
        let before = process::cpu(pid)?;
        tokio::time::sleep(READY_PAUSE).await;
        wire.heartbeat()?;
        if process::cpu(pid)?.saturating_sub(before) < AT_REST {
            return Ok(start.elapsed().as_secs_f64());
        }
        ensure!(start.elapsed() < READY_WITHIN, "the server is still at work");
    }
}
