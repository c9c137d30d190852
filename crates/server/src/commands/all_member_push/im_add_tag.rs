//! Adds tags to up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_add_tag.yaml`.

use std::collections::HashMap;

use chat::{Cx, all_member_push as pushes, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{accounts, check_tag};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("all_member_push" / "im_add_tag", "Adds tags to users.", Rest(100), Request => Nothing, handle);

/// Tags for one account in one call.
const TAGS_MAX: usize = 10;

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
    /// 1 to 10 tags of 1 to 50 bytes.
    #[serde(default)]
    tags: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let (mut wanted, mut counts) = (Vec::new(), HashMap::new());
    for item in accounts(it.user_tags, "UserTags")? {
        let user = item.to_account.need(Code::C2cJson, "To_Account")?;
        let tags = item.tags.need(Code::C2cJson, "Tags")?;
        if tags.is_empty() {
            return Err(Fail::with(Code::C2cJson, "Tags is empty").into());
        }
        let count = counts.entry(user.clone()).or_insert(0);
        *count += tags.len();
        if *count > TAGS_MAX {
            let info = format!("more than {TAGS_MAX} tags for one account");
            return Err(Fail::with(Code::PushTagsTooMany, info).into());
        }
        tags.iter().try_for_each(|it| check_tag(it, Code::PushTagLength))?;
        wanted.push((user, tags));
    }
    pushes::add_tags(cx, wanted).await?;
    Ok(Nothing {})
}
