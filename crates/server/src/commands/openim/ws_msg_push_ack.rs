//! A client acknowledges a push. The gateway takes such a frame itself, since it is not answered.
//!
//! Contract: `spec/client/commands/openim.ws_msg_push_ack.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!("openim" / "ws_msg_push_ack", "Acknowledges a push.", SocketAnyone, Request => Nothing, handle);

/// What was pushed is named in the frame, but only that something came matters.
#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
