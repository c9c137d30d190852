//! Sets or removes marks of people in a live room.
//!
//! Contract: `spec/rest/group_open_avchatroom_http_svc.modify_user_info.yaml`, for clients
//! `spec/client/commands/group_open_avchatroom_http_svc.modify_user_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::live_rooms::{self, Marked},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, commands::group_open_http_svc::group_id, given::Given};

command!(
    "group_open_avchatroom_http_svc" / "modify_user_info", "Marks people in a live room.", Both,
    Request => Response, handle
);

/// People named by one call.
const MEMBERS_MAX: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 sets, 2 removes.
    command_type: Given<i64>,
    /// 1 to 500 people.
    member_list: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "Member_Account")]
    user: Given<String>,
    #[serde(rename = "Marks")]
    marks: Given<Vec<i64>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
    command_type: i64,
    member_list: Vec<Done>,
}

#[derive(Serialize, JsonSchema)]
struct Done {
    #[serde(rename = "Member_Account")]
    user: String,
    #[serde(rename = "Marks")]
    marks: Vec<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group_id = group_id(it.group_id)?;
    let command_type = it.command_type.need(bad, "CommandType")?;
    let list = it.member_list.need(bad, "MemberList")?;
    if list.len() > MEMBERS_MAX {
        let info = format!("MemberList has more than {MEMBERS_MAX} members");
        return Err(Fail::with(Code::GroupAccountsTooMany, info).into());
    }
    let set = match command_type {
        1 => true,
        2 => false,
        _ => return Err(Fail::with(bad, "CommandType must be 1 or 2").into()),
    };
    let item = |it: Item| {
        let user = it.user.need(bad, "MemberList[].Member_Account")?;
        Ok::<_, Fail>(Marked { user, marks: it.marks.need(bad, "MemberList[].Marks")? })
    };
    let list = list.into_iter().map(item).collect::<Result<_, _>>()?;
    let done = live_rooms::mark(cx, &group_id, set, list).await?;
    let member_list = done.into_iter().map(|it| Done { user: it.user, marks: it.marks }).collect();
    Ok(Response { group_id, command_type, member_list })
}
