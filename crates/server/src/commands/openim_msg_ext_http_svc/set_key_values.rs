//! Sets or removes extensions of a one-to-one message.
//!
//! Contract: `spec/rest/openim_msg_ext_http_svc.set_key_values.yaml`,
//! `spec/client/commands/openim_msg_ext_http_svc.set_key_values.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    named,
    pairs::{self, Changed, Wanted},
};
use crate::{command::command, given::Given};

command!(
    "openim_msg_ext_http_svc" / "set_key_values", "Changes extensions of a one-to-one message.", Both,
    Request => Changed, handle
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
    /// 1 sets pairs, 2 removes pairs, 3 removes all.
    operate_type: Given<i64>,
    /// 1 to 20 pairs; not needed to remove all.
    #[serde(default)]
    extension_list: Given<Vec<Wanted>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Changed, Error> {
    let named = named::one_to_one(cx, it.from_account, it.to_account, it.msg_key)?;
    pairs::change(cx, named, it.operate_type, it.extension_list).await
}
