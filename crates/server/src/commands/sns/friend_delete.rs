//! Removes friends, from one list or from both.
//!
//! Contract: `spec/rest/sns.friend_delete.yaml`, `spec/client/commands/sns.friend_delete.yaml`.

use chat::{Cx, error::Error, relations};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, batch, owner};
use crate::{command::command, given::Given};

command!("sns" / "friend_delete", "Removes friends.", Both, Request => Results, handle);

const USERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Whose friends are removed.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 1000 friends.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<String>>,
    /// Delete_Type_Single (default) or Delete_Type_Both.
    #[serde(rename = "DeleteType", default)]
    delete_type: Given<String>,
}

/// Whether the entries of both sides go.
pub(super) fn both(delete_type: Given<String>) -> Result<bool, Fail> {
    match delete_type.optional(Code::SnsParam, "DeleteType")?.as_deref() {
        None | Some("Delete_Type_Single") => Ok(false),
        Some("Delete_Type_Both") => Ok(true),
        Some(_) => {
            Err(Fail::with(Code::SnsParam, "DeleteType must be Delete_Type_Single or Delete_Type_Both"))
        }
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let both = both(it.delete_type)?;
    let outcomes = relations::delete(cx, &owner, users.clone(), both).await?;
    Ok(Results::new(users, outcomes))
}
