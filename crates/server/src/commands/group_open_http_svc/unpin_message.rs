//! Unpins a message of a group or topic.
//!
//! Contract: `spec/client/commands/group_open_http_svc.unpin_message.yaml`.

use chat::{Cx, error::Error, groups::pins};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "unpin_message", "Unpins a message.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    #[serde(rename = "UnPinner_Account", default)]
    operator: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    super::own(cx, it.operator, "UnPinner_Account")?;
    let seq = it.msg_seq.need(Code::GroupParam, "MsgSeq")?;
    pins::unpin(cx, &group, topic.as_deref(), seq).await?;
    Ok(Nothing {})
}
