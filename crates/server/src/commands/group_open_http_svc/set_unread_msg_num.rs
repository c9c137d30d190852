//! Sets how many messages a member has not read.
//!
//! Contract: `spec/rest/group_open_http_svc.set_unread_msg_num.yaml`.

use chat::{Cx, error::Error, groups::read};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "set_unread_msg_num", "Sets an unread count.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(rename = "Member_Account")]
    member: Given<String>,
    /// More than there are messages counts as all.
    unread_msg_num: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let member = it.member.need(bad, "Member_Account")?;
    let count = it.unread_msg_num.need(bad, "UnreadMsgNum")?;
    if count < 0 {
        return Err(Fail::with(bad, "UnreadMsgNum must not be negative").into());
    }
    read::set_unread(cx, &group, &member, count).await?;
    Ok(Nothing {})
}
