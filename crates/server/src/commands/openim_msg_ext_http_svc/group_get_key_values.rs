//! Gives the extensions of a group message.
//!
//! Contract: `spec/rest/openim_msg_ext_http_svc.group_get_key_values.yaml`,
//! `spec/client/commands/openim_msg_ext_http_svc.group_get_key_values.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    pairs::{self, Page},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "group_get_key_values", "Gives extensions of a group message.", Both,
    Request => Page, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    /// The first change that is wanted; all pairs when it is left out.
    #[serde(default)]
    start_seq: Given<i64>,
    #[serde(rename = "startSeq", default)]
    start_seq_of_clients: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Page, Error> {
    let named = named::in_group(it.group_id, it.topic_id, it.msg_seq)?;
    pairs::page(cx, named, (it.start_seq, it.start_seq_of_clients)).await
}
