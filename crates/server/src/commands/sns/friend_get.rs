//! Reads a friend list, a hundred friends at a time.
//!
//! Contract: `spec/rest/sns.friend_get.yaml`, `spec/client/commands/sns.friend_get.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Start},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{
    command::command,
    commands::profile::portrait_get::{Item, items},
    given::Given,
};

command!("sns" / "friend_get", "Reads a friend list.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Owner of the list.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 0, then NextStartIndex.
    #[serde(default)]
    start_index: Given<i64>,
    /// That of an earlier answer: what did not change since is left out.
    #[serde(default)]
    standard_sequence: Given<i64>,
    #[serde(default)]
    custom_sequence: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    user_data_item: Vec<Friend>,
    standard_sequence: i64,
    custom_sequence: i64,
    friend_num: i64,
    complete_flag: i64,
    next_start_index: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Friend {
    #[serde(rename = "To_Account")]
    to_account: String,
    value_item: Vec<Item>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let start = Start {
        index: it.start_index.need(bad, "StartIndex")?,
        standard: it.standard_sequence.optional(bad, "StandardSequence")?.unwrap_or(0),
        custom: it.custom_sequence.optional(bad, "CustomSequence")?.unwrap_or(0),
    };
    if start.index < 0 {
        return Err(Fail::with(bad, "StartIndex is negative").into());
    }
    let page = relations::page(cx, &owner, start).await?;
    let friends = page
        .friends
        .into_iter()
        .map(|(to_account, fields)| Ok(Friend { to_account, value_item: items(fields)? }));
    Ok(Response {
        user_data_item: friends.collect::<Result<_, serde_json::Error>>()?,
        standard_sequence: page.standard,
        custom_sequence: page.custom,
        friend_num: page.total,
        complete_flag: i64::from(page.next.is_none()),
        next_start_index: page.next.unwrap_or(0),
    })
}
