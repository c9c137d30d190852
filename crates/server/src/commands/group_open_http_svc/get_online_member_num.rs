//! Counts the members of a group that are online.
//!
//! Contract: `spec/rest/group_open_http_svc.get_online_member_num.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.get_online_member_num.yaml`.

use chat::{Cx, error::Error, groups::live_rooms};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_online_member_num", "Counts the online members of a group.", Both,
    Request => Response, handle
);

/// How long a client may keep the number. Seconds.
const EXPIRE_SECONDS: i64 = 60;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    online_member_num: i64,
    /// Seconds; for clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_time: Option<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let online_member_num = live_rooms::present_count(cx, &group).await?;
    Ok(Response { online_member_num, expire_time: (!cx.is_admin()).then_some(EXPIRE_SECONDS) })
}
