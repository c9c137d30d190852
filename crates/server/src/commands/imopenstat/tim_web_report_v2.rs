//! Takes a client's telemetry and drops it. The SDK uses it to find out that the server is back.
//!
//! Contract: `spec/client/commands/imopenstat.tim_web_report_v2.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!("imopenstat" / "tim_web_report_v2", "Takes telemetry.", SocketAnyone, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
