//! Pages through the conversations that have marks or are in conversation groups.
//!
//! Contract: `spec/rest/recentcontact.get_contact_group.yaml`; for clients
//! `spec/client/commands/recentcontact.get_contact_group.yaml`.

use chat::{Cx, conversations::groups, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Group, MarkedContact};
use crate::{command::command, given::Given};

command!(
    "recentcontact" / "get_contact_group", "Reads conversation groups and marks.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 0 at first, then NextStartIndex.
    start_index: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    contact_item: Vec<MarkedContact>,
    group_item: Vec<Group>,
    /// 1 on the last page.
    complete_flag: i64,
    next_start_index: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = super::owner(cx, it.from_account)?;
    let start = it.start_index.need(bad, "StartIndex")?;
    if start < 0 {
        return Err(Fail::with(bad, "StartIndex must not be negative").into());
    }
    let page = groups::page(cx, &owner, start).await?;
    Ok(Response {
        contact_item: super::marked(cx, page.items),
        group_item: super::groups(page.groups),
        complete_flag: i64::from(page.next.is_none()),
        next_start_index: page.next.unwrap_or(0),
    })
}
