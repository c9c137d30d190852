//! Lifts bans from an AVChatRoom.
//!
//! Contract: `spec/rest/group_open_http_svc.unban_group_member.yaml`.

use chat::{Cx, error::Error, groups::live_rooms};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "unban_group_member", "Lifts bans from an AVChatRoom.", Rest,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 20 users, banned or not.
    #[serde(rename = "Members_Account")]
    members_account: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let users = super::ban_group_member::members(cx, it.members_account)?;
    live_rooms::unban(cx, &group, users).await?;
    Ok(Nothing {})
}
