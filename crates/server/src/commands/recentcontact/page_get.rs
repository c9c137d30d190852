//! Pages through a client's own conversation list.
//!
//! Contract: `spec/client/commands/recentcontact.page_get.yaml`.

use chat::{
    Cx,
    conversations::{Cursor, Entry, InGroup, Peer, Side, Wanted},
    error::Error,
    groups::{MsgFlag, group_flag},
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

/// LastMsgFlags of a recalled message, one-to-one and of a group.
const RECALLED: i64 = 8;
const RECALLED_IN_GROUP: i64 = 2;
/// What stands for the last message where there is none.
const NO_LAST: &str =
    ",\"MsgSeq\":0,\"LastMsgFlags\":0,\"LastMsg\":{\"MsgBody\":[],\"CloudCustomData\":\"\"}";

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

fn literal(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

fn item(it: &Entry, owner: &str) -> String {
    let (id, time) = (it.which.id(), it.time);
    let mut out = match &it.side {
        Side::Peer(side) => of_peer(side, id, time, owner),
        Side::Group(side) => of_group(side, id, time),
    };
    out += &format!(
        ",\"TopFlags\":{},\"StandardMark\":\"{}\",\"CustomMark\":{},\"ContactGroupId\":{:?}}}",
        i64::from(it.pinned),
        it.labels.standard().as_deref().unwrap_or("0"),
        quote(&it.labels.custom),
        it.labels.groups
    );
    out
}

/// An item without what both kinds have, and without its closing brace.
fn of_peer(it: &Peer, peer: &str, time: i64, owner: &str) -> String {
    let mut out = format!(
        "{{\"Type\":1,\"To_Account\":{},\"MsgTimeStamp\":{time},\"C2cNick\":{},\"C2cImage\":{},\
         \"C2cRemark\":{},\"C2cPeerReadTime\":{},\"MsgRecvOption\":{}",
        quote(peer),
        literal(&it.nick),
        literal(&it.face),
        quote(&it.remark),
        it.peer_read_at,
        it.mute
    );
    let Some(last) = &it.last else { return out + NO_LAST };
    let recalled = last.has(flag::RECALLED);
    out += &format!(
        ",\"MsgSeq\":{},\"MsgRandom\":{},\"LastMsgFlags\":{},\"LastC2CMsgFromAccount\":{},\
         \"LastMsg\":{{\"MsgBody\":{},\"CloudCustomData\":{}",
        last.seq,
        last.random,
        if recalled { RECALLED } else { 0 },
        quote(if it.last_is_own { owner } else { peer }),
        last.body,
        literal(&last.cloud)
    );
    if recalled {
        out.push(',');
        out += &wire::revoker(&last.revoker);
    }
    out.push('}');
    out
}

/// The same of a group.
fn of_group(it: &InGroup, group: &str, time: i64) -> String {
    let mut out = format!(
        "{{\"Type\":2,\"ToAccount\":{},\"GroupNick\":{},\"GroupImage\":{},\"GroupType\":\"{}\",\
         \"UnreadMsgCount\":{},\"GroupIgnoredUnreadSeqCount\":0,\"MsgGroupReadedSeq\":{},\
         \"GroupNextMsgSeq\":{},\"MsgTimeStamp\":{time},\"MsgRecvOption\":{}",
        quote(group),
        quote(it.name()),
        quote(it.face()),
        it.kind().name(),
        it.unread,
        it.read_seq(),
        it.newest_seq() + 1,
        recv_option(it.flag())
    );
    let Some(last) = &it.last else { return out + NO_LAST };
    let recalled = last.has(group_flag::RECALLED);
    out += &format!(
        ",\"MsgSeq\":{},\"MsgGroupFrom_Account\":{},\"MsgGroupFromCardName\":{},\"MsgGroupFromNickName\":{},\
         \"LastMsgFlags\":{},\"LastMsg\":{{",
        last.seq,
        quote(&last.sender),
        quote(&last.card),
        literal(&last.nick),
        if recalled { RECALLED_IN_GROUP } else { 0 }
    );
    if last.has(group_flag::TIP) {
        out += &format!("\"Event\":4,\"GroupTips\":{},\"MsgBody\":[],\"CloudCustomData\":\"\"", it.last_item);
    } else {
        out += &format!("\"MsgBody\":{},\"CloudCustomData\":{}", last.body, literal(&last.cloud));
    }
    if recalled {
        out += &format!(",\"RevokerInfo\":{}", last.revoker);
    }
    out.push('}');
    out
}

/// MsgRecvOption of a member's receive option.
fn recv_option(flag: MsgFlag) -> i64 {
    match flag {
        MsgFlag::AcceptAndNotify => 0,
        MsgFlag::Discard => 1,
        MsgFlag::AcceptNotNotify => 2,
    }
}
