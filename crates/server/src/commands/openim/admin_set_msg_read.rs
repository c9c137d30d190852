//! Marks a one-to-one conversation as read up to a time.
//!
//! Contract: `spec/rest/openim.admin_set_msg_read.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "openim" / "admin_set_msg_read", "Marks a one-to-one conversation as read.", Rest, Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Whose messages become read.
    #[serde(rename = "Report_Account")]
    report_account: Given<String>,
    #[serde(rename = "Peer_Account")]
    peer_account: Given<String>,
    /// Unix seconds; now when absent.
    #[serde(rename = "MsgReadTime", default)]
    msg_read_time: Given<Seconds>,
}

/// A number, or the same as text: the vendor's table says text.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let owner = it.report_account.need(Code::C2cFrom, "Report_Account")?;
    let peer = it.peer_account.need(Code::C2cTo, "Peer_Account")?;
    let bad = || Fail::with(Code::C2cJson, "MsgReadTime must be a number of seconds");
    let until = match it.msg_read_time.optional(Code::C2cJson, "MsgReadTime")? {
        None => cx.chat.clock.now(),
        Some(Seconds::Number(it)) => it,
        Some(Seconds::Text(it)) => it.parse().map_err(|_| bad())?,
    };
    if until < 0 {
        return Err(bad().into());
    }
    super::must_exist(cx, &owner, Code::C2cFrom, "Report_Account").await?;
    super::must_exist(cx, &peer, Code::C2cTo, "Peer_Account").await?;
    messages::set_read(cx, &owner, &peer, until, true).await?;
    Ok(Nothing {})
}
