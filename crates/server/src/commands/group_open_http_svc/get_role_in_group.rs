//! Tells which roles users have in a group.
//!
//! Contract: `spec/rest/group_open_http_svc.get_role_in_group.yaml`.

use chat::{Cx, error::Error, groups::members};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::people;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "get_role_in_group", "Reads roles of users.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 500 users.
    #[serde(rename = "User_Account")]
    users: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    user_id_list: Vec<User>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct User {
    #[serde(rename = "Member_Account")]
    account: String,
    /// Owner, Admin, Member or NotMember.
    role: &'static str,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let most = cx.app.state().settings.groups_batch_roles;
    let users = people::each_once(people::users(it.users, "User_Account", (most, Code::GroupParam))?);
    let roles = members::roles(cx, &group, users.clone()).await?;
    let users = users.into_iter().zip(roles);
    Ok(Response {
        user_id_list: users
            .map(|(account, role)| User { account, role: role.map_or("NotMember", |it| it.name()) })
            .collect(),
    })
}
