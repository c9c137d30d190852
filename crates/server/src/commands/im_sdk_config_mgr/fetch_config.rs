//! Gives a client its cloud configuration.
//!
//! Contract: `spec/client/commands/im_sdk_config_mgr.fetch_config.yaml`.

use chat::{Cx, apps::App, error::Error, files::Kind, settings::Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::command::command;

command!("im_sdk_config_mgr" / "fetch_config", "Gives the cloud configuration.", SocketAnyone, Request => Response, handle);

/// The command under which a changed configuration is pushed.
pub const PUSHED: &str = "im_sdk_config_mgr.push_configv2";

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
pub struct Response {
    int32_error_code: i64,
    str_error_message: &'static str,
    /// A JSON object as text; its values are texts.
    str_json_config: String,
    uint32_expired_time: i64,
    uint64_version: i64,
    uint32_sdkappid: u32,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    Ok(content(&cx.app))
}

/// The configuration as clients get it, asked or not.
pub fn content(app: &App) -> Response {
    let state = app.state();
    Response {
        int32_error_code: 0,
        str_error_message: "",
        str_json_config: keys(&state.settings),
        uint32_expired_time: state.settings.cloud_expire_seconds,
        uint64_version: state.version.max(1),
        uint32_sdkappid: app.id,
    }
}

/// All keys and their values, as the text of a JSON object.
pub fn keys(settings: &Settings) -> String {
    let mut keys: Map<String, Value> =
        settings.cloud_keys.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
    keys.entry("upload_size_limit").or_insert_with(|| {
        let size = |kind| chat::files::mb_max(settings, kind).to_string();
        json!({ "i": size(Kind::Image), "a": size(Kind::Audio), "v": size(Kind::Video), "f": size(Kind::Other) })
            .to_string()
            .into()
    });
    // The SDK shows the key for downloads to the hosts of this list only.
    let host = host(&settings.files_public_base_url);
    if settings.files_download_auth && !host.is_empty() {
        keys.entry("file_dn_list").or_insert_with(|| json!([host]).to_string().into());
    }
    Value::Object(keys).to_string()
}

/// The host of a URL, without its port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or("", |it| it.1);
    rest.split(['/', ':']).next().unwrap_or("")
}
