//! Keeps a login alive; a client whose session ended learns it by this at the latest.
//!
//! Contract: `spec/client/commands/im_open_status.wshello.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!("im_open_status" / "wshello", "Keeps the login alive.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
