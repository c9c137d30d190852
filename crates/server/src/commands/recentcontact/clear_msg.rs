//! A client clears its own history of one conversation.
//!
//! Contract: `spec/client/commands/recentcontact.clear_msg.yaml`.

use chat::{Cx, conversations, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    commands::openim::acting,
    given::Given,
};

command!("recentcontact" / "clear_msg", "Clears the own history of a conversation.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "Type", default)]
    kind: Given<i64>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(rename = "ToGroupid", alias = "ToGroupId", default)]
    group: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let from = it.from_account.optional(Code::ContactParam, "From_Account")?;
    let owner = acting(cx, from, Code::ContactDenied)?;
    let which = super::which(it.kind, it.to_account, it.group)?;
    conversations::clear(cx, &owner, &which).await?;
    Ok(Nothing {})
}
