//! Takes members in from elsewhere, without telling anybody.
//!
//! Contract: `spec/rest/group_open_http_svc.import_group_member.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        Role,
        members::{self, Imported},
    },
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::add_group_member::Outcome;
use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "import_group_member", "Imports members.", Rest, Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 300 members.
    member_list: Given<Vec<Member>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(rename = "Member_Account")]
    account: Given<String>,
    /// Only Admin.
    #[serde(default)]
    role: Given<String>,
    /// After the making of the group; now when left out.
    #[serde(default)]
    join_time: Given<u32>,
    /// As far as there are so many messages.
    #[serde(default)]
    unread_msg_num: Given<u32>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    member_list: Vec<Outcome>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let members = it.member_list.need(Code::GroupParam, "MemberList")?;
    let most = cx.app.state().settings.groups_batch_import_members;
    if members.is_empty() {
        return Err(Fail::with(Code::GroupParam, "MemberList is empty").into());
    }
    if members.len() as i64 > most {
        return Err(Fail::with(
            Code::GroupAccountsTooMany,
            format!("MemberList has more than {most} entries"),
        )
        .into());
    }
    let members = members.into_iter().map(imported).collect::<Result<Vec<_>, Fail>>()?;
    let users: Vec<_> = members.iter().map(|it| it.user.clone()).collect();
    let outcomes = members::import(cx, &group, members).await?;
    let outcome = |(account, it)| Outcome { account, result: it as i64 };
    Ok(Response { member_list: users.into_iter().zip(outcomes).map(outcome).collect() })
}

fn imported(it: Member) -> Result<Imported, Fail> {
    let bad = Code::GroupParam;
    let role = match super::option(it.role, "Role", Role::parse)? {
        Some(Role::Owner) => return Err(Fail::with(bad, "only Admin may be given as Role")),
        role => role.unwrap_or(Role::Member),
    };
    Ok(Imported {
        user: it.account.need(bad, "Member_Account")?,
        role,
        joined_at: it.join_time.optional(bad, "JoinTime")?.map(i64::from),
        unread: it.unread_msg_num.optional(bad, "UnreadMsgNum")?.unwrap_or(0).into(),
    })
}
