//! Recalls what an account said in a group lately, without telling anybody.
//!
//! Contract: `spec/rest/group_open_http_svc.delete_group_msg_by_sender.yaml`.

use chat::{Cx, error::Error, groups::recall};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "delete_group_msg_by_sender", "Recalls all messages of a sender.", Rest,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    #[serde(rename = "Sender_Account")]
    sender: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let sender = it.sender.need(Code::GroupParam, "Sender_Account")?;
    recall::recall_all_of(cx, &group, topic.as_deref(), &sender).await?;
    Ok(Nothing {})
}
