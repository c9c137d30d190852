//! Lists the pinned messages of a group or topic.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_pinned_messages.yaml`.

use chat::{Cx, error::Error, groups::pins};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_pinned_messages", "Lists pinned messages.", Socket, Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// The oldest pin first.
    pinned_msg_list: Vec<Pinned>,
}

#[derive(Serialize, JsonSchema)]
struct Pinned {
    #[serde(rename = "MsgSeq")]
    seq: i64,
    #[serde(rename = "Pinner_Account")]
    pinner: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let pins = pins::pinned(cx, &group, topic.as_deref()).await?;
    let pins = pins.into_iter().map(|(seq, pinner)| Pinned { seq, pinner });
    Ok(Response { pinned_msg_list: pins.collect() })
}
