//! A client deletes notices that are kept for it.
//!
//! Contract: `spec/client/commands/openim.deletemsg.yaml`. Notices come from groups; what is unknown is OK.

use chat::{Cx, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::{Given, Raw},
};

command!("openim" / "deletemsg", "Deletes stored notices.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "DelMsgList")]
    notices: Given<Vec<Raw>>,
}

async fn handle(_: &Cx, it: Request) -> Result<Nothing, Error> {
    it.notices.need(Code::MsgInvalid, "DelMsgList")?;
    Ok(Nothing {})
}
