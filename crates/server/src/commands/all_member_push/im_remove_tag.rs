//! Removes tags from up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_remove_tag.yaml`.

use chat::{Cx, all_member_push as pushes, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::accounts;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "all_member_push" / "im_remove_tag", "Removes tags from users.", Rest(100), Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 100 accounts.
    user_tags: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(default)]
    tags: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let mut wanted = Vec::new();
    for item in accounts(it.user_tags, "UserTags")? {
        let user = item.to_account.need(Code::C2cJson, "To_Account")?;
        wanted.push((user, item.tags.need(Code::C2cJson, "Tags")?));
    }
    pushes::remove_tags(cx, wanted).await?;
    Ok(Nothing {})
}
