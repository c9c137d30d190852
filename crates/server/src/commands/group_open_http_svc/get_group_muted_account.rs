//! Lists who is muted in a group or topic.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_muted_account.yaml`.

use chat::{Cx, error::Error, groups::mute};
use proto::json::quote;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe::Room;
use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!(
    "group_open_http_svc" / "get_group_muted_account", "Lists muted users.", Rest, Request => Response, handle
);

/// The old name, with old names in the answer.
pub mod get_group_shutted_uin {
    use super::{OldResponse, Request, handle_old};
    use crate::command::command;

    command!(
        "group_open_http_svc" / "get_group_shutted_uin", "Lists muted users.", Rest, Request => OldResponse,
        handle_old
    );
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
    /// `Member_Account` and `MutedUntil` of each.
    muted_account_list: Raw,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct OldResponse {
    group_id: String,
    /// `Member_Account` and `ShuttedUntil` of each.
    shutted_uin_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (group_id, muted_account_list) = list(cx, it, "MutedUntil").await?;
    Ok(Response { group_id, muted_account_list })
}

async fn handle_old(cx: &Cx, it: Request) -> Result<OldResponse, Error> {
    let (group_id, shutted_uin_list) = list(cx, it, "ShuttedUntil").await?;
    Ok(OldResponse { group_id, shutted_uin_list })
}

async fn list(cx: &Cx, it: Request, until_name: &str) -> Result<(String, Raw), Error> {
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let (mut room, mut items) = (Room::default(), Vec::new());
    for (user, until) in mute::muted(cx, &group, topic.as_deref()).await? {
        let item = format!("{{\"Member_Account\":{},\"{until_name}\":{until}}}", quote(&user));
        room.take(&item)?;
        items.push(item);
    }
    Ok((group, raw_list(&items)?))
}
