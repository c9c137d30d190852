//! A user who is a member of 3,000 groups comes: login, the list of its groups, the list of its conversations.
//!
//! Follows `spec/client/commands/group_open_http_svc.get_joined_group_list.yaml` and `recentcontact.page_get.yaml`.

use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::super::{
    group::{make_many, pages_of_conversations},
    report::{Page, Times, histogram},
    target::Target,
    wire::Wire,
};

const GROUPS: usize = 3000;
/// How often the user comes.
const CALLS: usize = 20;
/// What the Web SDK asks for in a page of groups.
const PAGE: usize = 200;
const LIST: &str = "group_open_http_svc.get_joined_group_list";

pub async fn run(target: &Target, name: &str) -> anyhow::Result<(Vec<Page>, Vec<String>)> {
    let rest = target.side_rest()?;
    let users = [format!("{name}host"), format!("{name}joiner")];
    target.import(&users).await?;
    make_many(&rest, &format!("{name}m"), GROUPS, &users).await?;

    let (mut login, mut groups, mut list) = (histogram(), histogram(), histogram());
    let (mut faults, mut listed, mut conversations) = (Vec::new(), (0, 0), (0, 0));
    for call in 0..CALLS {
        let start = Instant::now();
        let mut wire = target.socket(&rest, &users[1], call as u64).await?;
        login.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        let start = Instant::now();
        listed = joined(&mut wire, &users[1]).await?;
        groups.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        let start = Instant::now();
        conversations = pages_of_conversations(&mut wire).await?;
        list.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
        if listed.0 != GROUPS || conversations.0 != GROUPS {
            faults.push(format!("{} of {GROUPS} groups and {} conversations", listed.0, conversations.0));
        }
    }
    let page = |command: &str, (entries, bytes), times: &_| Page {
        command: command.to_owned(),
        entries,
        bytes,
        times: Times::of(times),
        server_cpu_us: None,
    };
    let pages = vec![
        page("login", (0, 0), &login),
        page("get_joined_group_list, all pages", listed, &groups),
        page("page_get, all pages", conversations, &list),
    ];
    faults.dedup();
    Ok((pages, faults))
}

/// How many groups the user is told of, and in how many bytes.
async fn joined(wire: &mut Wire, user: &str) -> anyhow::Result<(usize, usize)> {
    let (mut entries, mut bytes) = (0, 0);
    loop {
        let body = json!({
            "Member_Account": user, "Limit": PAGE, "Offset": entries,
            "ResponseFilter": {
                "GroupBaseInfoFilter": ["Type", "Name", "Owner_Account", "MemberNum", "NextMsgSeq", "LastMsgTime"],
                "SelfInfoFilter": ["Role", "JoinTime", "MsgFlag", "UnreadMsgNum"],
            },
        });
        let text = wire.call(LIST, &body.to_string()).await?;
        let answer: Value = serde_json::from_str(&text).context("a page is not readable")?;
        ensure!(answer["ErrorCode"] == 0, "a page is refused: {text}");
        let items = answer["GroupIdList"].as_array().context("a page has no list")?.len();
        entries += items;
        bytes += text.len();
        if items == 0 || answer["TotalCount"].as_u64().is_none_or(|it| entries as u64 >= it) {
            return Ok((entries, bytes));
        }
    }
}
