//! Deletes messages from the own view of a group or topic.
//!
//! Contract: `spec/client/commands/group_open_http_svc.delete_group_ramble_msg_by_seq.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::hide::{self, MESSAGES_MAX},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "delete_group_ramble_msg_by_seq", "Deletes messages for oneself.", Socket,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    #[serde(rename = "Deleter_Account", default)]
    deleter: Given<String>,
    /// 1 to 30 numbers, as texts or numbers.
    seqs: Given<Vec<Seq>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Seq {
    Number(i64),
    Text(String),
}

impl Seq {
    fn number(self) -> Result<i64, Fail> {
        match self {
            Seq::Number(it) => Ok(it),
            Seq::Text(it) => it
                .parse()
                .map_err(|_| Fail::with(Code::GroupParam, format!("{it:?} is no number of a message"))),
        }
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let topic = super::topic_id(it.topic_id)?;
    super::own(cx, it.deleter, "Deleter_Account")?;
    let seqs = it.seqs.need(bad, "Seqs")?;
    if seqs.is_empty() {
        return Err(Fail::with(bad, "Seqs is empty").into());
    }
    if seqs.len() > MESSAGES_MAX {
        let info = format!("Seqs has more than {MESSAGES_MAX} entries");
        return Err(Fail::with(Code::GroupDeleteTooMany, info).into());
    }
    let numbers = seqs.into_iter().map(Seq::number).collect::<Result<_, _>>()?;
    hide::hide(cx, &group, topic.as_deref(), numbers).await?;
    Ok(Nothing {})
}
