//! A client gives the token by which its device can be pushed to while it is offline.
//!
//! Contract: `spec/client/commands/im_open_status.ws_stat_settoken.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!(
    "im_open_status" / "ws_stat_settoken", "Takes a token for offline pushes.", Socket,
    Request => Nothing, handle
);

/// The token is not kept: there is no channel to push by.
#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(_: &Cx, _: Request) -> Result<Nothing, Error> {
    Ok(Nothing {})
}
