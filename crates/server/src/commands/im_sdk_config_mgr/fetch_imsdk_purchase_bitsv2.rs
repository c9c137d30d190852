//! Tells a client which abilities are on.
//!
//! Contract: `spec/client/commands/im_sdk_config_mgr.fetch_imsdk_purchase_bitsv2.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{abilities, command::command};

command!(
    "im_sdk_config_mgr" / "fetch_imsdk_purchase_bitsv2", "Tells which abilities are on.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    int32_error_code: i64,
    str_error_message: &'static str,
    str_purchase_bits: String,
    uint32_expired_time: i64,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    let state = cx.app.state();
    Ok(Response {
        int32_error_code: 0,
        str_error_message: "",
        str_purchase_bits: abilities::bits(&state.settings),
        uint32_expired_time: state.settings.cloud_expire_seconds.max(1),
    })
}
