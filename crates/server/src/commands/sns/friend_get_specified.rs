//! Gives a client all about chosen friends.
//!
//! Contract: `spec/client/commands/sns.friend_get_specified.yaml`.

use chat::{Cx, error::Error, relations::Wanted};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    batch,
    friend_get_list::{Info, infos},
    owner,
};
use crate::{command::command, given::Given};

command!("sns" / "friend_get_specified", "Reads all about chosen friends.", Socket, Request => Response, handle);

const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 friends.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "InfoItem")]
    items: Vec<Info>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let mut items = infos(cx, &owner, users, Wanted::All).await?;
    // A client expects the list of fields in any case.
    items.iter_mut().for_each(|it| {
        it.sns_profile_item.get_or_insert_default();
    });
    Ok(Response { items })
}
