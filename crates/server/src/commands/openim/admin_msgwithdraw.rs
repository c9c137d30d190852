//! Recalls a one-to-one message for both sides.
//!
//! Contract: `spec/rest/openim.admin_msgwithdraw.yaml`.

use chat::{
    Cx,
    error::Error,
    messages::{self, Named},
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openim" / "admin_msgwithdraw", "Recalls a one-to-one message.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Sender of the message.
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    #[serde(rename = "MsgKey")]
    msg_key: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let from = it.from_account.need(Code::C2cFrom, "From_Account")?;
    let to = it.to_account.need(Code::C2cTo, "To_Account")?;
    let key = super::parse_key(it.msg_key)?;
    super::must_exist(cx, &from, Code::C2cFrom, "From_Account").await?;
    super::must_exist(cx, &to, Code::C2cTo, "To_Account").await?;
    messages::recall(cx, Named { from, to, key }).await?;
    Ok(Nothing {})
}
