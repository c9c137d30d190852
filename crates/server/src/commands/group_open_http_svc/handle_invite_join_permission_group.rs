//! An owner or admin decides on a member's invitation of one user.
//!
//! Contract: `spec/client/commands/group_open_http_svc.handle_invite_join_permission_group.yaml`.

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
    "group_open_http_svc" / "handle_invite_join_permission_group", "Decides on a member's invitation.", Socket,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// The inviter.
    #[serde(rename = "Applicant_Account")]
    inviter: Given<String>,
    #[serde(rename = "Invited_Account")]
    invited: Given<String>,
    /// Agree or Reject.
    handle_msg: Given<String>,
    /// At most 1000 bytes.
    #[serde(default)]
    approval_msg: Given<String>,
    /// Not looked at: inviter and invited name the invitation.
    #[serde(default)]
    authentication: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let inviter = it.inviter.need(bad, "Applicant_Account")?;
    let invited = it.invited.need(bad, "Invited_Account")?;
    let decision = Decision {
        agrees: people::agrees(it.handle_msg)?,
        text: people::text(it.approval_msg, "ApprovalMsg")?,
        auth: it.authentication.optional(bad, "Authentication")?.unwrap_or_default(),
    };
    requests::decide_one(cx, &group, (inviter, invited), decision).await?;
    Ok(Nothing {})
}
