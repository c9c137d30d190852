//! Lists who read a message, or who did not.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_msg_receipt_detail.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_group_msg_receipt_detail.yaml`.

use chat::{Cx, error::Error, groups::receipts};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_group_msg_receipt_detail", "Lists who read a message.", Both,
    Request => Response, handle
);

/// Filter: who has read, and who has not.
const READ: i64 = 0;
const UNREAD: i64 = 1;
/// Members of one page.
const PAGE_MAX: i64 = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    msg_seq: Given<i64>,
    /// 0 who has read, 1 who has not; Flag is the same.
    #[serde(alias = "Flag", default)]
    filter: Given<i64>,
    /// Empty on the first call, then that of the answer before.
    cursor: Given<String>,
    /// At least 1; more than 200 counts as 200. Num is the same.
    #[serde(alias = "Num", default)]
    count: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    msg_seq: i64,
    is_finished: i64,
    is_finish: i64,
    cursor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_list: Option<Vec<Read>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_list: Option<Vec<Unread>>,
}

#[derive(Serialize, JsonSchema)]
struct Read {
    #[serde(rename = "Read_Account")]
    account: String,
    #[serde(rename = "ReadTime")]
    time: i64,
}

#[derive(Serialize, JsonSchema)]
struct Unread {
    #[serde(rename = "Unread_Account")]
    account: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let msg_seq = it.msg_seq.need(bad, "MsgSeq")?;
    let filter = it.filter.need(bad, "Filter")?;
    if filter != READ && filter != UNREAD {
        return Err(Fail::with(bad, "Filter must be 0 or 1").into());
    }
    let cursor = it.cursor.need(bad, "Cursor")?;
    let from = match cursor.as_str() {
        "" => 0,
        it => it.parse().map_err(|_| Fail::with(bad, "Cursor is none of an earlier answer"))?,
    };
    let count = it.count.need(bad, "Count")?;
    if count < 1 {
        return Err(Fail::with(bad, "Count must be at least 1").into());
    }
    let count = usize::try_from(count.min(PAGE_MAX)).unwrap_or(1);
    let listed = receipts::list(cx, &group, msg_seq, filter == READ, (from, count)).await?;
    // Each door has its own word for the end.
    let end = if cx.is_admin() { "0" } else { "" };
    let is_finished = i64::from(listed.next.is_none());
    let mut answer = Response {
        msg_seq,
        is_finished,
        is_finish: is_finished,
        cursor: listed.next.map_or_else(|| end.to_owned(), |it| it.to_string()),
        read_list: (!cx.is_admin()).then(Vec::new),
        unread_list: (!cx.is_admin()).then(Vec::new),
    };
    let users = listed.users.into_iter();
    if filter == READ {
        let read = users.map(|(account, time)| Read { account, time: time.unwrap_or(0) });
        answer.read_list = Some(read.collect());
    } else {
        answer.unread_list = Some(users.map(|(account, _)| Unread { account }).collect());
    }
    Ok(answer)
}
