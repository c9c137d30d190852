//! Imports up to 100 accounts, each by itself.
//!
//! Contract: `spec/rest/im_open_login_svc.multiaccount_import.yaml`.

use chat::{
    Cx,
    accounts::{self, Import},
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "im_open_login_svc" / "multiaccount_import", "Imports up to 100 accounts.", Rest(100),
    Request => Response, handle
);

const ACCOUNTS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// The old form: user ids.
    #[serde(default)]
    accounts: Given<Vec<String>>,
    /// The new form.
    #[serde(default)]
    account_list: Given<Vec<Account>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Account {
    #[serde(rename = "UserID")]
    user_id: String,
    nick: Option<String>,
    face_url: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    fail_accounts: Vec<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::AccountParam;
    let imports: Vec<_> = match it.account_list.optional(bad, "AccountList")? {
        Some(list) => {
            list.into_iter().map(|it| Import { user: it.user_id, nick: it.nick, face: it.face_url }).collect()
        }
        None => {
            let list = it.accounts.need(bad, "AccountList")?;
            list.into_iter().map(|user| Import { user, nick: None, face: None }).collect()
        }
    };
    if imports.is_empty() {
        return Err(Fail::with(bad, "the list of accounts is empty").into());
    }
    if imports.len() > ACCOUNTS_MAX {
        return Err(Fail::with(Code::BatchSize, format!("more than {ACCOUNTS_MAX} accounts")).into());
    }
    let (total, mut over_quota, mut fail_accounts) = (imports.len(), 0, Vec::new());
    for import in imports {
        let user = import.user.clone();
        match accounts::import(cx, import).await {
            Ok(()) => {}
            Err(Error::Fail(it)) => {
                over_quota += usize::from(it.number == Code::AccountQuota.number());
                fail_accounts.push(user);
            }
            Err(error) => return Err(error),
        }
    }
    if over_quota == total {
        return Err(Code::AccountQuota.into());
    }
    Ok(Response { fail_accounts })
}
