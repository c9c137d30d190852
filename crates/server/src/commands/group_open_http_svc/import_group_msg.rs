//! Writes messages of another system into a group's history.
//!
//! Contract: `spec/rest/group_open_http_svc.import_group_msg.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::import_messages::{self, Imported, MESSAGES_MAX},
};
use proto::{
    Code, Fail,
    element::{Body, From},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::openim::message,
    given::{Given, Raw},
};

command!("group_open_http_svc" / "import_group_msg", "Imports messages.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// 1: the members' lists show the newest.
    #[serde(default)]
    recent_contact_flag: Given<i64>,
    /// 1 to 7 messages, the oldest first.
    msg_list: Given<Vec<Message>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Message {
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    /// Unix seconds.
    send_time: Given<i64>,
    #[serde(default)]
    random: Given<u32>,
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    import_msg_result: Vec<Outcome>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Outcome {
    msg_seq: i64,
    msg_time: i64,
    /// 0 for imported.
    result: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let listed = it.recent_contact_flag.optional(bad, "RecentContactFlag")? == Some(1);
    let messages = it.msg_list.need(bad, "MsgList")?;
    if messages.is_empty() || messages.len() > MESSAGES_MAX {
        return Err(Fail::with(bad, format!("MsgList must have 1 to {MESSAGES_MAX} entries")).into());
    }
    let messages = messages.into_iter().map(imported).collect::<Result<_, _>>()?;
    let outcomes = import_messages::import(cx, &group, topic.as_deref(), messages, listed).await?;
    let outcome =
        |it: import_messages::Outcome| Outcome { msg_seq: it.seq, msg_time: it.time, result: it.code };
    Ok(Response { import_msg_result: outcomes.into_iter().map(outcome).collect() })
}

fn imported(it: Message) -> Result<Imported, Fail> {
    let bad = Code::GroupParam;
    let body = it.msg_body.need(bad, "MsgBody")?;
    Ok(Imported {
        from: it.from_account.need(bad, "From_Account")?,
        time: it.send_time.need(bad, "SendTime")?,
        random: it.random.optional(bad, "Random")?,
        body: Body::check(body.text(), From::Admin).map_err(|it| Fail::with(bad, it.to_string()))?,
        cloud: message::cloud(it.cloud_custom_data, bad)?,
    })
}
