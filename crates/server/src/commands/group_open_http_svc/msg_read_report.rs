//! A client has read a group or topic up to a number.
//!
//! Contract: `spec/client/commands/group_open_http_svc.msg_read_report.yaml`.

use chat::{Cx, error::Error, groups::read};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "msg_read_report", "Moves the read position.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    msg_readed_seq: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    let seq = it.msg_readed_seq.need(Code::GroupParam, "MsgReadedSeq")?;
    read::report(cx, &group, topic.as_deref(), seq, true).await?;
    Ok(Nothing {})
}
