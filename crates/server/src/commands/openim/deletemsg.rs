//! A client deletes notices that are kept for it, and marks of mentions.
//!
//! Contract: `spec/client/commands/openim.deletemsg.yaml`. What is unknown is OK.

use chat::{Cx, error::Error, groups, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim" / "deletemsg", "Deletes stored notices.", Socket, Request => Nothing, handle);

/// Items in one call.
const ITEMS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "DelMsgList")]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// The ClientSeq of the notice, or of the reminder of a mention.
    msg_seq: Given<u32>,
    msg_random: Given<u32>,
    /// Of a mention: the group or topic.
    #[serde(default)]
    group_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::MsgInvalid;
    let items = it.items.need(bad, "DelMsgList")?;
    if items.len() > ITEMS_MAX {
        return Err(Fail::with(bad, format!("DelMsgList has more than {ITEMS_MAX} entries")).into());
    }
    let mut numbers = Vec::with_capacity(items.len());
    for it in items {
        let (seq, random) = (it.msg_seq.need(bad, "MsgSeq")?, it.msg_random.need(bad, "MsgRandom")?);
        if let Some(id) = it.group_id.optional(bad, "GroupId")?.filter(|it| !it.is_empty()) {
            groups::mentions::see(cx, &id, random.into(), seq.into()).await?;
        }
        numbers.push((seq.into(), random.into()));
    }
    messages::forget_notices(cx, cx.caller.user(), numbers).await?;
    Ok(Nothing {})
}
