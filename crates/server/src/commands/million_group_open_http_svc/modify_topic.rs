//! Changes a topic.
//!
//! Contract: `spec/rest/million_group_open_http_svc.modify_topic.yaml`, for clients
//! `spec/client/commands/million_group_open_http_svc.modify_topic.yaml`.

use chat::{Cx, error::Error, groups::topics};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Named, operator, texts};
use crate::{
    command::{Nothing, command},
    commands::group_open_http_svc::{group_id, on_or_off, option},
    given::Given,
};

command!(
    "million_group_open_http_svc" / "modify_topic", "Changes a topic.", Both,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    topic_id: Given<String>,
    #[serde(rename = "From_Account", default)]
    from_account: Given<Named>,
    #[serde(default)]
    topic_name: Given<String>,
    #[serde(default)]
    custom_string: Given<String>,
    #[serde(default)]
    face_url: Given<String>,
    #[serde(default)]
    notification: Given<String>,
    #[serde(default)]
    introduction: Given<String>,
    /// On or Off.
    #[serde(default)]
    mute_all_member: Given<String>,
    /// The same under its old name.
    #[serde(default)]
    shut_up_all_member: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = group_id(it.group_id)?;
    let topic = it.topic_id.need(Code::GroupParam, "TopicId")?;
    let operator = operator(cx, it.from_account)?;
    let mute_all = option(it.mute_all_member.or(it.shut_up_all_member), "MuteAllMember", on_or_off)?;
    topics::modify(cx, &group, &topic, operator, texts!(it), mute_all).await?;
    Ok(Nothing {})
}
