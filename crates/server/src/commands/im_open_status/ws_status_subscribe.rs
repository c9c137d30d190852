//! Subscribes a client's user to the status of others.
//!
//! Contract: `spec/client/commands/im_open_status.ws_status_subscribe.yaml`.

use chat::{Cx, error::Error, status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unknown;
use crate::{command::command, given::Given};

command!(
    "im_open_status" / "ws_status_subscribe", "Subscribes to the status of users.", Socket,
    Request => Response, handle
);

const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 users.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<Given<String>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    error_list: Vec<Unknown>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let users = super::some_users(it.to_account, USERS_MAX)?;
    let unknown = status::subscribe(cx, users).await?;
    Ok(Response { error_list: unknown.into_iter().map(Unknown::from).collect() })
}
