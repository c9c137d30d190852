//! A client confirms single messages.
//!
//! Contract: `spec/client/commands/openim.c2c_msg_read_receipt.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail, MsgKey};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim" / "c2c_msg_read_receipt", "Confirms single messages.", Socket, Request => Nothing, handle);

const MESSAGES_MAX: usize = 30;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Peer_Account")]
    peer_account: Given<String>,
    #[serde(rename = "C2CMsgInfo")]
    messages: Given<Vec<Info>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(rename = "From_Account")]
    from_account: String,
    msg_seq: u32,
    msg_random: u32,
    msg_time: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let peer = it.peer_account.need(Code::MsgInvalid, "Peer_Account")?;
    let infos = it.messages.need(Code::MsgInvalid, "C2CMsgInfo")?;
    if infos.len() > MESSAGES_MAX {
        return Err(Fail::with(Code::MsgInvalid, format!("more than {MESSAGES_MAX} messages")).into());
    }
    let keys = infos
        .into_iter()
        .filter(|it| it.from_account == peer)
        .map(|it| MsgKey { seq: it.msg_seq, random: it.msg_random, time: it.msg_time })
        .collect();
    messages::give_receipts(cx, cx.caller.user(), &peer, keys).await?;
    Ok(Nothing {})
}
