//! Takes back a reaction to a group message.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.group_reaction_del.yaml`.

use chat::{Cx, additions::reactions, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{named, reactions::reaction};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "openim_msg_ext_http_svc" / "group_reaction_del", "Takes back a reaction to a group message.", Socket,
    Request => Nothing, handle
);

/// Clients also name who reacts, but only the caller can.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    /// 1 to 64 bytes.
    reaction: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let named = named::in_group(it.group_id, it.topic_id, it.msg_seq)?;
    reactions::remove(cx, named, reaction(it.reaction)?).await?;
    Ok(Nothing {})
}
