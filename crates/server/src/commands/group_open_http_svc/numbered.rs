//! Fields of calls that are about messages in groups and topics.
//! `spec/concepts/group-system.md` 1.

use chat::groups::history::Wanted;
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::given::Given;

/// A message by its number.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Numbered {
    msg_seq: Given<i64>,
}

/// MsgSeqList with 1 to `most` entries.
pub(super) fn numbers(given: Given<Vec<Numbered>>, most: usize) -> Result<Vec<i64>, Fail> {
    let list = given.need(Code::GroupParam, "MsgSeqList")?;
    if list.is_empty() || list.len() > most {
        return Err(Fail::with(Code::GroupParam, format!("MsgSeqList must have 1 to {most} entries")));
    }
    list.into_iter().map(|it| it.msg_seq.need(Code::GroupParam, "MsgSeq")).collect()
}

/// TopicId; an empty one is none.
pub(super) fn topic_id(given: Given<String>) -> Result<Option<String>, Fail> {
    Ok(given.optional(Code::GroupParam, "TopicId")?.filter(|it| !it.is_empty()))
}

/// ReqMsgSeq and ReqMsgNumber, of which the second must be there.
pub(super) fn wanted(from: Given<i64>, count: Given<i64>, recalled: bool) -> Result<Wanted, Fail> {
    let bad = Code::GroupParam;
    let count = count.need(bad, "ReqMsgNumber")?;
    let from = from.optional(bad, "ReqMsgSeq")?.unwrap_or(0);
    if count < 1 || from < 0 {
        return Err(Fail::with(bad, "ReqMsgNumber must be at least 1, ReqMsgSeq not negative"));
    }
    Ok(Wanted { from, count, recalled })
}
