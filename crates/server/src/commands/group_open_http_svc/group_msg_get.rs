//! Gives a client the history of a group or topic.
//!
//! Contract: `spec/client/commands/group_open_http_svc.group_msg_get.yaml`.

use chat::{Cx, error::Error, groups::history};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!("group_open_http_svc" / "group_msg_get", "Gives the history.", Socket, Request => Response, handle);

/// GetType of a call that names its messages.
const BY_NUMBER: i64 = 3;
/// IsFinished: whether there is something older.
const MORE: i64 = 1;
const FINISHED: i64 = 2;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// 1 to 100; a larger number counts as 100.
    #[serde(default)]
    req_msg_number: Given<i64>,
    /// The newest number wanted; 0 for the newest there is.
    #[serde(default)]
    req_msg_seq: Given<i64>,
    /// 1: recalled messages too.
    #[serde(default)]
    with_recalled_msg: Given<i64>,
    /// 3: the messages of ReqMsgSeqList.
    #[serde(default)]
    get_type: Given<i64>,
    #[serde(default)]
    req_msg_seq_list: Given<Vec<i64>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
    is_finished: i64,
    next_req_msg_seq: i64,
    /// Newest first.
    rsp_msg_list: Raw,
    invisible_msg_seq: Vec<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let recalled = it.with_recalled_msg.optional(bad, "WithRecalledMsg")? == Some(1);
    let page = if it.get_type.optional(bad, "GetType")? == Some(BY_NUMBER) {
        let numbers = it.req_msg_seq_list.need(bad, "ReqMsgSeqList")?;
        if numbers.is_empty() || numbers.len() as i64 > history::PAGE_MAX {
            let info = format!("ReqMsgSeqList must have 1 to {} entries", history::PAGE_MAX);
            return Err(Fail::with(bad, info).into());
        }
        history::chosen(cx, &group, topic.as_deref(), numbers, recalled).await?
    } else {
        let wanted = super::wanted(it.req_msg_seq, it.req_msg_number, recalled)?;
        history::page(cx, &group, topic.as_deref(), wanted).await?
    };
    Ok(Response {
        group_id: page.group_id,
        is_finished: if page.next > 0 { MORE } else { FINISHED },
        next_req_msg_seq: page.next,
        rsp_msg_list: raw_list(&page.items)?,
        invisible_msg_seq: page.invisible,
    })
}
