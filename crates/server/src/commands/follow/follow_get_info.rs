//! Counts the followers of users, and whom they follow.
//!
//! Contract: `spec/client/commands/follow.follow_get_info.yaml`.

use chat::{
    Cx,
    error::Error,
    follow::{self, Counts},
};
use proto::Fail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{
    command::command,
    commands::sns::{answer, batch},
    given::Given,
};

command!("follow" / "follow_get_info", "Counts followers.", Both, Request => Response, handle);

const USERS_MAX: usize = 500;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 500 users, whoever they are.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    follow_info: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: i64,
    result_info: String,
    follower_count: i64,
    following_count: i64,
    mutual_following_count: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let found = follow::counts(cx, &owner, users.clone()).await?;
    let item = |(to_account, found): (String, Result<Counts, Fail>)| {
        let (counts, outcome) = match found {
            Ok(counts) => (counts, Ok(())),
            Err(fail) => (Counts::default(), Err(fail)),
        };
        let (result_code, result_info) = answer(outcome);
        Item {
            to_account,
            result_code,
            result_info,
            follower_count: counts.followers,
            following_count: counts.following,
            mutual_following_count: counts.mutual,
        }
    };
    Ok(Response { follow_info: users.into_iter().zip(found).map(item).collect() })
}
