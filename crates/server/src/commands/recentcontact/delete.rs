//! Removes one conversation from the list of one user.
//!
//! Contract: `spec/rest/recentcontact.delete.yaml`.

use chat::{Cx, conversations, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("recentcontact" / "delete", "Deletes a conversation of a user.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    /// 1 one-to-one, 2 group.
    #[serde(rename = "Type", alias = "type")]
    kind: Given<i64>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(rename = "ToGroupid", alias = "ToGroupId", default)]
    group: Given<String>,
    /// 1: the user's own history of it goes too.
    #[serde(rename = "ClearRamble", default)]
    clear_ramble: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::ContactParam;
    let owner = it.from_account.need(bad, "From_Account")?;
    let which = super::which(it.kind, it.to_account, it.group)?;
    let clear = match it.clear_ramble.optional(bad, "ClearRamble")? {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(Fail::with(bad, "ClearRamble must be 0 or 1").into()),
    };
    conversations::delete(cx, &owner, &which, clear).await?;
    Ok(Nothing {})
}
