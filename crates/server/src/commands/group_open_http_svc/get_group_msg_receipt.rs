//! Counts who read messages and who did not.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_msg_receipt.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_group_msg_receipt.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::receipts::{self, Counts, MESSAGES_MAX},
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Numbered;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "get_group_msg_receipt", "Counts read receipts.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 50 messages.
    msg_seq_list: Given<Vec<Numbered>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_msg_receipt_list: Vec<Receipt>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Receipt {
    /// 0, or 10062 for a message without receipts.
    code: i64,
    msg_seq: i64,
    read_num: i64,
    unread_num: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let numbers = super::numbers(it.msg_seq_list, MESSAGES_MAX)?;
    let counts = receipts::counts(cx, &group, numbers).await?;
    Ok(Response { group_msg_receipt_list: counts.iter().map(receipt).collect() })
}

fn receipt(it: &Counts) -> Receipt {
    let code = if it.read_and_unread.is_some() { 0 } else { Code::GroupReceiptNotAsked.number() };
    let (read_num, unread_num) = it.read_and_unread.unwrap_or((0, 0));
    Receipt { code, msg_seq: it.seq, read_num, unread_num }
}
