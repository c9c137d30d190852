//! Sets or removes extensions of a group message.
//!
//! Contract: `spec/rest/openim_msg_ext_http_svc.group_set_key_values.yaml`,
//! `spec/client/commands/openim_msg_ext_http_svc.group_set_key_values.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    pairs::{self, Changed, Wanted},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "group_set_key_values", "Changes extensions of a group message.", Both,
    Request => Changed, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_seq: Given<i64>,
    /// 1 sets pairs, 2 removes pairs, 3 removes all.
    operate_type: Given<i64>,
    /// 1 to 20 pairs; not needed to remove all.
    #[serde(default)]
    extension_list: Given<Vec<Wanted>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Changed, Error> {
    let named = named::in_group(it.group_id, it.topic_id, it.msg_seq)?;
    pairs::change(cx, named, it.operate_type, it.extension_list).await
}
