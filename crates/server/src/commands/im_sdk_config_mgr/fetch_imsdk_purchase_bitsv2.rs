//! Tells a client which abilities are on.
//!
//! Contract: `spec/client/commands/im_sdk_config_mgr.fetch_imsdk_purchase_bitsv2.yaml`.

use chat::{Cx, error::Error, settings::Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{abilities, command::command};

command!(
    "im_sdk_config_mgr" / "fetch_imsdk_purchase_bitsv2", "Tells which abilities are on.", Socket,
    Request => Response, handle
);

/// The command under which changed abilities are pushed.
pub const PUSHED: &str = "im_sdk_config_mgr.push_imsdk_purchase_bitsv2";

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
pub struct Response {
    int32_error_code: i64,
    str_error_message: &'static str,
    str_purchase_bits: String,
    uint32_expired_time: i64,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    Ok(content(&cx.app.state().settings))
}

/// The abilities as clients get them, asked or not.
pub fn content(settings: &Settings) -> Response {
    Response {
        int32_error_code: 0,
        str_error_message: "",
        str_purchase_bits: abilities::bits(settings),
        uint32_expired_time: settings.cloud_expire_seconds.max(1),
    }
}
