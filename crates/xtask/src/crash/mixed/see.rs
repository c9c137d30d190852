//! What the server shows, by whatever door.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use client::{Client, Rest};
use serde_json::{Value, json};

use super::record::{Mark, Shown};

/// Bit of `MsgFlagBits` of a recalled message.
const RECALLED: i64 = 8;
/// Messages of a page of a group's history.
const PAGE: u64 = 20;

fn mark(message: &Value) -> anyhow::Result<Option<Mark>> {
    if message["IsSystemMsg"] == 1 {
        return Ok(None);
    }
    let text = message["MsgBody"][0]["MsgContent"]["Text"].as_str().context("a message without a text")?;
    Ok(Some(Mark::read(text).with_context(|| format!("nobody said {text:?}"))?))
}

fn list<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    answer[name].as_array().with_context(|| format!("no {name}: {answer}"))
}

fn in_group(message: &Value) -> anyhow::Result<Shown> {
    let seq = message["MsgSeq"].as_u64().context("a message without MsgSeq")?;
    let place = message["IsPlaceMsg"].as_i64().unwrap_or(0);
    ensure!(place != 1, "{seq} is a placeholder");
    Ok(Shown { seq, name: seq.to_string(), mark: mark(message)?, recalled: place == 2 })
}

/// Everything that was said in a group, the oldest first, as the backend sees it.
pub async fn group(rest: &Rest, id: &str) -> anyhow::Result<Vec<Shown>> {
    let mut newest_first: Vec<Shown> = Vec::new();
    loop {
        let mut body = json!({ "GroupId": id, "ReqMsgNumber": PAGE, "WithRecalledMsg": 1 });
        if let Some(last) = newest_first.last() {
            if last.seq <= 1 {
                break;
            }
            body["ReqMsgSeq"] = (last.seq - 1).into();
        }
        let answer = rest.call("group_open_http_svc/group_msg_get_simple", &body).await?;
        let page = list(&answer, "RspMsgList")?;
        if page.is_empty() {
            break;
        }
        for it in page {
            newest_first.push(in_group(it)?);
        }
    }
    newest_first.reverse();
    Ok(newest_first)
}

/// The service of a group's commands over the socket.
pub fn service(group: &str) -> &'static str {
    if group.starts_with("@TGS#_") { "million_group_open_http_svc" } else { "group_open_http_svc" }
}

/// The same as a member sees it.
pub async fn group_as(client: &Client, id: &str) -> anyhow::Result<Vec<Shown>> {
    let command = format!("{}.group_msg_get", service(id));
    let (mut newest_first, mut from): (Vec<Shown>, u64) = (Vec::new(), 0);
    loop {
        let body = json!({ "WithRecalledMsg": 1, "GroupId": id, "ReqMsgNumber": PAGE + 1, "ReqMsgSeq": from,
            "TopicId": "" });
        let answer = client.call(&command, &body).await?;
        for it in list(&answer, "RspMsgList")? {
            newest_first.push(in_group(it)?);
        }
        from = newest_first.last().map_or(0, |it| it.seq.saturating_sub(1));
        if answer["IsFinished"] == 2 || from == 0 {
            newest_first.reverse();
            return Ok(newest_first);
        }
    }
}

/// How many messages a user has not read, by group. A group in which nobody has spoken is not there.
pub async fn unread(client: &Client, user: &str) -> anyhow::Result<BTreeMap<String, u64>> {
    let body = json!({ "From_Account": user, "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0, "TopStartIndex": 0,
        "OrderType": 1, "MsgAssistFlags": 15, "AssistFlags": 31 });
    let answer = client.call("recentcontact.page_get", &body).await?;
    ensure!(answer["CompleteFlag"] == 1, "the conversation list is longer than a page");
    let groups = list(&answer, "SessionItem")?.iter().filter(|it| it["Type"] == 2);
    let unread = |it: &Value| {
        let count = it["UnreadMsgCount"].as_u64().context("no UnreadMsgCount")?;
        Ok((it["ToAccount"].as_str().context("no ToAccount")?.to_owned(), count))
    };
    groups.map(unread).collect()
}

/// Everything that two people said, the oldest first, as the first of them sees it.
pub async fn pair(rest: &Rest, user: &str, peer: &str) -> anyhow::Result<Vec<Shown>> {
    let (mut pages, mut body): (Vec<Vec<Shown>>, Value) = (
        Vec::new(),
        json!({ "Operator_Account": user, "Peer_Account": peer, "MaxCnt": 100, "MinTime": 0, "MaxTime": u32::MAX }),
    );
    loop {
        let answer = rest.call("openim/admin_getroammsg", &body).await?;
        let page = list(&answer, "MsgList")?.iter().map(|it| {
            let name = it["MsgKey"].as_str().context("a message without MsgKey")?.to_owned();
            let recalled = it["MsgFlagBits"].as_i64().unwrap_or(0) & RECALLED != 0;
            Ok(Shown { seq: 0, name, mark: mark(it)?, recalled })
        });
        pages.push(page.collect::<anyhow::Result<_>>()?);
        if answer["Complete"] == 1 {
            break;
        }
        body["MaxTime"] = answer["LastMsgTime"].clone();
        body["LastMsgKey"] = answer["LastMsgKey"].clone();
    }
    let oldest_first = pages.into_iter().rev().flatten();
    Ok((1..).zip(oldest_first).map(|(seq, it)| Shown { seq, ..it }).collect())
}
