//! Reads a blocklist page by page.
//!
//! Contract: `spec/rest/sns.black_list_get.yaml`, `spec/client/commands/sns.black_list_get.yaml`.

use chat::{Cx, error::Error, relations};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{command::command, given::Given};

command!("sns" / "black_list_get", "Reads the blocklist.", Both, Request => Response, handle);

const PAGE_MAX: i64 = 1000;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Owner of the blocklist.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 0 first, then that of the answer before.
    start_index: Given<i64>,
    /// Entries of one page; more than 1000 are not returned.
    max_limited: Given<i64>,
    /// From an earlier answer, or 0.
    #[serde(default)]
    last_sequence: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    black_list_item: Vec<Item>,
    /// Where the next page starts; 0 when this was the last.
    start_index: i64,
    /// The vendor's spelling.
    curruent_sequence: i64,
    current_sequence: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Unix seconds.
    add_black_time_stamp: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let start = it.start_index.need(bad, "StartIndex")?;
    let limit = it.max_limited.need(bad, "MaxLimited")?;
    let known = it.last_sequence.optional(bad, "LastSequence")?.unwrap_or(0);
    if start < 0 || limit < 1 {
        return Err(Fail::with(bad, "StartIndex must not be below 0, nor MaxLimited below 1").into());
    }
    let list = relations::blocklist(cx, &owner, start, limit.min(PAGE_MAX), known).await?;
    let item = |(to_account, add_black_time_stamp)| Item { to_account, add_black_time_stamp };
    Ok(Response {
        black_list_item: list.entries.into_iter().map(item).collect(),
        start_index: list.next,
        curruent_sequence: list.sequence,
        current_sequence: list.sequence,
    })
}
