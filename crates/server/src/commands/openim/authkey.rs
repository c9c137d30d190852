//! Answers the question of older clients for a key to the vendor's old file store. There is none here; without
//! an answer their login ends in an error that nobody catches.
//!
//! Contract: `spec/client/transport.md` 10.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!("openim" / "authkey", "Answers older clients.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
