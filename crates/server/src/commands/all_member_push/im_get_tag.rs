//! Tells the tags of up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_get_tag.yaml`.

use chat::{Cx, all_member_push as pushes, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::accounts;
use crate::{command::command, given::Given};

command!("all_member_push" / "im_get_tag", "Tells the tags of users.", Rest(100), Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 accounts.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// In the order of the request.
    user_tags: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// In the order of adding.
    #[serde(rename = "Tags")]
    tags: Vec<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let found = pushes::tags(cx, accounts(it.to_account, "To_Account")?).await?;
    let item = |(to_account, tags)| Item { to_account, tags };
    Ok(Response { user_tags: found.into_iter().map(item).collect() })
}
