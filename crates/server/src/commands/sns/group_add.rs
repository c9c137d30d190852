//! Makes lists of friends and puts friends into all of them.
//!
//! Contract: `spec/rest/sns.group_add.yaml`, `spec/client/commands/sns.group_add.yaml`.

use chat::{Cx, error::Error, relations};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Results, batch, owner};
use crate::{command::command, given::Given};

command!("sns" / "group_add", "Makes lists of friends.", Both, Request => Response, handle);

pub const NAMES_MAX: usize = 32;
const USERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Owner of the lists.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 32 names of 1 to 30 bytes.
    #[serde(rename = "GroupName")]
    group_name: Given<Vec<String>>,
    /// Up to 1000 friends to put into every list named.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    /// Only when To_Account was given.
    #[serde(flatten)]
    results: Option<Results>,
    #[serde(rename = "CurrentSequence")]
    current_sequence: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let names = batch(it.group_name, "GroupName", NAMES_MAX)?;
    let users = it.to_account.optional(bad, "To_Account")?;
    if users.as_ref().is_some_and(|it| it.len() > USERS_MAX) {
        return Err(Fail::with(bad, format!("To_Account must have at most {USERS_MAX} entries")).into());
    }
    let added = users.clone().unwrap_or_default();
    let (outcomes, current_sequence) = relations::make_lists(cx, &owner, names, added).await?;
    Ok(Response { results: users.map(|it| Results::new(it, outcomes)), current_sequence })
}
