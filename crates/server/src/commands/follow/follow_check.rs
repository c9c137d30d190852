//! Tells who follows whom.
//!
//! Contract: `spec/client/commands/follow.follow_check.yaml`.

use chat::{Cx, error::Error, follow, relations::Standing};
use proto::Fail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{
    command::command,
    commands::sns::{answer, batch},
    given::Given,
};

command!("follow" / "follow_check", "Tells who follows whom.", Both, Request => Response, handle);

const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// From whose side to look.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 users.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: i64,
    result_info: String,
    /// 0 none, 1 a follower, 2 followed, 3 both.
    follow_type: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let found = follow::check(cx, &owner, users.clone()).await?;
    let item = |(to_account, found): (String, Result<Standing, Fail>)| {
        let (standing, outcome) = match found {
            Ok(standing) => (standing, Ok(())),
            Err(fail) => (Standing::default(), Err(fail)),
        };
        let follow_type = i64::from(standing.is_had) + 2 * i64::from(standing.has);
        let (result_code, result_info) = answer(outcome);
        Item { to_account, result_code, result_info, follow_type }
    };
    Ok(Response { result_item: users.into_iter().zip(found).map(item).collect() })
}
