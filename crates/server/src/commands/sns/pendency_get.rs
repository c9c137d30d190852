//! Gives a client its open friend requests.
//!
//! Contract: `spec/client/commands/sns.pendency_get.yaml`.

use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!("sns" / "pendency_get", "Reads open friend requests.", Socket, Request => Response, handle);

const KINDS: &[&str] = &["Pendency_Type_ComeIn", "Pendency_Type_SendOut", "Pendency_Type_Both"];

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "PendencyType")]
    kind: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    pendency_item: Vec<Raw>,
    unread_pendency_count: i64,
    start_time: i64,
    current_sequence: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::SnsParam, "From_Account")?;
    crate::commands::openim::acting(cx, from, Code::SnsDenied)?;
    let kind = it.kind.need(Code::SnsParam, "PendencyType")?;
    if !KINDS.contains(&&*kind) {
        return Err(
            Fail::with(Code::SnsParam, format!("PendencyType must be one of {}", KINDS.join(", "))).into()
        );
    }
    Ok(Response { pendency_item: Vec::new(), unread_pendency_count: 0, start_time: 0, current_sequence: 0 })
}
