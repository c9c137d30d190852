//! Puts users on a blocklist, each for itself.
//!
//! Contract: `spec/rest/sns.black_list_add.yaml`, `spec/client/commands/sns.black_list_add.yaml`.

use chat::{Cx, error::Error, relations};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, batch, owner};
use crate::{command::command, given::Given};

command!("sns" / "black_list_add", "Puts users on the blocklist.", Both, Request => Results, handle);

pub const USERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
pub struct Request {
    /// Owner of the blocklist.
    #[serde(rename = "From_Account", default)]
    pub from_account: Given<String>,
    /// 1 to 1000 users.
    #[serde(rename = "To_Account")]
    pub to_account: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let outcomes = relations::block(cx, &owner, users.clone()).await?;
    Ok(Results::new(users, outcomes))
}
