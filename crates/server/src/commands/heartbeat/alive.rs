//! Answers a client's heartbeat, before and after a login.
//!
//! Contract: `spec/client/commands/heartbeat.alive.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!("heartbeat" / "alive", "Answers a heartbeat.", SocketAnyone, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
