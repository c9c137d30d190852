//! Makes a topic in a community.
//!
//! Contract: `spec/rest/million_group_open_http_svc.create_topic.yaml`, for clients
//! `spec/client/commands/million_group_open_http_svc.create_topic.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::topics::{self, NewTopic},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Named, operator, texts};
use crate::{command::command, commands::group_open_http_svc::group_id, given::Given};

command!(
    "million_group_open_http_svc" / "create_topic", "Makes a topic in a community.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    pub group_id: Given<String>,
    /// GroupId, @TOPIC#_ and a part of its own; a random one when left out.
    #[serde(default)]
    pub topic_id: Given<String>,
    pub topic_name: Given<String>,
    #[serde(rename = "From_Account", default)]
    pub from_account: Given<Named>,
    #[serde(default)]
    pub custom_string: Given<String>,
    #[serde(default)]
    pub face_url: Given<String>,
    #[serde(default)]
    pub notification: Given<String>,
    #[serde(default)]
    pub introduction: Given<String>,
    /// Public; Private is not built.
    #[serde(default)]
    pub topic_type: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    topic_id: String,
}

/// Makes the topic; with a time it is imported.
pub async fn make(cx: &Cx, it: Request, imported_at: Option<i64>) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = group_id(it.group_id)?;
    let operator = operator(cx, it.from_account)?;
    match it.topic_type.optional(bad, "TopicType")?.as_deref() {
        None | Some("" | "Public") => {}
        Some("Private") => return Err(Fail::with(Code::GroupDenied, "there are no private topics").into()),
        Some(other) => return Err(Fail::with(bad, format!("there is no TopicType {other:?}")).into()),
    }
    let texts = texts!(it);
    if texts.name.is_none() {
        return Err(Fail::with(bad, "TopicName is missing").into());
    }
    let topic_id = it.topic_id.optional(bad, "TopicId")?.filter(|it| !it.is_empty());
    let topic_id = topics::create(cx, NewTopic { group, topic_id, texts, operator, imported_at }).await?;
    Ok(Response { topic_id })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    make(cx, it, None).await
}
