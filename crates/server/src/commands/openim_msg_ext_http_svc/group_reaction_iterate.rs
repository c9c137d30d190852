//! Gives the users of one reaction to a group message.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.group_reaction_iterate.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    reactions::{self, Users},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "group_reaction_iterate", "Gives the users of one reaction.", Socket,
    Request => Users, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    /// 1 to 64 bytes.
    reaction: Given<String>,
    /// Of the answer before; 0 or left out for the first page.
    #[serde(default)]
    next_seq: Given<i64>,
    /// 1 to 100 users.
    count: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Users, Error> {
    let named = named::in_group(it.group_id, it.topic_id, it.msg_seq)?;
    reactions::users(cx, named, it.reaction, (it.next_seq, it.count)).await
}
