//! Gives a client its conversation groups and marks.
//!
//! Contract: `spec/client/commands/recentcontact.get_contact_group.yaml`. Nobody has any before a command can
//! make them.

use chat::{Cx, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!(
    "recentcontact" / "get_contact_group", "Reads conversation groups and marks.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    complete_flag: i64,
    next_start_index: i64,
    group_item: Vec<Raw>,
    contact_item: Vec<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::ContactParam, "From_Account")?;
    crate::commands::openim::acting(cx, from, Code::ContactDenied)?;
    Ok(Response { complete_flag: 1, next_start_index: 0, group_item: Vec::new(), contact_item: Vec::new() })
}
