//! A client says that its app went to the background. It stays online.
//!
//! Contract: `spec/client/commands/im_open_status.ws_stat_background.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!(
    "im_open_status" / "ws_stat_background", "Takes note of an app in the background.", Socket,
    Request => Nothing, handle
);

/// The unread counts in it are for badges of offline pushes, and there is no channel for those.
#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
