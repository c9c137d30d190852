//! Gives links to the files with the messages of a past hour.
//!
//! Contract: `spec/rest/open_msg_svc.get_history.yaml`. The files are served by `http.rs`.

use chat::{
    Cx,
    error::Error,
    exports::{self, FileName, Hour, Kind},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{HttpRequest, command},
    files,
    given::Given,
};

command!(
    request "open_msg_svc" / "get_history", "Links to the messages of an hour.", Rest(10), Request => Response, handle
);

const SECONDS_PER_HOUR: i64 = 3600;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// C2C or Group.
    chat_type: Given<String>,
    /// YYYYMMDDHH in the app's time zone.
    msg_time: Given<String>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "File")]
    files: Vec<File>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct File {
    #[serde(rename = "URL")]
    url: String,
    /// YYYY-MM-DD HH:MM:SS in the app's time zone.
    expire_time: String,
    file_size: i64,
    #[serde(rename = "FileMD5")]
    file_md5: String,
    gzip_size: i64,
    #[serde(rename = "GzipMD5")]
    gzip_md5: String,
}

async fn handle(cx: &Cx, around: &HttpRequest, it: Request) -> Result<Response, Error> {
    // The number that clients know as a kick is this service's "invalid parameter".
    let bad = Code::Kicked;
    let kind = it.chat_type.need(bad, "ChatType")?;
    let kind = Kind::from_name(&kind).ok_or_else(|| Fail::with(bad, "ChatType must be C2C or Group"))?;
    let text = it.msg_time.need(bad, "MsgTime")?;
    let zone = cx.app.state().zone;
    let hour = zone.parse_hour(&text);
    let hour = hour.ok_or_else(|| Fail::with(bad, "MsgTime must be an hour, YYYYMMDDHH"))?;
    let found = match exports::of(&cx.chat, &cx.app, kind, hour).await? {
        Hour::Files(found) => found,
        Hour::Nothing => return Err(Code::HistoryNotReady.into()),
        Hour::TooOld => return Err(Code::HistoryExpired.into()),
    };
    let state = cx.app.state().clone();
    let base = files::base_url(&state.settings, &around.base_url);
    let seconds = state.settings.operations_export_url_hours * SECONDS_PER_HOUR;
    let mut files = Vec::with_capacity(found.len());
    for it in found {
        let name = FileName { app: cx.app.id, kind, hour: text.clone(), part: it.part };
        let link = cx.chat.link(&name, seconds).await?;
        files.push(File {
            url: format!("{base}{}", link.path),
            expire_time: zone.date_time(link.expires_at),
            file_size: it.size,
            file_md5: it.md5,
            gzip_size: it.gzip_size,
            gzip_md5: it.gzip_md5,
        });
    }
    Ok(Response { files })
}
