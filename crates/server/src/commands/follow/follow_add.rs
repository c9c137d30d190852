//! Follows users, each for itself.
//!
//! Contract: `spec/client/commands/follow.follow_add.yaml`.

use chat::{Cx, error::Error, follow};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, owner};
use crate::{command::command, commands::sns::batch, given::Given};

command!("follow" / "follow_add", "Follows users.", Both, Request => Results, handle);

pub const USERS_MAX: usize = 20;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Who is to follow.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 20 users.
    #[serde(rename = "FollowItem")]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let items = batch(it.items, "FollowItem", USERS_MAX)?;
    let users = items.into_iter().map(|it| it.to_account.need(Code::SnsParam, "To_Account"));
    let users = users.collect::<Result<Vec<_>, _>>()?;
    let outcomes = follow::follow(cx, &owner, users.clone()).await?;
    Ok(Results::new(users, outcomes))
}
