//! A client deletes messages from its own history.
//!
//! Contract: `spec/client/commands/openim.delete_c2c_msg_ramble.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "openim" / "delete_c2c_msg_ramble", "Deletes messages from the own history.", Socket,
    Request => Nothing, handle
);

const MESSAGES_MAX: usize = 30;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    #[serde(rename = "MsgKeyList")]
    msg_key_list: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let from = it.from_account.optional(Code::MsgInvalid, "From_Account")?;
    let from = super::acting(cx, from, Code::MsgFromUnknown)?;
    let to = it.to_account.need(Code::MsgInvalid, "To_Account")?;
    let keys = it.msg_key_list.need(Code::MsgInvalid, "MsgKeyList")?;
    if keys.is_empty() || keys.len() > MESSAGES_MAX {
        return Err(
            Fail::with(Code::MsgInvalid, format!("MsgKeyList must have 1 to {MESSAGES_MAX} keys")).into()
        );
    }
    let keys = keys.iter().filter_map(|it| it.parse().ok()).collect();
    messages::delete_own(cx, &from, &to, keys).await?;
    Ok(Nothing {})
}
