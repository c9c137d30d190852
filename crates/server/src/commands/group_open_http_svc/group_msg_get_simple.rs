//! Gives a backend the whole history of a group or topic.
//!
//! Contract: `spec/rest/group_open_http_svc.group_msg_get_simple.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        group_flag as flag,
        history::{self, Cut, Entry},
    },
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "group_open_http_svc" / "group_msg_get_simple", "Gives the whole history.", Rest, Request => Response, handle
);

/// IsPlaceMsg: there, gone, recalled.
const THERE: i64 = 0;
const GONE: i64 = 1;
const RECALLED: i64 = 2;
/// MsgPriority of what is gone.
const NORMAL: i64 = 2;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// At most 20 are returned.
    req_msg_number: Given<i64>,
    /// The newest number wanted; 0 for the newest there is.
    #[serde(default)]
    req_msg_seq: Given<i64>,
    /// 1: recalled messages too.
    #[serde(default)]
    with_recalled_msg: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_id: String,
    is_finished: i64,
    /// Newest first.
    rsp_msg_list: Vec<Message>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "From_Account")]
    from_account: String,
    is_place_msg: i64,
    /// 1 for what the group itself said.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_system_msg: Option<i64>,
    msg_body: Raw,
    msg_priority: i64,
    msg_random: i64,
    msg_seq: i64,
    msg_time_stamp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group_id = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let recalled = it.with_recalled_msg.optional(Code::GroupParam, "WithRecalledMsg")? == Some(1);
    let wanted = super::wanted(it.req_msg_seq, it.req_msg_number, recalled)?;
    let (entries, cut) = history::whole(cx, &group_id, topic.as_deref(), wanted).await?;
    let is_finished = match cut {
        Cut::Yes => 0,
        Cut::No => 1,
        Cut::AllExpired => 2,
    };
    let rsp_msg_list = entries.into_iter().map(message).collect::<Result<_, _>>()?;
    Ok(Response { group_id, is_finished, rsp_msg_list })
}

fn message(entry: Entry) -> Result<Message, serde_json::Error> {
    let empty = || raw("[]".to_owned());
    let Some(it) = entry.message else {
        return Ok(Message {
            from_account: String::new(),
            is_place_msg: GONE,
            is_system_msg: None,
            msg_body: empty()?,
            msg_priority: NORMAL,
            msg_random: 0,
            msg_seq: entry.seq,
            msg_time_stamp: 0,
            cloud_custom_data: None,
        });
    };
    let is_tip = it.has(flag::TIP);
    Ok(Message {
        is_place_msg: if it.has(flag::RECALLED) { RECALLED } else { THERE },
        is_system_msg: is_tip.then_some(1),
        // Clients get tips with their content.
        msg_body: if is_tip { empty()? } else { raw(it.body)? },
        msg_priority: it.priority,
        msg_random: it.random,
        msg_seq: it.seq,
        msg_time_stamp: it.time,
        from_account: it.sender,
        cloud_custom_data: if it.cloud.is_empty() { None } else { Some(raw(it.cloud)?) },
    })
}
