//! A client leaves a group.
//!
//! Contract: `spec/client/commands/group_open_http_svc.quit_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{self, Kind, leave, live_rooms},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "quit_group", "Leaves a group.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = groups::find(cx, &super::group_id(it.group_id)?).await?;
    if group.kind == Kind::AvChatRoom {
        live_rooms::quit(cx, &group).await?;
        return Ok(Nothing {});
    }
    leave::leave(cx, group.id()).await?;
    Ok(Nothing {})
}
