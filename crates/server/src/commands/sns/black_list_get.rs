//! Gives a client its blocklist.
//!
//! Contract: `spec/client/commands/sns.black_list_get.yaml`.

use chat::{Cx, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!("sns" / "black_list_get", "Reads the blocklist.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    black_list_item: Vec<Raw>,
    start_index: i64,
    curruent_sequence: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::SnsParam, "From_Account")?;
    crate::commands::openim::acting(cx, from, Code::SnsDenied)?;
    Ok(Response { black_list_item: Vec::new(), start_index: 0, curruent_sequence: 0 })
}
