//! Dismisses a group.
//!
//! Contract: `spec/rest/group_open_http_svc.destroy_group.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.destroy_group.yaml`.

use chat::{Cx, error::Error, groups};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "destroy_group", "Dismisses a group.", Both, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    groups::dismiss(cx, &super::group_id(it.group_id)?).await?;
    Ok(Nothing {})
}
