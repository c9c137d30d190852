//! Gives a client its friend list.
//!
//! Contract: `spec/client/commands/sns.friend_get.yaml`.

use chat::{Cx, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!("sns" / "friend_get", "Reads the friend list.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    user_data_item: Vec<Raw>,
    standard_sequence: i64,
    custom_sequence: i64,
    friend_num: i64,
    complete_flag: i64,
    next_start_index: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let from = it.from_account.optional(Code::SnsParam, "From_Account")?;
    crate::commands::openim::acting(cx, from, Code::SnsDenied)?;
    Ok(Response {
        user_data_item: Vec::new(),
        standard_sequence: 0,
        custom_sequence: 0,
        friend_num: 0,
        complete_flag: 1,
        next_start_index: 0,
    })
}
