//! Writes a message of another system into history, with its original time.
//!
//! Contract: `spec/rest/openim.importmsg.yaml`.

use std::sync::Arc;

use chat::{
    Cx,
    error::Error,
    messages::{self, Options, Outgoing},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::message;
use crate::{
    command::{Nothing, command},
    given::{Given, Raw},
};

command!("openim" / "importmsg", "Imports a one-to-one message.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 2: history only, counted as read; 5 (or 1, the old spelling): unread and pushed.
    sync_from_old_system: Given<i64>,
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    #[serde(default)]
    msg_seq: Given<u32>,
    msg_random: Given<u32>,
    /// The original time, Unix seconds.
    msg_time_stamp: Given<u32>,
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let mode = Code::C2cImportMode;
    let live = match it.sync_from_old_system.need(mode, "SyncFromOldSystem")? {
        2 => false,
        1 | 5 => true,
        _ => return Err(Fail::with(mode, "invalid SyncFromOldSystem").into()),
    };
    let from = it.from_account.need(Code::C2cFrom, "From_Account")?;
    let to = it.to_account.need(Code::C2cTo, "To_Account")?;
    let random = it.msg_random.need(Code::C2cRandom, "MsgRandom")?;
    let time = it.msg_time_stamp.need(Code::C2cTimeStamp, "MsgTimeStamp")?;
    let body = message::body(cx, it.msg_body)?;
    let outgoing = Outgoing {
        from,
        to,
        seq: it.msg_seq.optional(Code::C2cSeq, "MsgSeq")?,
        random,
        client_time: None,
        body: Arc::new(body),
        cloud: message::cloud(it.cloud_custom_data, Code::C2cJson)?,
        push_info: String::new(),
        options: Options {
            life_seconds: cx.app.state().settings.messages_offline_seconds,
            ..Options::default()
        },
    };
    messages::import(cx, outgoing, time.into(), live).await?;
    Ok(Nothing {})
}
