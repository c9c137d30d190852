//! Reads counters of a group.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_counter.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_group_counter.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::counters::{self, Counters},
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!("group_open_http_svc" / "get_group_counter", "Reads counters of a group.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// All counters when it is empty or left out.
    #[serde(default)]
    group_counter_keys: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Response {
    group_counter: Vec<Counter>,
    /// For clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_counter_seq: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Counter {
    key: String,
    value: i64,
}

pub fn answer(cx: &Cx, it: Counters) -> Response {
    let group_counter = it.all.into_iter().map(|(key, value)| Counter { key, value }).collect();
    Response { group_counter, group_counter_seq: (!cx.is_admin()).then_some(it.seq) }
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let keys = it.group_counter_keys.optional(Code::GroupParam, "GroupCounterKeys")?.unwrap_or_default();
    Ok(answer(cx, counters::read(cx, &group, keys).await?))
}
