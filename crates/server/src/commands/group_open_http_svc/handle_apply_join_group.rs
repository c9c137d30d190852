//! An owner or admin decides on an application, or on a member's invitations.
//!
//! Contract: `spec/client/commands/group_open_http_svc.handle_apply_join_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::requests::{self, Decision},
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
    "group_open_http_svc" / "handle_apply_join_group", "Decides on an application.", Socket, Request => Nothing,
    handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// The applicant, or the inviter.
    #[serde(rename = "Applicant_Account")]
    applicant: Given<String>,
    /// Agree or Reject.
    handle_msg: Given<String>,
    /// At most 1000 bytes.
    #[serde(default)]
    approval_msg: Given<String>,
    /// From the notice or the list.
    #[serde(default)]
    authentication: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let applicant = it.applicant.need(bad, "Applicant_Account")?;
    let decision = Decision {
        agrees: people::agrees(it.handle_msg)?,
        text: people::text(it.approval_msg, "ApprovalMsg")?,
        auth: it.authentication.optional(bad, "Authentication")?.unwrap_or_default(),
    };
    requests::decide(cx, &group, applicant, decision).await?;
    Ok(Nothing {})
}
