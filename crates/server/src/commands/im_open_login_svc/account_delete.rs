//! Deletes up to 100 accounts with all that is theirs.
//!
//! Contract: `spec/rest/im_open_login_svc.account_delete.yaml`.

use chat::{Cx, accounts, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "im_open_login_svc" / "account_delete", "Deletes up to 100 accounts.", Rest(100), Request => Response, handle
);

const ACCOUNTS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 accounts.
    #[serde(rename = "DeleteItem")]
    items: Given<Vec<Item>>,
}

/// One account of a batch.
#[derive(Deserialize, JsonSchema)]
pub struct Item {
    #[serde(rename = "UserID")]
    user_id: String,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "ResultItem")]
    items: Vec<Deleted>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    result_code: i64,
    result_info: String,
    #[serde(rename = "UserID")]
    user_id: String,
}

/// The user ids of a batch, which must be 1 to 100.
pub fn users(items: Given<Vec<Item>>, name: &str) -> Result<Vec<String>, Fail> {
    let items = items.need(Code::AccountParam, name)?;
    if items.is_empty() || items.len() > ACCOUNTS_MAX {
        return Err(Fail::with(Code::AccountParam, format!("{name} must have 1 to {ACCOUNTS_MAX} accounts")));
    }
    Ok(items.into_iter().map(|it| it.user_id).collect())
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let users = users(it.items, "DeleteItem")?;
    if !cx.app.state().settings.accounts_allow_delete {
        return Err(Code::DeleteForbidden.into());
    }
    let mut items = Vec::with_capacity(users.len());
    for user_id in users {
        let (result_code, result_info) = match accounts::delete(cx, &user_id).await {
            Ok(()) => (0, String::new()),
            Err(Error::Fail(it)) => (it.number, it.info.into_owned()),
            Err(error) => return Err(error),
        };
        items.push(Deleted { result_code, result_info, user_id });
    }
    Ok(Response { items })
}
