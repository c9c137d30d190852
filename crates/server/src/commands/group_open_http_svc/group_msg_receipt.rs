//! A client confirms that it read messages.
//!
//! Contract: `spec/client/commands/group_open_http_svc.group_msg_receipt.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::receipts::{self, MESSAGES_MAX},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::Numbered;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "group_msg_receipt", "Gives read receipts.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 50 messages.
    msg_seq_list: Given<Vec<Numbered>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let numbers = super::numbers(it.msg_seq_list, MESSAGES_MAX)?;
    receipts::give(cx, &group, numbers).await?;
    Ok(Nothing {})
}
