//! Lists members of a group, page by page.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_member_info.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_group_member_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        Member,
        members::{self, Wanted},
    },
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    describe::{self, MemberFields, Room},
    people,
};
use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!(
    "group_open_http_svc" / "get_group_member_info", "Lists members.", Both, Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// Fields of members; without it all.
    #[serde(default)]
    member_info_filter: Given<Vec<String>>,
    /// Owner, Admin, Member.
    #[serde(default)]
    member_role_filter: Given<Vec<String>>,
    #[serde(rename = "AppDefinedDataFilter_GroupMember", default)]
    keys: Given<Vec<String>>,
    /// At most 6000; for communities and clients 100.
    #[serde(default)]
    limit: Given<u32>,
    /// Not for communities.
    #[serde(default)]
    offset: Given<u32>,
    /// Of communities: empty, then the cursor of the answer before.
    #[serde(default)]
    next: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    member_num: i64,
    member_list: Raw,
    /// Of communities: empty at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Members as `MemberList`, of at most 1 MB.
pub fn described(cx: &Cx, members: &[Member], fields: &MemberFields) -> Result<Raw, Error> {
    let (mut room, mut items) = (Room::default(), Vec::with_capacity(members.len()));
    for it in members {
        let item = describe::member(cx, it, fields)?;
        room.take(&item)?;
        items.push(item);
    }
    Ok(raw_list(&items)?)
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let fields = people::member_fields(cx, it.member_info_filter, it.keys)?;
    let wanted = Wanted {
        roles: people::roles(it.member_role_filter)?,
        limit: it.limit.optional(bad, "Limit")?.filter(|it| *it > 0).map(i64::from),
        offset: it.offset.optional(bad, "Offset")?.unwrap_or(0).into(),
        next: it.next.optional(bad, "Next")?.unwrap_or_default(),
    };
    let page = members::list(cx, &group, wanted).await?;
    Ok(Response {
        member_num: page.total,
        member_list: described(cx, &page.members, &fields)?,
        next: page.next,
    })
}
