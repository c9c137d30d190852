//! Tells when given members read given messages.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_group_msg_receipts_by_users.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::receipts::{self, MESSAGES_MAX},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "group_open_http_svc" / "get_group_msg_receipts_by_users", "Tells when members read messages.", Socket,
    Request => Response, handle
);

/// Members named for one message.
const MEMBERS_MAX: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 50 messages.
    member_read_msg_list: Given<Vec<Asked>>,
}

#[derive(Deserialize, JsonSchema)]
struct Asked {
    #[serde(rename = "MsgSeq")]
    seq: Given<i64>,
    /// 1 to 200 members.
    #[serde(rename = "MemberList_Account")]
    members: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    msg_read_list: Vec<Read>,
}

#[derive(Serialize, JsonSchema)]
struct Read {
    #[serde(rename = "MsgSeq")]
    seq: i64,
    #[serde(rename = "Read_Account")]
    account: String,
    /// Unix seconds.
    #[serde(rename = "Read_Time")]
    time: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let asked = it.member_read_msg_list.need(bad, "MemberReadMsgList")?;
    if asked.is_empty() || asked.len() > MESSAGES_MAX {
        return Err(
            Fail::with(bad, format!("MemberReadMsgList must have 1 to {MESSAGES_MAX} entries")).into()
        );
    }
    let mut pairs = Vec::with_capacity(asked.len());
    for it in asked {
        let members = it.members.need(bad, "MemberList_Account")?;
        if members.is_empty() || members.len() > MEMBERS_MAX {
            return Err(
                Fail::with(bad, format!("MemberList_Account must have 1 to {MEMBERS_MAX} entries")).into()
            );
        }
        pairs.push((it.seq.need(bad, "MsgSeq")?, members));
    }
    let read = receipts::of_users(cx, &group, pairs).await?;
    let read = read.into_iter().map(|(seq, account, time)| Read { seq, account, time });
    Ok(Response { msg_read_list: read.collect() })
}
