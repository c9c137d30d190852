//! Gives the extensions of a one-to-one message.
//!
//! Contract: `spec/rest/openim_msg_ext_http_svc.get_key_values.yaml`,
//! `spec/client/commands/openim_msg_ext_http_svc.get_key_values.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    pairs::{self, Page},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "get_key_values", "Gives extensions of a one-to-one message.", Both,
    Request => Page, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Sender of the message; whoever calls when it is left out.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    msg_key: Given<String>,
    /// The first change that is wanted; all pairs when it is left out.
    #[serde(default)]
    start_seq: Given<i64>,
    #[serde(rename = "startSeq", default)]
    start_seq_of_clients: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Page, Error> {
    let named = named::one_to_one(cx, it.from_account, it.to_account, it.msg_key)?;
    pairs::page(cx, named, (it.start_seq, it.start_seq_of_clients)).await
}
