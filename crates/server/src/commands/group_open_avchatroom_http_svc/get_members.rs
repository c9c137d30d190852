//! Lists who is online in a live room or community, newest first.
//!
//! Contract: `spec/rest/group_open_avchatroom_http_svc.get_members.yaml`, for clients
//! `spec/client/commands/group_open_avchatroom_http_svc.get_members.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::live_rooms::{self, Present},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::group_open_http_svc::group_id,
    given::{Given, Raw, raw},
};

command!(
    "group_open_avchatroom_http_svc" / "get_members", "Lists who is online in a live room.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 0 first, then NextTimestamp.
    timestamp: Given<i64>,
    /// Only members that carry it.
    #[serde(default)]
    mark: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    member_list: Vec<Member>,
    /// 0 after the last page.
    next_timestamp: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(rename = "Member_Account")]
    member_account: String,
    /// Unix seconds.
    join_time: i64,
    nick_name: Raw,
    avatar: Raw,
    face_url: Raw,
    marks: Vec<i64>,
}

fn shown(it: Present) -> Result<Member, Error> {
    let text = |literal: &str| raw(if literal.is_empty() { "\"\"".to_owned() } else { literal.to_owned() });
    Ok(Member {
        member_account: it.user,
        join_time: it.joined_at,
        nick_name: text(&it.nick)?,
        avatar: text(&it.face)?,
        face_url: text(&it.face)?,
        marks: it.marks,
    })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = group_id(it.group_id)?;
    let start = it.timestamp.need(Code::GroupParam, "Timestamp")?;
    let mark = it.mark.optional(Code::GroupParam, "Mark")?;
    if start < 0 {
        return Err(Fail::with(Code::GroupParam, "Timestamp is below 0").into());
    }
    let (found, next_timestamp) = live_rooms::present(cx, &group, start, mark).await?;
    let member_list = found.into_iter().map(shown).collect::<Result<_, _>>()?;
    Ok(Response { member_list, next_timestamp })
}
