//! A client pins or unpins conversations, all or none.
//!
//! Contract: `spec/client/commands/recentcontact.top.yaml`.

use chat::{Cx, conversations, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    commands::openim::acting,
    given::Given,
};

command!("recentcontact" / "top", "Pins or unpins own conversations.", Socket, Request => Nothing, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 pin, 2 unpin.
    operation_type: Given<i64>,
    recent_contact_item: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "Type", default)]
    kind: Given<i64>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(rename = "GroupId", alias = "ToGroupid", alias = "ToGroupId", default)]
    group: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::ContactParam;
    let owner = acting(cx, it.from_account.optional(bad, "From_Account")?, Code::ContactDenied)?;
    let pinned = match it.operation_type.need(bad, "OperationType")? {
        1 => true,
        2 => false,
        _ => return Err(Fail::with(bad, "OperationType must be 1 or 2").into()),
    };
    let items = it.recent_contact_item.need(bad, "RecentContactItem")?;
    if items.is_empty() || items.len() > ITEMS_MAX {
        return Err(Fail::with(bad, format!("expected 1 to {ITEMS_MAX} conversations")).into());
    }
    let named = items.into_iter().map(|it| super::which(it.kind, it.to_account, it.group));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    conversations::pin(cx, &owner, named, pinned).await?;
    Ok(Nothing {})
}
