//! A client accepts or refuses an invitation to a group.
//!
//! Contract: `spec/client/commands/group_open_http_svc.handle_invite_join_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{invite, requests::Decision},
};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::people;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "handle_invite_join_group", "Answers an invitation.", Socket, Request => Nothing,
    handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    #[serde(rename = "Inviter_Account")]
    inviter: Given<String>,
    /// Agree or Reject.
    handle_msg: Given<String>,
    /// At most 1000 bytes.
    #[serde(default)]
    approval_msg: Given<String>,
    /// From the notice.
    #[serde(default)]
    authentication: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let inviter = it.inviter.need(bad, "Inviter_Account")?;
    let decision = Decision {
        agrees: people::agrees(it.handle_msg)?,
        text: people::text(it.approval_msg, "ApprovalMsg")?,
        auth: it.authentication.optional(bad, "Authentication")?.unwrap_or_default(),
    };
    invite::answer(cx, &group, inviter, decision).await?;
    Ok(Nothing {})
}
