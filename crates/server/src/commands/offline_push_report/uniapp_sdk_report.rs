//! A client reports which offline pushes were opened.
//!
//! Contract: `spec/client/commands/offline_push_report.uniapp_sdk_report.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!(
    "offline_push_report" / "uniapp_sdk_report", "Takes a report on offline pushes.", Socket,
    Request => Nothing, handle
);

/// The report is not kept: no push was sent from here.
#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
