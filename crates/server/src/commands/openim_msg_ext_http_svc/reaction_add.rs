//! Reacts to a one-to-one message.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.reaction_add.yaml`.

use chat::{Cx, additions::reactions, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{named, reactions::reaction};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "openim_msg_ext_http_svc" / "reaction_add", "Reacts to a one-to-one message.", Socket,
    Request => Nothing, handle
);

/// Clients also name who reacts, but only the caller can.
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
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let named = named::one_to_one(cx, it.from_account, it.to_account, it.msg_key)?;
    reactions::add(cx, named, reaction(it.reaction)?).await?;
    Ok(Nothing {})
}
