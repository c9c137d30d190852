//! Gives a client the URLs to upload one file to and to download it from.
//!
//! Contract: `spec/client/commands/im_cos_msg.pre_sig.yaml`.

use chat::{Cx, error::Error, files};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{admit, urls, wanted};
use crate::{command::command, gateway::Link, given::Given};

command!(link "im_cos_msg" / "pre_sig", "Gives an upload URL.", SocketAnyone, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 image, 2 video, 3 audio, 255 file.
    file_type: Given<i64>,
    file_name: Given<String>,
    /// Seconds for which the upload URL is wanted.
    #[serde(rename = "Duration")]
    duration: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    upload_url: String,
    download_url: String,
    head_url: &'static str,
    ci_url: &'static str,
    snapshot_url: &'static str,
    request_id: String,
    /// Unix second at which the upload URL ends.
    expired_time: i64,
    file_key: String,
}

async fn handle(cx: &Cx, link: &Link, it: Request) -> Result<Response, Error> {
    admit(cx, link).await?;
    let kind = it.file_type.need(Code::MsgInvalid, "file_type")?;
    let name = it.file_name.need(Code::MsgInvalid, "file_name")?;
    let seconds = it.duration.optional(Code::MsgInvalid, "Duration")?;
    let file = wanted((kind, "file_type"), (name, "file_name"))?;
    let promised = files::promise(cx, &link.identifier, vec![file], seconds).await?;
    let promise = promised.into_iter().next().ok_or(Code::MsgInvalid)?;
    let urls = urls(cx, link, &promise);
    Ok(Response {
        upload_url: urls.upload,
        download_url: urls.download,
        head_url: "",
        ci_url: "",
        snapshot_url: "",
        request_id: cx.chat.random.name(),
        expired_time: promise.until,
        file_key: promise.path,
    })
}
