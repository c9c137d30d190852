//! A client gives the token by which its device can be pushed to while it is offline.
//!
//! Contract: `spec/client/commands/im_open_status.ws_stat_settoken.yaml`.

use chat::{
    Cx,
    error::Error,
    offline_push::{self, DeviceToken},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "im_open_status" / "ws_stat_settoken", "Takes a token for offline pushes.", Socket,
    Request => Nothing, handle
);

/// A token that is no text counts as an empty one, which removes the earlier one.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "TokenID", default)]
    token_id: Given<String>,
    /// The app's certificate for the maker of the device, as the vendor's console numbers it.
    #[serde(rename = "BusiID", default)]
    busi_id: Given<Value>,
    #[serde(default)]
    inst_type: Given<Value>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let token = if let Given::Is(it) = it.token_id { it } else { String::new() };
    let device = DeviceToken { token, business: text(it.busi_id), kind: text(it.inst_type) };
    offline_push::set_token(cx, device).await?;
    Ok(Nothing {})
}

/// Some clients give numbers.
fn text(given: Given<Value>) -> String {
    match given {
        Given::Is(Value::String(it)) => it,
        Given::Is(Value::Number(it)) => it.to_string(),
        _ => String::new(),
    }
}
