//! Sends a message to a group or topic.
//!
//! Contract: `spec/rest/group_open_http_svc.send_group_msg.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.send_group_msg.yaml`.

use std::sync::Arc;

use chat::{
    Cx,
    error::Error,
    groups::send::{self, Options, Outgoing},
};
use proto::{Code, Fail, element::Body};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::openim::message,
    given::{Given, Raw},
};

command!("group_open_http_svc" / "send_group_msg", "Sends to a group.", Both, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// The administrator of the call when absent or empty.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    random: Given<u32>,
    /// High, Normal, Low or Lowest.
    #[serde(default)]
    msg_priority: Given<String>,
    /// One or more elements.
    msg_body: Given<Raw>,
    #[serde(default)]
    forbid_callback_control: Given<Vec<String>>,
    /// Above 0: only for members that are online now.
    #[serde(alias = "MsgOnlineOnlyFlag", default)]
    online_only_flag: Given<i64>,
    /// NoUnread, NoLastMsg.
    #[serde(default)]
    send_msg_control: Given<Vec<String>>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
    #[serde(default)]
    support_message_extension: Given<i64>,
    #[serde(alias = "IsNeedReadReceipt", default)]
    need_read_receipt: Given<i64>,
    /// Up to 50 members that alone receive it.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<String>>,
    /// Up to 30 mentions.
    #[serde(default)]
    group_at_info: Given<Vec<Mention>>,
    #[serde(default)]
    offline_push_info: Given<Raw>,
    /// Of clients only: their clock in seconds, and their number for the message.
    #[serde(default)]
    msg_client_time: Given<i64>,
    #[serde(default)]
    client_seq: Given<u32>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Mention {
    group_at_all_flag: Given<i64>,
    #[serde(rename = "GroupAt_Account", default)]
    account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    msg_time: i64,
    msg_seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_drop_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_receipt_code: Option<i64>,
}

async fn handle(cx: &Cx, request: Request) -> Result<Response, Error> {
    let sent = send::send(cx, outgoing(cx, request)?).await?;
    Ok(Response {
        msg_time: sent.time,
        msg_seq: sent.seq,
        msg_drop_reason: sent.dropped.then_some("MsgFreqCtrl"),
        read_receipt_code: Some(sent.receipt_code).filter(|it| *it != 0),
    })
}

fn outgoing(cx: &Cx, it: Request) -> Result<Outgoing, Fail> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let from = super::own(cx, it.from_account, "From_Account")?;
    let body = it.msg_body.need(bad, "MsgBody")?;
    let body =
        Body::check(body.text(), message::strictness(cx)).map_err(|it| Fail::with(bad, it.to_string()))?;
    let control = it.send_msg_control.optional(bad, "SendMsgControl")?.unwrap_or_default();
    let forbidden = it.forbid_callback_control.optional(bad, "ForbidCallbackControl")?.unwrap_or_default();
    let push_info = message::push_info(cx, it.offline_push_info).map_err(|it| Fail::with(bad, it.info))?;
    let mentions = it.group_at_info.optional(bad, "GroupAtInfo")?.unwrap_or_default();
    let mentions = mentions.into_iter().map(mention).collect::<Result<_, _>>()?;
    let client_time = it.msg_client_time.optional(bad, "MsgClientTime")?;
    let client_seq = it.client_seq.optional(bad, "ClientSeq")?;
    Ok(Outgoing {
        group,
        topic: it.topic_id.optional(bad, "TopicId")?.filter(|it| !it.is_empty()),
        from: from.unwrap_or_else(|| cx.caller.user().to_owned()),
        random: it.random.need(bad, "Random")?,
        priority: priority(it.msg_priority)?,
        client: client_seq.zip(client_time).map(|it| (it.0.into(), it.1)).filter(|_| !cx.is_admin()),
        body: Arc::new(body),
        cloud: message::cloud(it.cloud_custom_data, bad)?,
        push_info,
        mentions,
        targets: it.to_account.optional(bad, "To_Account")?.unwrap_or_default(),
        options: Options {
            online_only: it.online_only_flag.optional(bad, "OnlineOnlyFlag")?.is_some_and(|it| it > 0),
            no_unread: message::has(&control, "NoUnread"),
            no_last: message::has(&control, "NoLastMsg"),
            wants_receipt: message::flag(it.need_read_receipt, bad, "NeedReadReceipt")?,
            extensible: message::flag(it.support_message_extension, bad, "SupportMessageExtension")?,
        },
        hooks: message::hooked(cx, &forbidden),
    })
}

/// The user, or nobody for everybody.
fn mention(it: Mention) -> Result<Option<String>, Fail> {
    let bad = Code::GroupParam;
    match it.group_at_all_flag.need(bad, "GroupAtAllFlag")? {
        1 => Ok(None),
        0 => it.account.need(bad, "GroupAt_Account").map(Some),
        _ => Err(Fail::with(bad, "GroupAtAllFlag must be 0 or 1")),
    }
}

/// 1 High to 4 Lowest.
fn priority(given: Given<String>) -> Result<i64, Fail> {
    const NAMES: [&str; 4] = ["High", "Normal", "Low", "Lowest"];
    let name = given.optional(Code::GroupParam, "MsgPriority")?;
    let place = NAMES.iter().position(|it| *it == name.as_deref().unwrap_or("Normal"));
    place
        .map(|it| it as i64 + 1)
        .ok_or_else(|| Fail::with(Code::GroupParam, "MsgPriority must be High, Normal, Low or Lowest"))
}
