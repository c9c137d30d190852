//! Takes users off a blocklist, each for itself.
//!
//! Contract: `spec/rest/sns.black_list_delete.yaml`, `spec/client/commands/sns.black_list_delete.yaml`.

use chat::{Cx, error::Error, relations};

use super::{
    Results, batch,
    black_list_add::{Request, USERS_MAX},
    owner,
};
use crate::command::command;

command!("sns" / "black_list_delete", "Takes users off the blocklist.", Both, Request => Results, handle);

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let outcomes = relations::unblock(cx, &owner, users.clone()).await?;
    Ok(Results::new(users, outcomes))
}
