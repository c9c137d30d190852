//! Translates texts.
//!
//! Contract: `spec/client/commands/im_open_translate.ws_batch_trans_text.yaml`.

use chat::{
    Cx,
    error::Error,
    language::{self, Answered, Kind, Texts},
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::{Outcome, command, outcome},
    given::Given,
};

command!(
    "im_open_translate" / "ws_batch_trans_text", "Translates texts.", Socket,
    Request => Response, handle
);

/// What stands for the language of a text that the service is to guess.
const ANY_LANGUAGE: &str = "auto";

/// Clients name themselves; whoever is named, the caller asks.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    source: Given<String>,
    target: Given<String>,
    source_text: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    cmd_error_code: Outcome,
    #[serde(rename = "RequestId")]
    request: String,
    target_text: Vec<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (cmd_error_code, done) = outcome(translate(cx, it).await)?;
    let (request, target_text) = done.map_or_else(Default::default, |it| (it.request_id, it.said));
    Ok(Response { cmd_error_code, request, target_text })
}

async fn translate(cx: &Cx, it: Request) -> Result<Answered<Vec<String>>, Error> {
    language::check_available(cx, Kind::Translate)?;
    let source = it.source.optional(Code::MsgInvalid, "Source")?.filter(|it| !it.is_empty());
    let target = it.target.need(Code::MsgInvalid, "Target")?;
    let source_text = it.source_text.need(Code::MsgInvalid, "SourceText")?;
    if target.is_empty() {
        return Err(proto::Fail::with(Code::MsgInvalid, "Target is empty").into());
    }
    let source = source.unwrap_or_else(|| ANY_LANGUAGE.to_owned());
    language::translate(cx, Texts { source, target, source_text }).await
}
