//! Tells a client the status of other users.
//!
//! Contract: `spec/client/commands/im_open_status.ws_get_user_status.yaml`.

use chat::{Cx, error::Error, status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unknown;
use crate::{command::command, given::Given};

command!(
    "im_open_status" / "ws_get_user_status", "Reads the status of users.", Socket,
    Request => Response, handle
);

const USERS_MAX: usize = 500;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 500 users.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<Given<String>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    user_status_list: Vec<Found>,
    error_list: Vec<Unknown>,
}

#[derive(Serialize, JsonSchema)]
struct Found {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// 1 online, 2 connection lost, 3 logged out or never logged in.
    #[serde(rename = "Status")]
    status: i64,
    /// BASE64.
    #[serde(rename = "CustomStatus")]
    custom_status: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let users = super::some_users(it.to_account, USERS_MAX)?;
    let (mut user_status_list, mut error_list) = (Vec::new(), Vec::new());
    for (to_account, shown) in users.iter().cloned().zip(status::of(cx, users.clone()).await?) {
        match shown {
            Some(it) => {
                let (status, custom_status) = (it.status as i64, it.encoded());
                user_status_list.push(Found { to_account, status, custom_status });
            }
            None => error_list.push(to_account.into()),
        }
    }
    Ok(Response { user_status_list, error_list })
}
