//! Lists the ids of all groups of the app, page by page.
//!
//! Contract: `spec/rest/group_open_http_svc.get_appid_group_list.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::list::{self, Kinds},
};
use proto::{Code, Fail, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::describe::Room;
use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_appid_group_list", "Lists all groups of the app.", Rest(1),
    Request => Response, handle
);

const LIMIT_MAX: u64 = 10_000;
/// What an entry has beside the id.
const ENTRY: &str = "{\"GroupId\":}";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 10000.
    #[serde(default)]
    limit: Given<u64>,
    /// 0 at first, then what the last answer said.
    #[serde(default)]
    next: Given<u64>,
    /// Of this type only.
    #[serde(default)]
    group_type: Given<String>,
    /// The same; one widespread SDK sends it.
    #[serde(rename = "Type", default)]
    kind: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    total_count: i64,
    group_id_list: Vec<Entry>,
    /// 0 at the end.
    next: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    group_id: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let limit = it.limit.optional(bad, "Limit")?.unwrap_or(LIMIT_MAX);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(Fail::with(bad, format!("Limit must be 1 to {LIMIT_MAX}")).into());
    }
    let after = i64::try_from(it.next.optional(bad, "Next")?.unwrap_or(0)).unwrap_or(i64::MAX);
    let kinds = super::option(it.group_type.or(it.kind), "GroupType", Kinds::parse)?.unwrap_or(Kinds::Any);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let (total_count, ids, next) = list::of_app(cx, kinds, after, limit).await?;
    let mut room = Room::default();
    for id in &ids {
        room.take(&quote(id))?;
        room.take(ENTRY)?;
    }
    let group_id_list = ids.into_iter().map(|group_id| Entry { group_id }).collect();
    Ok(Response { total_count, group_id_list, next })
}
