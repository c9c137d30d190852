//! Tells who blocked whom.
//!
//! Contract: `spec/rest/sns.black_list_check.yaml`.

use chat::{Cx, error::Error, relations::Which};
use schemars::JsonSchema;
use serde::Serialize;

use super::friend_check::{Item, Request, check};
use crate::command::command;

command!("sns" / "black_list_check", "Tells who blocked whom.", Rest, Request => Response, handle);

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "BlackListCheckItem")]
    items: Vec<Item>,
    #[serde(rename = "Fail_Account", default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (items, failed) = check(cx, it, Which::Blocks, ("BlackCheckResult_Type_", "NO")).await?;
    Ok(Response { items, failed })
}
