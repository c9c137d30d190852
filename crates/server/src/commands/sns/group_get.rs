//! Gives a client its lists of friends.
//!
//! Contract: `spec/client/commands/sns.group_get.yaml`.

use chat::{Cx, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!("sns" / "group_get", "Reads the lists of friends.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<Raw>,
    current_sequence: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::SnsParam, "From_Account")?;
    crate::commands::openim::acting(cx, from, Code::SnsDenied)?;
    Ok(Response { result_item: Vec::new(), current_sequence: 0 })
}
