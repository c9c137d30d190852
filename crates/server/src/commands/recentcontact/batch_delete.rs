//! A client removes conversations from its list.
//!
//! Contract: `spec/client/commands/recentcontact.batch_delete.yaml`.

use chat::{Cx, conversations, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Which;
use crate::{command::command, commands::openim::acting, given::Given};

command!("recentcontact" / "batch_delete", "Deletes own conversations.", Socket, Request => Response, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(default)]
    clear_ramble: Given<i64>,
    contact_item: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "Type", default)]
    kind: Given<i64>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(rename = "ToGroupid", alias = "ToGroupId", default)]
    group: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<Deleted>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    #[serde(rename = "Type")]
    kind: i64,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(rename = "ToGroupid", skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    result_code: i64,
    result_info: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = acting(cx, it.from_account.optional(bad, "From_Account")?, Code::ContactDenied)?;
    let clear = it.clear_ramble.optional(bad, "ClearRamble")? == Some(1);
    let items = it.contact_item.need(Code::ContactBatchSize, "ContactItem")?;
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(
            Fail::with(Code::ContactBatchSize, format!("expected 1 to {ITEMS_MAX} conversations")).into()
        );
    }
    let items = items.into_iter().map(|it| super::which(it.kind, it.to_account, it.group));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let mut result_item = Vec::with_capacity(items.len());
    for which in items {
        let (result_code, result_info) = match conversations::delete(cx, &owner, &which, clear).await {
            Ok(()) => (0, String::new()),
            Err(Error::Fail(it)) => (it.number, it.info.into_owned()),
            Err(error) => return Err(error),
        };
        let (kind, to_account, group) = match which {
            Which::Peer(peer) => (1, Some(peer), None),
            Which::Group(group) => (2, None, Some(group)),
        };
        result_item.push(Deleted { kind, to_account, group, result_code, result_info });
    }
    Ok(Response { result_item })
}
