//! Gives the reactions to several group messages.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.group_reaction_multi_stat.yaml`.

use chat::{Cx, additions::Several, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    named,
    reactions::{self, Summary},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "group_reaction_multi_stat", "Gives the reactions to messages.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    /// 1 to 100 messages.
    msg_seq_list: Given<Vec<i64>>,
    /// Users to be named of each reaction, 10 when it is left out.
    #[serde(default)]
    count: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    results: Vec<OfMessage>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct OfMessage {
    msg_seq: i64,
    #[serde(rename = "MsgReactionSummary")]
    summaries: Vec<Summary>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (group, topic) = named::group(it.group_id, it.topic_id)?;
    let numbers = reactions::list(it.msg_seq_list, "MsgSeqList")?;
    let several = Several::InGroup { group, topic, numbers: numbers.clone() };
    let found = reactions::summaries(cx, several, it.count).await?.into_iter();
    let result = |(msg_seq, summaries)| OfMessage { msg_seq, summaries };
    Ok(Response { results: numbers.into_iter().zip(found).map(result).collect() })
}
