//! Deletes some or all counters of a group.
//!
//! Contract: `spec/rest/group_open_http_svc.delete_group_counter.yaml`.

use chat::{Cx, error::Error, groups::counters};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "delete_group_counter", "Deletes counters of a group.", Rest,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// All counters when it is empty or left out.
    #[serde(default)]
    group_counter_keys: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let keys = it.group_counter_keys.optional(Code::GroupParam, "GroupCounterKeys")?.unwrap_or_default();
    counters::delete(cx, &group, keys).await?;
    Ok(Nothing {})
}
