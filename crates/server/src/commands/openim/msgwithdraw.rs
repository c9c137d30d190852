//! Recalls one's own message within the app's window.
//!
//! Contract: `spec/client/commands/openim.msgwithdraw.yaml`.

use chat::{
    Cx,
    error::Error,
    messages::{self, Named},
};
use proto::{Code, Fail, MsgKey};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim" / "msgwithdraw", "Recalls an own message.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "MsgInfo")]
    msg_info: Given<Info>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(rename = "From_Account")]
    from_account: String,
    #[serde(rename = "To_Account")]
    to_account: String,
    msg_seq: u32,
    msg_random: u32,
    msg_time_stamp: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let it = it.msg_info.need(Code::MsgInvalid, "MsgInfo")?;
    if it.from_account != cx.caller.user() {
        return Err(Fail::with(Code::RecallUnknown, "only own messages can be recalled").into());
    }
    let key = MsgKey { seq: it.msg_seq, random: it.msg_random, time: it.msg_time_stamp };
    messages::recall(cx, Named { from: it.from_account, to: it.to_account, key }).await?;
    Ok(Nothing {})
}
