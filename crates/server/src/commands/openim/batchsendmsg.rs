//! Sends one message to up to 500 users, each in a conversation of its own.
//!
//! Contract: `spec/rest/openim.batchsendmsg.yaml`.

use std::{collections::HashSet, sync::Arc};

use chat::{
    Cx, accounts,
    error::Error,
    messages::{self, Hooked, Options, Outgoing},
};
use futures_util::future::join_all;
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message::{self, LIFE_SECONDS_MAX};
use crate::{
    command::command,
    given::{Given, Raw},
};

command!(
    "openim" / "batchsendmsg", "Sends one one-to-one message to many users.", Rest, Request => Response, handle
);

const RECEIVERS_MAX: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(default)]
    sync_other_machine: Given<i64>,
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 500 receivers.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
    #[serde(default)]
    online_only_flag: Given<i64>,
    /// 0 to 604800 seconds; a day when absent.
    #[serde(default)]
    msg_life_time: Given<i64>,
    #[serde(default)]
    msg_seq: Given<u32>,
    msg_random: Given<u32>,
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
    #[serde(default)]
    send_msg_control: Given<Vec<String>>,
    #[serde(default)]
    support_message_extension: Given<i64>,
    #[serde(default)]
    is_need_read_receipt: Given<i64>,
    #[serde(default)]
    offline_push_info: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    msg_key: String,
    msg_id: String,
    msg_time: i64,
}

#[derive(Serialize)]
struct Failed {
    #[serde(rename = "To_Account")]
    to_account: String,
    #[serde(rename = "ErrorCode")]
    error_code: i64,
}

async fn handle(cx: &Cx, mut request: Request) -> Result<Response, Error> {
    let receivers = std::mem::take(&mut request.to_account).need(Code::C2cToUnknown, "To_Account")?;
    if receivers.is_empty() {
        return Err(Fail::with(Code::C2cToUnknown, "To_Account is empty").into());
    }
    if receivers.len() > RECEIVERS_MAX {
        return Err(Fail::with(Code::C2cTooMany, format!("more than {RECEIVERS_MAX} receivers")).into());
    }
    let from = match std::mem::take(&mut request.from_account).optional(Code::C2cFrom, "From_Account")? {
        Some(from) if from.is_empty() => {
            return Err(Fail::with(Code::C2cFrom, "From_Account is empty").into());
        }
        Some(from) => from,
        None => cx.caller.user().to_owned(),
    };
    let template = template(cx, request, from)?;
    if accounts::find(cx, &template.from).await?.is_none() {
        return Err(Fail::with(Code::C2cFrom, "From_Account does not exist").into());
    }
    let (mut seen, mut failed) = (HashSet::new(), Vec::new());
    let receivers: Vec<_> = receivers.into_iter().filter(|it| seen.insert(it.clone())).collect();
    let sends = receivers.iter().map(|to| {
        let one = Outgoing { to: to.clone(), ..template.clone() };
        messages::send(cx, one, Code::AccountUnknown)
    });
    let mut first = None;
    for (to, sent) in receivers.iter().zip(join_all(sends).await) {
        match sent {
            Ok(sent) => first = first.or(Some(sent)),
            Err(Error::Fail(it)) if it.number == Code::AccountUnknown.number() => {
                failed.push(Failed { to_account: to.clone(), error_code: it.number });
            }
            Err(error) => return Err(error),
        }
    }
    let Some(sent) = first else { return Err(Code::C2cToUnknown.into()) };
    let response = Response { msg_key: sent.key.to_string(), msg_id: sent.id, msg_time: sent.key.time };
    if failed.is_empty() { Ok(response) } else { Err(some_error(&response, &failed)?) }
}

/// Some were served and some not: neither OK nor a failure.
fn some_error(response: &Response, failed: &[Failed]) -> Result<Error, Error> {
    let members = serde_json::to_string(response)?;
    let members = members.trim_start_matches('{').trim_end_matches('}');
    let failed = serde_json::to_string(failed)?;
    Ok(Fail::with(Code::Ok, "").extra(format!("{members},\"ErrorList\":{failed}")).into())
}

fn template(cx: &Cx, it: Request, from: String) -> Result<Outgoing, Fail> {
    let other = Code::C2cJson;
    let life = it.msg_life_time.optional(Code::C2cLifeTimeType, "MsgLifeTime")?;
    if life.is_some_and(|it| !(0..=LIFE_SECONDS_MAX).contains(&it)) {
        return Err(Fail::with(Code::C2cLifeTime, format!("MsgLifeTime must be 0 to {LIFE_SECONDS_MAX}")));
    }
    let random = it.msg_random.need(Code::C2cRandom, "MsgRandom")?;
    // All receivers get the same key, so the number is drawn once.
    let seq = it.msg_seq.optional(Code::C2cSeq, "MsgSeq")?.unwrap_or_else(|| cx.chat.random.u32());
    let body = message::body(cx, it.msg_body)?;
    let push_info = message::push_info(cx, it.offline_push_info)?;
    let control = it.send_msg_control.optional(other, "SendMsgControl")?.unwrap_or_default();
    let online_only = message::flag(it.online_only_flag, other, "OnlineOnlyFlag")? || life == Some(0);
    let default_life = cx.app.state().settings.messages_batch_offline_seconds;
    Ok(Outgoing {
        from,
        to: String::new(),
        seq: Some(seq),
        random,
        client_time: None,
        body: Arc::new(body),
        cloud: message::cloud(it.cloud_custom_data, other)?,
        push_info,
        options: Options {
            hooks: Hooked::default(),
            sync: message::sync(it.sync_other_machine)?,
            online_only,
            life_seconds: life.unwrap_or(default_life),
            no_unread: message::has(&control, "NoUnread"),
            no_last: message::has(&control, "NoLastMsg"),
            respect_mute: message::has(&control, "WithMuteNotifications"),
            wants_receipt: message::flag(it.is_need_read_receipt, other, "IsNeedReadReceipt")?,
            extensible: message::flag(it.support_message_extension, other, "SupportMessageExtension")?,
        },
    })
}
