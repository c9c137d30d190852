//! Pages through the conversation list of a user.
//!
//! Contract: `spec/rest/recentcontact.get_list.yaml`.

use chat::{
    Cx,
    conversations::{Entry, Wanted, Which},
    error::Error,
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Group, Marked};
use crate::{command::command, given::Given};

command!("recentcontact" / "get_list", "Pages through a conversation list.", Rest, Request => Response, handle);

/// Bits of AssistFlags.
const PINNED: i64 = 1;
const EMPTY: i64 = 2;
const PINNED_PAGED: i64 = 4;
const LABELS: i64 = 8;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    time_stamp: Given<i64>,
    start_index: Given<i64>,
    top_time_stamp: Given<i64>,
    top_start_index: Given<i64>,
    assist_flags: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    session_item: Vec<Session>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_item: Option<Vec<Group>>,
    complete_flag: i64,
    time_stamp: i64,
    start_index: i64,
    top_time_stamp: i64,
    top_start_index: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Session {
    /// 1 one-to-one, 2 group.
    #[serde(rename = "Type")]
    kind: i64,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(rename = "GroupId", skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    msg_time: i64,
    top_flag: i64,
    #[serde(flatten)]
    marked: Marked,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = it.from_account.need(Code::ContactParam, "From_Account")?;
    let cursor = super::cursor(it.time_stamp, it.start_index, it.top_time_stamp, it.top_start_index)?;
    let flags = it.assist_flags.need(Code::ContactParam, "AssistFlags")?;
    let wanted = Wanted {
        pinned_apart: flags & PINNED != 0,
        empty: flags & EMPTY != 0,
        pinned_paged: flags & PINNED_PAGED != 0,
        labels: flags & LABELS != 0,
    };
    let page = super::page(cx, &owner, cursor, wanted).await?;
    let session = |it: Entry| {
        let (kind, to_account, group) = match it.which {
            Which::Peer(peer) => (1, Some(peer), None),
            Which::Group(group) => (2, None, Some(group)),
        };
        let top_flag = i64::from(it.pinned && wanted.pinned_apart);
        Session { kind, to_account, group, msg_time: it.time, top_flag, marked: it.labels.into() }
    };
    Ok(Response {
        session_item: page.entries.into_iter().map(session).collect(),
        group_item: wanted.labels.then(|| super::groups(page.groups)),
        complete_flag: i64::from(page.complete),
        time_stamp: page.next.time,
        start_index: page.next.index,
        top_time_stamp: page.next.top_time,
        top_start_index: page.next.top_index,
    })
}
