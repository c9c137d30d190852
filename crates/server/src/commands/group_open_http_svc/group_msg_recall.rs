//! Recalls messages of a group or topic.
//!
//! Contract: `spec/rest/group_open_http_svc.group_msg_recall.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.group_msg_recall.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::recall::{self, MESSAGES_MAX, REASON_BYTES_MAX},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Numbered;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "group_msg_recall", "Recalls messages.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// 1 to 10 messages.
    msg_seq_list: Given<Vec<Numbered>>,
    /// At most 100 bytes, shown to clients.
    #[serde(default)]
    reason: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    recall_ret_list: Vec<Recalled>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Recalled {
    msg_seq: i64,
    /// 0 for recalled.
    ret_code: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let numbers = super::numbers(it.msg_seq_list, MESSAGES_MAX)?;
    let reason = it.reason.optional(bad, "Reason")?.unwrap_or_default();
    if reason.len() > REASON_BYTES_MAX || reason.contains('\0') {
        let info = format!("Reason is longer than {REASON_BYTES_MAX} bytes, or has U+0000");
        return Err(Fail::with(bad, info).into());
    }
    let outcomes = recall::recall(cx, &group, topic.as_deref(), numbers, &reason).await?;
    let recalled = |(msg_seq, ret_code)| Recalled { msg_seq, ret_code };
    Ok(Response { recall_ret_list: outcomes.into_iter().map(recalled).collect() })
}
