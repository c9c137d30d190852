//! Gives the reactions to several one-to-one messages.
//!
//! Contract: `spec/client/commands/openim_msg_ext_http_svc.reaction_multi_stat.yaml`.

use chat::{Cx, additions::Several, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    named,
    reactions::{self, Summary},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "reaction_multi_stat", "Gives the reactions to messages.", Socket,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// The two people, whoever sent the messages.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    /// 1 to 100 messages.
    msg_key_list: Given<Vec<String>>,
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
    msg_key: String,
    #[serde(rename = "MsgReactionSummary")]
    summaries: Vec<Summary>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (one, other) = named::people(cx, it.from_account, it.to_account)?;
    let names = reactions::list(it.msg_key_list, "MsgKeyList")?;
    let keys = names.iter().map(|it| named::key(it)).collect::<Result<_, _>>()?;
    let found = reactions::summaries(cx, Several::OneToOne { one, other, keys }, it.count).await?.into_iter();
    let result = |(msg_key, summaries)| OfMessage { msg_key, summaries };
    Ok(Response { results: names.into_iter().zip(found).map(result).collect() })
}
