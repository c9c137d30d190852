//! Changes a member: role, receive option, name card, custom fields, mute.
//!
//! Contract: `spec/rest/group_open_http_svc.modify_group_member_info.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.modify_group_member_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        MsgFlag, Role,
        membership::{self, Change},
    },
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Field, people};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "modify_group_member_info", "Changes a member.", Both, Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(rename = "Member_Account")]
    account: Given<String>,
    /// Admin or Member.
    #[serde(default)]
    role: Given<String>,
    /// AcceptAndNotify, AcceptNotNotify or Discard.
    #[serde(default)]
    msg_flag: Given<String>,
    /// At most 50 bytes; an empty one is none.
    #[serde(default)]
    name_card: Given<String>,
    #[serde(default)]
    app_member_defined_data: Given<Vec<Field>>,
    /// Seconds from now; 0 ends a mute, 4294967295 has no end.
    #[serde(default)]
    mute_time: Given<u32>,
    /// The old name of MuteTime.
    #[serde(default)]
    shut_up_time: Given<u32>,
    /// Receive option and mute are then those of this topic.
    #[serde(default)]
    topic_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let change = Change {
        user: it.account.need(bad, "Member_Account")?,
        role: super::option(it.role, "Role", Role::parse)?,
        flag: super::option(it.msg_flag, "MsgFlag", MsgFlag::parse)?,
        card: it.name_card.optional(bad, "NameCard")?,
        custom: super::fields(it.app_member_defined_data, "AppMemberDefinedData")?,
        mute: people::mute_time(it.mute_time, it.shut_up_time)?,
        topic: super::topic_id(it.topic_id)?,
    };
    membership::change_member(cx, &group, change).await?;
    Ok(Nothing {})
}
