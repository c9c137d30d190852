//! A client reports conversations as read.
//!
//! Contract: `spec/client/commands/openim.msgreaded.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim" / "msgreaded", "Reports conversations as read.", Socket, Request => Nothing, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "C2CMsgReaded")]
    readed: Given<Readed>,
}

#[derive(Deserialize, JsonSchema)]
struct Readed {
    #[serde(rename = "C2CMsgReadedItem")]
    items: Vec<Item>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Everything up to this second is read.
    lasted_msg_time: i64,
    /// 0: the peer is not told.
    receipt: Option<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let items = it.readed.need(Code::MsgInvalid, "C2CMsgReaded")?.items;
    if items.len() > ITEMS_MAX {
        return Err(Fail::with(Code::MsgInvalid, format!("more than {ITEMS_MAX} conversations")).into());
    }
    for it in items {
        let tell = it.receipt != Some(0);
        messages::set_read(cx, cx.caller.user(), &it.to_account, it.lasted_msg_time, tell).await?;
    }
    Ok(Nothing {})
}
