//! Makes a group.
//!
//! Contract: `spec/rest/group_open_http_svc.create_group.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.create_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{self, ApplyOption, First, InviteOption, Kind, MsgFlag, NewGroup, Role},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Field;
use crate::{command::command, given::Given};

command!("group_open_http_svc" / "create_group", "Makes a group.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "Owner_Account", default)]
    owner: Given<String>,
    /// Public, Private or Work, ChatRoom or Meeting, AVChatRoom, Community.
    #[serde(rename = "Type")]
    kind: Given<String>,
    /// At most 48 printable ASCII characters; made here when left out.
    #[serde(default)]
    group_id: Given<String>,
    name: Given<String>,
    #[serde(default)]
    introduction: Given<String>,
    #[serde(default)]
    notification: Given<String>,
    #[serde(default)]
    face_url: Given<String>,
    #[serde(default)]
    max_member_count: Given<u32>,
    #[serde(default)]
    apply_join_option: Given<String>,
    #[serde(default)]
    invite_join_option: Given<String>,
    #[serde(default)]
    app_defined_data: Given<Vec<Field>>,
    /// First members besides the owner, at most 100.
    #[serde(default)]
    member_list: Given<Vec<Member>>,
    /// Of communities: 1 with topics, 0 without.
    #[serde(default)]
    support_topic: Given<i64>,
    /// Permission groups are not built; both are read and have no effect.
    #[serde(default)]
    enable_permission: Given<i64>,
    #[serde(default)]
    default_permission: Given<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(rename = "Member_Account")]
    account: Given<String>,
    #[serde(default)]
    role: Given<String>,
    #[serde(default)]
    msg_flag: Given<String>,
    #[serde(default)]
    name_card: Given<String>,
    /// What SDKs send beside; read and without effect.
    #[serde(default)]
    join_time: Given<i64>,
    #[serde(default)]
    msg_seq: Given<i64>,
    #[serde(default)]
    last_send_msg_time: Given<i64>,
    #[serde(default)]
    app_member_defined_data: Given<Vec<Field>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
    #[serde(rename = "Type")]
    kind: &'static str,
    huge_group_flag: i64,
    /// First members that were left out because they are in too many groups; clients get an empty list too.
    #[serde(rename = "OverJoinedGroupLimit_Account", skip_serializing_if = "Option::is_none")]
    over_limit: Option<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let kind = super::kind(it.kind)?;
    it.enable_permission.optional(bad, "EnablePermission")?;
    it.default_permission.optional(bad, "DefaultPermission")?;
    let members = it.member_list.optional(bad, "MemberList")?.unwrap_or_default();
    let most = cx.app.state().settings.groups_batch_create;
    if members.len() as i64 > most {
        return Err(Fail::with(
            Code::GroupAccountsTooMany,
            format!("MemberList has more than {most} entries"),
        )
        .into());
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
        members: members.into_iter().map(first).collect::<Result<_, _>>()?,
        imported_at: None,
    };
    let made = groups::make(cx, new).await?;
    Ok(Response {
        group_id: made.group_id,
        kind: kind.name(),
        huge_group_flag: i64::from(kind == Kind::AvChatRoom),
        over_limit: Some(made.over_limit).filter(|it| !it.is_empty() || !cx.is_admin()),
    })
}

fn first(it: Member) -> Result<First, Fail> {
    let bad = Code::GroupParam;
    let role = match super::option(it.role, "Role", Role::parse)? {
        Some(Role::Owner) => return Err(Fail::with(bad, "only Admin may be given as Role")),
        role => role.unwrap_or(Role::Member),
    };
    it.join_time.optional(bad, "JoinTime")?;
    it.msg_seq.optional(bad, "MsgSeq")?;
    it.last_send_msg_time.optional(bad, "LastSendMsgTime")?;
    Ok(First {
        user: it.account.need(bad, "Member_Account")?,
        role,
        flag: super::option(it.msg_flag, "MsgFlag", MsgFlag::parse)?,
        card: it.name_card.optional(bad, "NameCard")?.unwrap_or_default(),
        custom: super::fields(it.app_member_defined_data, "AppMemberDefinedData")?,
    })
}
