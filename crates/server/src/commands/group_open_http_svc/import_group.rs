//! Takes a group in that was made elsewhere, with its own time of making; nobody is told.
//!
//! Contract: `spec/rest/group_open_http_svc.import_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{self, ApplyOption, InviteOption, Kind, NewGroup},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Field;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "import_group", "Imports a group.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "Owner_Account", default)]
    owner: Given<String>,
    /// Public, Private or Work, ChatRoom or Meeting, Community.
    #[serde(rename = "Type")]
    kind: Given<String>,
    /// As for a new group; made here when left out.
    #[serde(default)]
    group_id: Given<String>,
    name: Given<String>,
    #[serde(default)]
    introduction: Given<String>,
    #[serde(default)]
    notification: Given<String>,
    #[serde(default)]
    face_url: Given<String>,
    /// 2000 when left out.
    #[serde(default)]
    max_member_count: Given<u32>,
    #[serde(default)]
    apply_join_option: Given<String>,
    #[serde(default)]
    invite_join_option: Given<String>,
    #[serde(default)]
    app_defined_data: Given<Vec<Field>>,
    /// Unix seconds; now when left out.
    #[serde(default)]
    create_time: Given<u32>,
    /// Of communities: 1 with topics, 0 without.
    #[serde(default)]
    support_topic: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let kind = super::kind(it.kind)?;
    if kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "this group type cannot be imported").into());
    }
    let now = cx.chat.clock.now();
    let created_at = it.create_time.optional(bad, "CreateTime")?.map_or(now, i64::from);
    if created_at > now {
        return Err(Fail::with(bad, "CreateTime is in the future").into());
    }
    let new = NewGroup {
        kind,
        group_id: it.group_id.optional(bad, "GroupId")?.filter(|it| !it.is_empty()),
        owner: super::own(cx, it.owner, "Owner_Account")?,
        name: it.name.need(bad, "Name")?,
        introduction: it.introduction.optional(bad, "Introduction")?.unwrap_or_default(),
        notification: it.notification.optional(bad, "Notification")?.unwrap_or_default(),
        face: it.face_url.optional(bad, "FaceUrl")?.unwrap_or_default(),
        max_members: it.max_member_count.optional(bad, "MaxMemberCount")?.map(i64::from).filter(|it| *it > 0),
        apply: super::option(it.apply_join_option, "ApplyJoinOption", ApplyOption::parse)?,
        invite: super::option(it.invite_join_option, "InviteJoinOption", InviteOption::parse)?,
        support_topic: super::switch(it.support_topic, "SupportTopic")?.unwrap_or(false),
        custom: super::fields(it.app_defined_data, "AppDefinedData")?,
        members: Vec::new(),
        imported_at: Some(created_at),
    };
    Ok(Response { group_id: groups::make(cx, new).await?.group_id })
}
