//! Follows users no longer.
//!
//! Contract: `spec/client/commands/follow.follow_delete.yaml`.

use chat::{Cx, error::Error, follow};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, follow_add::USERS_MAX, owner};
use crate::{command::command, commands::sns::batch, given::Given};

command!("follow" / "follow_delete", "Follows users no longer.", Both, Request => Results, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Who is to follow no longer.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 20 users.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let outcomes = follow::unfollow(cx, &owner, users.clone()).await?;
    Ok(Results::new(users, outcomes))
}
