//! Changes any part of a group's profile, all that is named or nothing.
//!
//! Contract: `spec/rest/group_open_http_svc.modify_group_base_info.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.modify_group_base_info.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        ApplyOption, InviteOption,
        profile::{self, Changes},
    },
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Field, on_or_off};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "modify_group_base_info", "Changes a group's profile.", Both,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// Who changes it, as the members see it; the administrator of the call when left out.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(default)]
    name: Given<String>,
    #[serde(default)]
    introduction: Given<String>,
    #[serde(default)]
    notification: Given<String>,
    #[serde(default)]
    face_url: Given<String>,
    #[serde(default)]
    max_member_num: Given<u32>,
    #[serde(default)]
    apply_join_option: Given<String>,
    #[serde(default)]
    invite_join_option: Given<String>,
    /// On or Off.
    #[serde(default)]
    mute_all_member: Given<String>,
    /// The same under its old name.
    #[serde(default)]
    shut_up_all_member: Given<String>,
    /// Only these keys change; an empty value deletes.
    #[serde(default)]
    app_defined_data: Given<Vec<Field>>,
    /// Not built; these are read and have no effect.
    #[serde(default)]
    enable_permission: Given<i64>,
    #[serde(default)]
    default_permission: Given<i64>,
    /// On or Off: whether new members read older messages. Private, Public and ChatRoom groups.
    #[serde(default)]
    history_msg_before_join: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id.clone())?;
    let operator = super::own(cx, it.from_account.clone(), "From_Account")?;
    profile::change_profile(cx, &group, operator, changes(it)?).await?;
    Ok(Nothing {})
}

fn changes(it: Request) -> Result<Changes, Fail> {
    let bad = Code::GroupParam;
    let given = [
        it.name.is_missing(),
        it.introduction.is_missing(),
        it.notification.is_missing(),
        it.face_url.is_missing(),
        it.max_member_num.is_missing(),
        it.apply_join_option.is_missing(),
        it.invite_join_option.is_missing(),
        it.mute_all_member.is_missing(),
        it.shut_up_all_member.is_missing(),
        it.app_defined_data.is_missing(),
        it.enable_permission.is_missing(),
        it.default_permission.is_missing(),
        it.history_msg_before_join.is_missing(),
    ];
    if given.iter().all(|is_missing| *is_missing) {
        return Err(Fail::with(bad, "there is no field to change"));
    }
    it.enable_permission.optional(bad, "EnablePermission")?;
    it.default_permission.optional(bad, "DefaultPermission")?;
    let custom = match it.app_defined_data.is_missing() {
        true => None,
        false => Some(super::fields(it.app_defined_data, "AppDefinedData")?),
    };
    Ok(Changes {
        name: it.name.optional(bad, "Name")?,
        introduction: it.introduction.optional(bad, "Introduction")?,
        notification: it.notification.optional(bad, "Notification")?,
        face: it.face_url.optional(bad, "FaceUrl")?,
        max_members: it.max_member_num.optional(bad, "MaxMemberNum")?.map(i64::from).filter(|it| *it > 0),
        apply: super::option(it.apply_join_option, "ApplyJoinOption", ApplyOption::parse)?,
        invite: super::option(it.invite_join_option, "InviteJoinOption", InviteOption::parse)?,
        mute_all: super::option(it.mute_all_member.or(it.shut_up_all_member), "MuteAllMember", on_or_off)?,
        older_history: super::option(it.history_msg_before_join, "HistoryMsgBeforeJoin", on_or_off)?,
        custom,
    })
}
