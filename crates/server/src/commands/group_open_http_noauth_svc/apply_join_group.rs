//! Lets somebody who is not logged in watch a live room.
//!
//! Contract: `spec/client/commands/group_open_http_noauth_svc.apply_join_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::live_rooms::{self, Guest},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, commands::group_open_http_svc::group_id, given::Given};

command!(
    "group_open_http_noauth_svc" / "apply_join_group", "Lets a guest watch a live room.", SocketAnyone,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    joined_status: &'static str,
    huge_group_flag: i64,
    long_polling_key: String,
    start_seq: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = live_rooms::find_room(cx, &group_id(it.group_id)?).await?;
    let guest = Guest::enter(cx, &group).await?;
    Ok(Response {
        joined_status: "JoinedSuccess",
        huge_group_flag: 1,
        long_polling_key: guest.key,
        start_seq: guest.start,
    })
}
