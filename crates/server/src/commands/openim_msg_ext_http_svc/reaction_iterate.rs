//! Gives the users of one reaction to a one-to-one message.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.reaction_iterate.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    reactions::{self, Users},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "reaction_iterate", "Gives the users of one reaction.", Socket,
    Request => Users, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Sender of the message; whoever calls when it is left out.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    msg_key: Given<String>,
    /// 1 to 64 bytes.
    reaction: Given<String>,
    /// Of the answer before; 0 or left out for the first page.
    #[serde(default)]
    next_seq: Given<i64>,
    /// 1 to 100 users.
    count: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Users, Error> {
    let named = named::one_to_one(cx, it.from_account, it.to_account, it.msg_key)?;
    reactions::users(cx, named, it.reaction, (it.next_seq, it.count)).await
}
