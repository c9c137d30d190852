//! Pages through a client's own conversation list.
//!
//! Contract: `spec/client/commands/recentcontact.page_get.yaml`.

use chat::{
    Cx,
    conversations::{Cursor, Entry, Wanted},
    error::Error,
    messages::{flag, wire},
};
use proto::{Code, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Group;
use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!("recentcontact" / "page_get", "Pages through the own conversation list.", Socket, Request => Response, handle);

/// LastMsgFlags of a recalled one-to-one message.
const RECALLED: i64 = 8;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    time_stamp: Given<i64>,
    start_index: Given<i64>,
    top_time_stamp: Given<i64>,
    top_start_index: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    complete_flag: i64,
    time_stamp: i64,
    start_index: i64,
    top_time_stamp: i64,
    top_start_index: i64,
    session_item: Raw,
    group_item: Vec<Group>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::ContactParam, "From_Account")?;
    let owner = crate::commands::openim::acting(cx, from, Code::ContactDenied)?;
    let cursor = super::cursor(it.time_stamp, it.start_index, it.top_time_stamp, it.top_start_index)?;
    let wanted = Wanted { pinned_apart: true, empty: true, pinned_paged: true, labels: true };
    let page = super::page(cx, &owner, cursor, wanted).await?;
    let items: Vec<_> = page.entries.iter().map(|it| item(it, &owner)).collect();
    // A client that was away for a short time comes back with the cursor of its last complete answer and
    // would miss newer conversations; zeros make it start at the newest.
    let next = if page.complete { Cursor::default() } else { page.next };
    Ok(Response {
        complete_flag: i64::from(page.complete),
        time_stamp: next.time,
        start_index: next.index,
        top_time_stamp: next.top_time,
        top_start_index: next.top_index,
        session_item: raw_list(&items)?,
        group_item: super::groups(page.groups),
    })
}

fn item(it: &Entry, owner: &str) -> String {
    let literal = |it: &String| if it.is_empty() { "\"\"".to_owned() } else { it.clone() };
    let mut out = format!(
        "{{\"Type\":1,\"To_Account\":{},\"MsgTimeStamp\":{},\"C2cNick\":{},\"C2cImage\":{},\"C2cRemark\":{},\
         \"C2cPeerReadTime\":{},\"TopFlags\":{},\"MsgRecvOption\":{},\"StandardMark\":\"{}\",\"CustomMark\":{},\
         \"ContactGroupId\":{:?}",
        quote(&it.peer),
        it.time,
        literal(&it.nick),
        literal(&it.face),
        quote(&it.remark),
        it.peer_read_at,
        i64::from(it.pinned),
        it.mute,
        it.labels.standard().as_deref().unwrap_or("0"),
        quote(&it.labels.custom),
        it.labels.groups
    );
    match &it.last {
        None => {
            out += ",\"MsgSeq\":0,\"LastMsgFlags\":0,\"LastMsg\":{\"MsgBody\":[],\"CloudCustomData\":\"\"}}"
        }
        Some(last) => {
            let recalled = last.has(flag::RECALLED);
            out += &format!(
                ",\"MsgSeq\":{},\"MsgRandom\":{},\"LastMsgFlags\":{},\"LastC2CMsgFromAccount\":{},\
                 \"LastMsg\":{{\"MsgBody\":{},\"CloudCustomData\":{}",
                last.seq,
                last.random,
                if recalled { RECALLED } else { 0 },
                quote(if it.last_is_own { owner } else { &it.peer }),
                last.body,
                literal(&last.cloud)
            );
            if recalled {
                out.push(',');
                out += &wire::revoker(&last.revoker);
            }
            out += "}}";
        }
    }
    out
}
