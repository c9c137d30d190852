//! Tells what is said in a recording.
//!
//! Contract: `spec/client/commands/im_open_speech.ws_sentence_recognition.yaml`.

use chat::{
    Cx,
    error::Error,
    language::{self, Answered, Kind, Recording},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{Outcome, command, outcome},
    files,
    given::Given,
};

command!(
    "im_open_speech" / "ws_sentence_recognition", "Tells what is said in a recording.", Socket,
    Request => Response, handle
);

/// Longest URL that is looked at.
const URL_BYTES_MAX: usize = 4096;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    bytes_url: Given<String>,
    bytes_voice_format: Given<String>,
    bytes_eng_service_type: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    cmd_error_code: Outcome,
    bytes_requestid: String,
    bytes_result: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (cmd_error_code, done) = outcome(recognise(cx, it).await)?;
    let (bytes_requestid, bytes_result) = done.map_or_else(Default::default, |it| (it.request_id, it.said));
    Ok(Response { cmd_error_code, bytes_requestid, bytes_result })
}

async fn recognise(cx: &Cx, it: Request) -> Result<Answered<String>, Error> {
    language::check_available(cx, Kind::Speech)?;
    let given = it.bytes_url.need(Code::MsgInvalid, "BytesUrl")?;
    let format = it.bytes_voice_format.optional(Code::MsgInvalid, "BytesVoiceFormat")?;
    let engine = it.bytes_eng_service_type.optional(Code::MsgInvalid, "BytesEngServiceType")?;
    let file = if given.len() > URL_BYTES_MAX { None } else { files::of_url(cx, &given).await? };
    let file = file.ok_or_else(|| Fail::with(Code::MsgInvalid, "BytesUrl is no file of this server"))?;
    let url = files::url_for_service(cx, &file).await?;
    let (format, engine) = (format.unwrap_or_default(), engine.unwrap_or_default());
    language::recognise(cx, &Recording { url, format, engine }).await
}
