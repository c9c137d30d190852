//! Reads the lists of friends, with their members when these are wanted.
//!
//! Contract: `spec/rest/sns.group_get.yaml`, `spec/client/commands/sns.group_get.yaml`.

use chat::{Cx, error::Error, relations};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{command::command, given::Given};

command!("sns" / "group_get", "Reads the lists of friends.", Both, Request => Response, handle);

const WITH_FRIENDS: &str = "Need_Friend_Type_Yes";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Owner of the lists.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Need_Friend_Type_Yes for the members too.
    #[serde(default)]
    need_friend: Given<String>,
    /// Only lists of these names; all when empty.
    #[serde(default)]
    group_name: Given<Vec<String>>,
    /// Has no effect: the answer is always the whole.
    #[serde(default)]
    last_sequence: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<Item>,
    current_sequence: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    group_name: String,
    friend_number: i64,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let with_friends = it.need_friend.optional(bad, "NeedFriend")?.is_some_and(|it| it == WITH_FRIENDS);
    let names = it.group_name.optional(bad, "GroupName")?.unwrap_or_default();
    it.last_sequence.optional(bad, "LastSequence")?;
    let (lists, current_sequence) = relations::friend_lists(cx, &owner, names, with_friends).await?;
    let item = |it: relations::FriendList| Item {
        group_name: it.name,
        friend_number: it.count,
        to_account: it.members,
    };
    Ok(Response { result_item: lists.into_iter().map(item).collect(), current_sequence })
}
