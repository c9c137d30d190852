//! Sends a one-to-one message to one user.
//!
//! Contract: `spec/rest/openim.sendmsg.yaml`, `spec/client/commands/openim.sendmsg.yaml`.

use std::sync::Arc;

use chat::{
    Cx,
    error::Error,
    messages::{self, Options, Outgoing, Sync},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message::{self, LIFE_SECONDS_MAX};
use crate::{
    command::command,
    given::{Given, Raw},
};

command!("openim" / "sendmsg", "Sends a one-to-one message to one user.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1: kept in the sender's history and pushed to the sender's sessions; 2: neither; absent: kept, not pushed.
    #[serde(default)]
    sync_other_machine: Given<i64>,
    /// The administrator of the call when absent or empty.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    /// 1: only for those who are online now.
    #[serde(default)]
    online_only_flag: Given<i64>,
    /// Seconds the message waits for somebody offline, 0 to 604800; 0: only for those online now.
    #[serde(default)]
    msg_life_time: Given<i64>,
    #[serde(default)]
    msg_seq: Given<u32>,
    msg_random: Given<u32>,
    /// Accepted from old callers, not used.
    #[serde(default)]
    msg_time_stamp: Given<i64>,
    #[serde(default)]
    forbid_callback_control: Given<Vec<String>>,
    /// NoUnread, NoLastMsg, WithMuteNotifications.
    #[serde(default)]
    send_msg_control: Given<Vec<String>>,
    /// One or more elements.
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
    #[serde(default)]
    support_message_extension: Given<i64>,
    #[serde(default)]
    is_need_read_receipt: Given<i64>,
    #[serde(default)]
    offline_push_info: Given<Raw>,
    /// Of clients only: their clock, in seconds.
    #[serde(default)]
    msg_client_time: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    msg_time: i64,
    msg_key: String,
    msg_id: String,
}

async fn handle(cx: &Cx, request: Request) -> Result<Response, Error> {
    let by_client = !cx.is_admin();
    let outgoing = outgoing(cx, request)?;
    let unknown = if by_client { Code::MsgFromUnknown } else { Code::C2cToUnknown };
    let sent = messages::send(cx, outgoing, unknown).await?;
    Ok(Response { msg_time: sent.key.time, msg_key: sent.key.to_string(), msg_id: sent.id })
}

fn outgoing(cx: &Cx, it: Request) -> Result<Outgoing, Fail> {
    let other = Code::MsgInvalid;
    let sync = message::sync(it.sync_other_machine)?;
    let from = it.from_account.optional(Code::MsgFromUnknown, "From_Account")?;
    let from = super::acting(cx, from, Code::MsgFromUnknown)?;
    let to = it.to_account.need(Code::C2cTo, "To_Account")?;
    let random = it.msg_random.need(Code::C2cRandom, "MsgRandom")?;
    it.msg_time_stamp.optional(Code::C2cTimeStamp, "MsgTimeStamp")?;
    let body = message::body(cx, it.msg_body)?;
    let life = it.msg_life_time.optional(Code::C2cLifeTimeType, "MsgLifeTime")?;
    if life.is_some_and(|it| it < 0) {
        return Err(Fail::with(Code::C2cLifeTime, "MsgLifeTime must not be negative"));
    }
    let push_info = message::push_info(cx, it.offline_push_info)?;
    let forbidden = it.forbid_callback_control.optional(other, "ForbidCallbackControl")?.unwrap_or_default();
    let control = it.send_msg_control.optional(other, "SendMsgControl")?.unwrap_or_default();
    let online_only = message::flag(it.online_only_flag, other, "OnlineOnlyFlag")? || life == Some(0);
    let default_life = cx.app.state().settings.messages_offline_seconds;
    let by_client = !cx.is_admin();
    Ok(Outgoing {
        from,
        to,
        seq: it.msg_seq.optional(other, "MsgSeq")?,
        random,
        client_time: it.msg_client_time.optional(other, "MsgClientTime")?.filter(|_| by_client),
        body: Arc::new(body),
        cloud: message::cloud(it.cloud_custom_data, other)?,
        push_info,
        options: Options {
            sync: if by_client { Sync::Push } else { sync },
            online_only,
            life_seconds: life.unwrap_or(default_life).min(LIFE_SECONDS_MAX),
            no_unread: message::has(&control, "NoUnread"),
            no_last: message::has(&control, "NoLastMsg"),
            respect_mute: by_client || message::has(&control, "WithMuteNotifications"),
            wants_receipt: message::flag(it.is_need_read_receipt, other, "IsNeedReadReceipt")?,
            extensible: message::flag(it.support_message_extension, other, "SupportMessageExtension")?,
            hooks: message::hooked(cx, &forbidden),
        },
    })
}
