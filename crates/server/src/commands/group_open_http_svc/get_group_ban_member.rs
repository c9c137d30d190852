//! Lists the running bans of an AVChatRoom.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_ban_member.yaml`.

use chat::{Cx, error::Error, groups::live_rooms};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_group_ban_member", "Lists the bans of an AVChatRoom.", Rest,
    Request => Response, handle
);

/// Bans on a page.
const LIMIT_MAX: i64 = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 100, which is the default.
    #[serde(default)]
    limit: Given<i64>,
    /// 0 first, then NextOffset.
    offset: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    banned_account_list: Vec<Banned>,
    /// 0 after the last page.
    next_offset: i64,
}

#[derive(Serialize, JsonSchema)]
struct Banned {
    #[serde(rename = "Member_Account")]
    member_account: String,
    /// Unix seconds.
    #[serde(rename = "BannedUntil")]
    banned_until: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = super::group_id(it.group_id)?;
    let limit = it.limit.optional(Code::GroupParam, "Limit")?.unwrap_or(LIMIT_MAX);
    let offset = it.offset.need(Code::GroupParam, "Offset")?;
    if limit > LIMIT_MAX {
        return Err(Fail::with(Code::GroupAccountsTooMany, format!("Limit is above {LIMIT_MAX}")).into());
    }
    if limit < 1 || offset < 0 {
        return Err(Fail::with(Code::GroupParam, "Limit must be above 0, Offset not below").into());
    }
    let (found, next_offset) = live_rooms::bans(cx, &group, offset, limit).await?;
    let shown = |it: live_rooms::Banned| Banned { member_account: it.user, banned_until: it.until };
    Ok(Response { banned_account_list: found.into_iter().map(shown).collect(), next_offset })
}
