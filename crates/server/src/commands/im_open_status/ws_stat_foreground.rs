//! A client says that its app came to the foreground.
//!
//! Contract: `spec/client/commands/im_open_status.ws_stat_foreground.yaml`.

use chat::{Cx, error::Error, offline_push};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::command::{Nothing, command};

command!(
    "im_open_status" / "ws_stat_foreground", "Takes note of an app in the foreground.", Socket,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {}

async fn handle(cx: &Cx, _: Request) -> Result<Nothing, Error> {
    offline_push::in_foreground(cx).await?;
    Ok(Nothing {})
}
