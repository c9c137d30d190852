//! Reads chosen fields of chosen friends.
//!
//! Contract: `spec/rest/sns.friend_get_list.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Wanted},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{answer, batch, owner};
use crate::{
    command::command,
    commands::profile::portrait_get::{Item, items},
    given::Given,
};

command!("sns" / "friend_get_list", "Reads chosen fields of friends.", Rest, Request => Response, handle);

const USERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Owner of the friend list.
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    /// 1 to 1000 friends, better not more than 100.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
    /// Tags of friends and of profiles.
    #[serde(rename = "TagList")]
    tag_list: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "InfoItem")]
    items: Vec<Info>,
    #[serde(rename = "Fail_Account", default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

/// What is known of one friend.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Info {
    #[serde(rename = "To_Account")]
    pub(super) to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sns_profile_item: Option<Vec<Item>>,
    pub(super) result_code: i64,
    pub(super) result_info: String,
}

/// The answer about each of the users, and whether it failed.
pub(super) async fn infos(
    cx: &Cx,
    owner: &str,
    users: Vec<String>,
    wanted: Wanted,
) -> Result<Vec<Info>, Error> {
    let found = relations::some(cx, owner, users.clone(), wanted).await?;
    let info = |(to_account, found): (String, Result<_, Fail>)| {
        let (fields, outcome) = match found {
            Ok(fields) => (Some(items(fields)?), Ok(())),
            Err(fail) => (None, Err(fail)),
        };
        let (result_code, result_info) = answer(outcome);
        Ok(Info { to_account, sns_profile_item: fields, result_code, result_info })
    };
    users.into_iter().zip(found).map(info).collect()
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let tags = it.tag_list.need(Code::SnsParam, "TagList")?;
    if tags.is_empty() {
        return Err(Fail::with(Code::SnsParam, "TagList is empty").into());
    }
    let items = infos(cx, &owner, users, Wanted::Tags(tags)).await?;
    let failed = items.iter().filter(|it| it.result_code != 0).map(|it| it.to_account.clone()).collect();
    Ok(Response { items, failed })
}
