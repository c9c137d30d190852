//! Removes members of a group.
//!
//! Contract: `spec/rest/group_open_http_svc.delete_group_member.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.delete_group_member.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::leave::{self, Removal},
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::people;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "delete_group_member", "Removes members.", Both, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1: only the removed users are told.
    #[serde(default)]
    silence: Given<i64>,
    /// At most 1000 bytes.
    #[serde(default)]
    reason: Given<String>,
    /// 1 to 100 users.
    #[serde(rename = "MemberToDel_Account")]
    users: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let most = cx.app.state().settings.groups_batch_delete;
    let removal = Removal {
        users: people::users(it.users, "MemberToDel_Account", (most, Code::GroupParam))?,
        reason: people::text(it.reason, "Reason")?,
        silent: super::switch(it.silence, "Silence")?.unwrap_or(false),
    };
    leave::remove(cx, &group, removal).await?;
    Ok(Nothing {})
}
