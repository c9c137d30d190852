//! Ends subscriptions of a client's user to the status of others.
//!
//! Contract: `spec/client/commands/im_open_status.ws_status_unsubscribe.yaml`.

use chat::{Cx, error::Error, status};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Unknown;
use crate::{command::command, given::Given};

command!(
    "im_open_status" / "ws_status_unsubscribe", "Ends subscriptions to the status of users.", Socket,
    Request => Response, handle
);

const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 ends all subscriptions.
    #[serde(rename = "UnsubscribeAll", default)]
    all: Given<i64>,
    /// At most 100 users; none means all.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<Given<String>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// Always empty: to end what is not there is a success.
    error_list: Vec<Unknown>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let all = it.all.optional(Code::BatchSize, "UnsubscribeAll")? == Some(1);
    let users = super::users(it.to_account, USERS_MAX)?;
    status::unsubscribe(cx, (!all && !users.is_empty()).then_some(users)).await?;
    Ok(Response { error_list: Vec::new() })
}
