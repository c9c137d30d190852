//! Gives a client its cloud configuration.
//!
//! Contract: `spec/client/commands/im_sdk_config_mgr.fetch_config.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::command::command;

command!("im_sdk_config_mgr" / "fetch_config", "Gives the cloud configuration.", SocketAnyone, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
struct Response {
    int32_error_code: i64,
    str_error_message: &'static str,
    /// A JSON object as text; its values are texts.
    str_json_config: String,
    uint32_expired_time: i64,
    uint64_version: i64,
    uint32_sdkappid: u32,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    let state = cx.app.state();
    let settings = &state.settings;
    let mut keys: Map<String, Value> =
        settings.cloud_keys.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    keys.entry("upload_size_limit").or_insert_with(|| {
        let size = |kind: &str| settings.files_max_mb.get(kind).copied().unwrap_or(0).to_string();
        json!({ "i": size("image"), "a": size("audio"), "v": size("video"), "f": size("file") })
            .to_string()
            .into()
    });
    // The SDK shows the key for downloads to the hosts of this list only.
    let host = host(&settings.files_public_base_url);
    if settings.files_download_auth && !host.is_empty() {
        keys.entry("file_dn_list").or_insert_with(|| json!([host]).to_string().into());
    }
    Ok(Response {
        int32_error_code: 0,
        str_error_message: "",
        str_json_config: Value::Object(keys).to_string(),
        uint32_expired_time: settings.cloud_expire_seconds,
        uint64_version: state.version.max(1),
        uint32_sdkappid: cx.app.id,
    })
}

/// The host of a URL, without its port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |it| it.1);
    rest.split(['/', ':']).next().unwrap_or("")
}
