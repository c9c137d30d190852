//! Brings users into a group; a client's invitations may have to wait for consent.
//!
//! Contract: `spec/rest/group_open_http_svc.add_group_member.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.add_group_member.yaml`.

use chat::{Cx, error::Error, groups::invite};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::people;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "add_group_member", "Adds members.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1: nobody is told.
    #[serde(default)]
    silence: Given<i64>,
    /// 1 to 300 users.
    member_list: Given<Vec<Member>>,
}

#[derive(Deserialize, JsonSchema)]
struct Member {
    #[serde(rename = "Member_Account")]
    account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    member_list: Vec<Outcome>,
}

/// What became of one user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Outcome {
    #[serde(rename = "Member_Account")]
    pub account: String,
    /// 0 failed, 1 added, 2 a member already, 3 waits for consent, 4 is in too many groups.
    pub result: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let silent = super::switch(it.silence, "Silence")?.unwrap_or(false);
    let members = it.member_list.need(bad, "MemberList")?;
    let accounts = members.into_iter().map(|it| it.account.need(bad, "Member_Account"));
    let accounts = Given::Is(accounts.collect::<Result<Vec<_>, Fail>>()?);
    let most = cx.app.state().settings.groups_batch_add;
    let users = people::users(accounts, "MemberList", (most, Code::GroupAccountsTooMany))?;
    let outcomes = invite::invite(cx, &group, users.clone(), silent).await?;
    let outcome = |(account, it)| Outcome { account, result: it as i64 };
    Ok(Response { member_list: users.into_iter().zip(outcomes).map(outcome).collect() })
}
