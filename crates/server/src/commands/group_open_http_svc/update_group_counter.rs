//! Sets, raises or lowers counters of a group, all or none.
//!
//! Contract: `spec/rest/group_open_http_svc.update_group_counter.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.update_group_counter.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::counters::{self, Mode},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::get_group_counter::{Response, answer};
use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "update_group_counter", "Changes counters of a group.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 20 counters.
    group_counter: Given<Vec<Counter>>,
    /// Set, Increase or Decrease; Set when left out.
    #[serde(default)]
    mode: Given<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Counter {
    key: Given<String>,
    value: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let mode = super::option(it.mode, "Mode", Mode::parse)?.unwrap_or(Mode::Set);
    let given = it.group_counter.need(bad, "GroupCounter")?;
    if given.is_empty() {
        return Err(Fail::with(bad, "GroupCounter is empty").into());
    }
    let value = |it: Counter| Ok((it.key.need(bad, "Key")?, it.value.need(bad, "Value")?));
    let values = given.into_iter().map(value).collect::<Result<_, Fail>>()?;
    Ok(answer(cx, counters::update(cx, &group, mode, values).await?))
}
