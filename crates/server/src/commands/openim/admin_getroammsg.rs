//! Reads the history of a one-to-one conversation in a time range, as one of the two sees it.
//!
//! Contract: `spec/rest/openim.admin_getroammsg.yaml`.

use chat::messages::{Message, flag};
use chat::{
    Cx, accounts,
    error::Error,
    messages::{self, Page, Range},
};
use proto::{Code, Fail, MsgKey, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!(
    "openim" / "admin_getroammsg", "Reads the history of a one-to-one conversation.", Rest,
    Request => Response, handle
);

/// Most messages in one answer, and most bytes of them together.
const MESSAGES_MAX: i64 = 100;
const BYTES_MAX: usize = 13_312;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// From whose side the history is read.
    #[serde(rename = "Operator_Account", default)]
    operator_account: Given<String>,
    #[serde(rename = "Peer_Account", default)]
    peer_account: Given<String>,
    /// Old spellings of the two.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    max_cnt: Given<i64>,
    /// Unix seconds, inclusive.
    min_time: Given<i64>,
    max_time: Given<i64>,
    /// Of the previous answer, with MaxTime set to its LastMsgTime.
    #[serde(default)]
    last_msg_key: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    complete: i64,
    msg_cnt: usize,
    last_msg_time: i64,
    last_msg_key: String,
    msg_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let operator = it.operator_account.or(it.from_account).need(Code::C2cFrom, "Operator_Account")?;
    let peer = it.peer_account.or(it.to_account).need(Code::C2cTo, "Peer_Account")?;
    let number = |given: Given<i64>, name: &str| given.need(Code::C2cJson, name);
    let (min, max) = (number(it.min_time, "MinTime")?, number(it.max_time, "MaxTime")?);
    let wanted = number(it.max_cnt, "MaxCnt")?;
    if wanted < 1 {
        return Err(Fail::with(Code::C2cJson, "MaxCnt must be positive").into());
    }
    let mut range = Range::until(min, max);
    match it.last_msg_key.optional(Code::C2cMsgKey, "LastMsgKey")? {
        Some(key) if !key.is_empty() => {
            let key: MsgKey =
                key.parse().map_err(|_| Fail::with(Code::C2cMsgKey, "LastMsgKey is malformed"))?;
            range.before = range.before.min((key.time, key.seq.into(), key.random.into()));
        }
        _ => {}
    }
    for (user, code, name) in
        [(&operator, Code::C2cFrom, "Operator_Account"), (&peer, Code::C2cTo, "Peer_Account")]
    {
        if accounts::find(cx, user).await?.is_none() {
            return Err(Fail::with(code, format!("{name} does not exist")).into());
        }
    }
    let page = messages::page(cx, &operator, &peer, range, wanted.min(MESSAGES_MAX)).await?;
    Ok(answer(&page, &operator, &peer)?)
}

/// The newest messages that fit into the answer, oldest first.
fn answer(page: &Page, operator: &str, peer: &str) -> Result<Response, serde_json::Error> {
    let (mut items, mut bytes) = (Vec::new(), 0);
    for it in page.messages.iter().rev() {
        let (from, to) = if page.is_own(it) { (operator, peer) } else { (peer, operator) };
        let item = item(it, from, to);
        bytes += item.len() + 1;
        if bytes > BYTES_MAX && !items.is_empty() {
            break;
        }
        items.push(item);
    }
    items.reverse();
    let oldest = page.messages.len() - items.len();
    let last = page.messages.get(oldest).filter(|_| !items.is_empty());
    Ok(Response {
        complete: i64::from(page.complete && oldest == 0),
        msg_cnt: items.len(),
        last_msg_time: last.map_or(0, |it| it.time),
        last_msg_key: last.map_or_else(String::new, super::key_of),
        msg_list: raw_list(&items)?,
    })
}

fn item(it: &Message, from: &str, to: &str) -> String {
    let mut out = format!(
        "{{\"From_Account\":{},\"To_Account\":{},\"MsgSeq\":{},\"MsgRandom\":{},\"MsgTimeStamp\":{},",
        quote(from),
        quote(to),
        it.seq,
        it.random,
        it.time
    );
    if it.has(flag::CLIENT_TIME) {
        out += &format!("\"MsgClientTime\":{},", it.client_time);
    }
    out += &format!(
        "\"MsgFlagBits\":{},\"IsPeerRead\":{},\"MsgKey\":\"{}\",\"MsgBody\":{}",
        if it.has(flag::RECALLED) { 8 } else { 0 },
        i64::from(it.has(flag::RECEIPT_GIVEN)),
        super::key_of(it),
        it.body
    );
    if !it.cloud.is_empty() {
        out += &format!(",\"CloudCustomData\":{}", it.cloud);
    }
    out.push('}');
    out
}
