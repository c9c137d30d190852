//! Gives a client the history of a one-to-one conversation, in either direction.
//!
//! Contract: `spec/client/commands/openim.getroammsg.yaml`.

use chat::{
    Cx,
    error::Error,
    messages::{self, Message, Page, Range, wire},
};
use proto::{Code, Fail, MsgKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!("openim" / "getroammsg", "Reads one-to-one history.", Socket, Request => Response, handle);

const COUNT_DEFAULT: i64 = 20;
const COUNT_MAX: i64 = 100;
/// Most messages of one second in one answer.
const SECOND_MAX: usize = 1000;
/// GetDirection.
const NEWER: i64 = 1;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "Peer_Account")]
    peer_account: Given<String>,
    #[serde(default)]
    max_cnt: Given<i64>,
    /// Unix seconds; 0 for the newest page.
    #[serde(default)]
    last_msg_time: Given<i64>,
    /// MsgKey of the previous answer, or empty.
    #[serde(default)]
    msg_key: Given<String>,
    /// 0 older, 1 newer.
    #[serde(default)]
    get_direction: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    complete: i64,
    msg_cnt: usize,
    msg_key: String,
    last_msg_time: i64,
    msg_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::MsgInvalid;
    let peer = it.peer_account.need(Code::C2cTo, "Peer_Account")?;
    let count = it.max_cnt.optional(bad, "MaxCnt")?.unwrap_or(COUNT_DEFAULT).clamp(1, COUNT_MAX);
    let time = it.last_msg_time.optional(bad, "LastMsgTime")?.unwrap_or(0);
    let newer = it.get_direction.optional(bad, "GetDirection")? == Some(NEWER);
    let key = it.msg_key.optional(Code::C2cMsgKey, "MsgKey")?.filter(|it| !it.is_empty());
    let key: Option<MsgKey> = match key {
        Some(it) => Some(it.parse().map_err(|_| Fail::with(Code::C2cMsgKey, "MsgKey is malformed"))?),
        None => None,
    };
    let place = key.map(|it| (it.time, it.seq.into(), it.random.into()));
    let user = cx.caller.user();
    let page = if newer {
        match place {
            Some(after) => messages::newer(cx, user, &peer, after, count).await?,
            None => since(cx, user, &peer, time, count).await?,
        }
    } else {
        let mut range = if time > 0 { Range::until(0, time) } else { Range::ALL };
        range.before = place.unwrap_or(range.before);
        messages::page(cx, user, &peer, range, count).await?
    };
    Ok(answer(&page, user, &peer, newer)?)
}

/// What was sent in a second and after it. A client that goes on without a key goes on with the last time of
/// the answer, so an answer that ended in the second it began with would be asked for without end: such a
/// second is given whole, or as much of it as fits, and then called complete.
async fn since(cx: &Cx, user: &str, peer: &str, time: i64, count: i64) -> Result<Page, Error> {
    let mut page = messages::newer(cx, user, peer, (time, i64::MIN, i64::MIN), count).await?;
    while !page.complete {
        let Some(last) = page.messages.last().filter(|it| it.time == time) else { break };
        let after = (last.time, last.seq, last.random);
        if page.messages.len() >= SECOND_MAX {
            page.complete = true;
            break;
        }
        let more = messages::newer(cx, user, peer, after, COUNT_MAX).await?;
        page.complete = more.complete;
        page.messages.extend(more.messages);
    }
    Ok(page)
}

fn answer(page: &Page, user: &str, peer: &str, newer: bool) -> Result<Response, serde_json::Error> {
    let item = |it: &Message| {
        let (from, to) = if page.is_own(it) { (user, peer) } else { (peer, user) };
        wire::stored(it, wire::People { from, to, tiny_id: page.tiny_id(it) })
    };
    let items: Vec<_> = page.messages.iter().map(item).collect();
    let cursor = if newer { page.messages.last() } else { page.messages.first() };
    Ok(Response {
        complete: i64::from(page.complete),
        msg_cnt: items.len(),
        msg_key: cursor.map_or_else(String::new, super::key_of),
        last_msg_time: cursor.map_or(0, |it| it.time),
        msg_list: raw_list(&items)?,
    })
}
