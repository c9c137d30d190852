//! Bans users from an AVChatRoom for a time.
//!
//! Contract: `spec/rest/group_open_http_svc.ban_group_member.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::live_rooms::{self, BAN_DESCRIPTION_BYTES_MAX},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "ban_group_member", "Bans users from an AVChatRoom.", Both,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 20 users, there or not.
    #[serde(rename = "Members_Account")]
    members_account: Given<Vec<String>>,
    /// Seconds, at least 1.
    duration: Given<u32>,
    /// At most 1000 bytes.
    #[serde(default)]
    description: Given<String>,
}

/// Members_Account, of which there may be so many as a ban may name.
pub fn members(cx: &Cx, given: Given<Vec<String>>) -> Result<Vec<String>, Fail> {
    let most = cx.app.state().settings.groups_batch_ban;
    let users = given.need(Code::GroupParam, "Members_Account")?;
    if users.is_empty() || users.iter().any(String::is_empty) {
        return Err(Fail::with(Code::GroupParam, "Members_Account names nobody, or an empty user"));
    }
    if users.len() as i64 > most {
        let info = format!("Members_Account names more than {most} users");
        return Err(Fail::with(Code::GroupAccountsTooMany, info));
    }
    Ok(users)
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let mut users = members(cx, it.members_account)?;
    users.sort_unstable();
    users.dedup();
    let seconds = it.duration.need(Code::GroupParam, "Duration")?;
    if seconds == 0 {
        return Err(Fail::with(Code::GroupParam, "Duration is 0").into());
    }
    let description = it.description.optional(Code::GroupParam, "Description")?.unwrap_or_default();
    if description.len() > BAN_DESCRIPTION_BYTES_MAX {
        let info = format!("Description is longer than {BAN_DESCRIPTION_BYTES_MAX} bytes");
        return Err(Fail::with(Code::GroupParam, info).into());
    }
    live_rooms::ban(cx, &group, users, seconds, description).await?;
    Ok(Nothing {})
}
