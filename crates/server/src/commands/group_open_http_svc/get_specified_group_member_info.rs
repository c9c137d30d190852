//! Gives a client members of a group by their names.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_specified_group_member_info.yaml`.

use chat::{Cx, error::Error, groups::members};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{get_group_member_info::described, people};
use crate::{
    command::command,
    given::{Given, Raw},
};

command!(
    "group_open_http_svc" / "get_specified_group_member_info", "Reads members by name.", Socket,
    Request => Response, handle
);

/// Users in one call. `spec/concepts/group-system.md` 5.
const USERS_MAX: i64 = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 50 users.
    #[serde(rename = "Member_List_Account")]
    users: Given<Vec<String>>,
    #[serde(default)]
    member_info_filter: Given<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember", default)]
    keys: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    member_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let users = people::users(it.users, "Member_List_Account", (USERS_MAX, Code::GroupParam))?;
    let fields = people::member_fields(cx, it.member_info_filter, it.keys)?;
    let members = members::named(cx, &group, users).await?;
    Ok(Response { member_list: described(cx, &members, &fields)? })
}
