//! Replaces the content of a stored group message.
//!
//! Contract: `spec/rest/openim.modify_group_msg.yaml`, `spec/client/commands/openim.modify_group_msg.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::modify::{self, Named},
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::modify_c2c_msg::change;
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "openim" / "modify_group_msg", "Replaces the content of a group message.", Both, Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    /// Of clients: the version they hold, 0 when it was never changed.
    #[serde(default)]
    msg_version: Given<i64>,
    #[serde(default)]
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_body: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = it.group_id.need(Code::GroupIdInvalid, "GroupId")?;
    if group.is_empty() {
        return Err(Code::GroupIdInvalid.into());
    }
    let named = Named {
        group,
        topic: it.topic_id.optional(Code::MsgInvalid, "TopicId")?.filter(|it| !it.is_empty()),
        seq: it.msg_seq.need(Code::MsgInvalid, "MsgSeq")?,
    };
    let change = change(cx, it.msg_body, it.cloud_custom_data, it.msg_version)?;
    let modified = modify::modify(cx, named, change).await?;
    if cx.is_admin() {
        return Ok(Response { msg_version: None, msg_body: None, cloud_custom_data: None });
    }
    Ok(Response {
        msg_version: Some(modified.version),
        msg_body: Some(raw(modified.body)?),
        cloud_custom_data: Some(raw(modified.cloud)?),
    })
}
