//! Tells which user ids are accounts.
//!
//! Contract: `spec/rest/im_open_login_svc.account_check.yaml`.

use chat::{Cx, accounts, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::account_delete::{Item, users};
use crate::{command::command, given::Given};

command!(
    "im_open_login_svc" / "account_check", "Tells which user ids are accounts.", Rest(100),
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 accounts.
    #[serde(rename = "CheckItem")]
    items: Given<Vec<Item>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "ResultItem")]
    items: Vec<Checked>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Checked {
    #[serde(rename = "UserID")]
    user_id: String,
    result_code: i64,
    result_info: &'static str,
    account_status: &'static str,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let users = users(it.items, "CheckItem")?;
    let found = accounts::check(cx, users.clone()).await?;
    let checked = |(user_id, found)| Checked {
        user_id,
        result_code: 0,
        result_info: "",
        account_status: if found { "Imported" } else { "NotImported" },
    };
    Ok(Response { items: users.into_iter().zip(found).map(checked).collect() })
}
