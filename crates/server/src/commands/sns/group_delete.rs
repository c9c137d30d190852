//! Deletes lists of friends; the friends stay.
//!
//! Contract: `spec/rest/sns.group_delete.yaml`, `spec/client/commands/sns.group_delete.yaml`.

use chat::{Cx, error::Error, relations};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{batch, group_add::NAMES_MAX, owner};
use crate::{command::command, given::Given};

command!("sns" / "group_delete", "Deletes lists of friends.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Owner of the lists.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 32 names; unknown ones are passed over.
    #[serde(rename = "GroupName")]
    group_name: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    current_sequence: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let names = batch(it.group_name, "GroupName", NAMES_MAX)?;
    let current_sequence = relations::delete_lists(cx, &owner, names).await?;
    Ok(Response { current_sequence })
}
