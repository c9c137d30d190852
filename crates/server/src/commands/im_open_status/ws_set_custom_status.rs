//! Sets a client's own custom status.
//!
//! Contract: `spec/client/commands/im_open_status.ws_set_custom_status.yaml`.

use chat::{Cx, error::Error, status};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "im_open_status" / "ws_set_custom_status", "Sets the own custom status.", Socket,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// At most 100 bytes; an empty text removes it.
    #[serde(default)]
    custom_status: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let custom = it.custom_status.optional(Code::AccountParam, "CustomStatus")?;
    status::set_custom(cx, custom.unwrap_or_default()).await?;
    Ok(Nothing {})
}
