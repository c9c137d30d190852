//! Hands a group over.
//!
//! Contract: `spec/rest/group_open_http_svc.change_group_owner.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.change_group_owner.yaml`.

use chat::{Cx, error::Error, groups::owner};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "change_group_owner", "Hands a group over.", Both, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// A member.
    #[serde(rename = "NewOwner_Account")]
    new_owner: Given<String>,
    /// Who is shown as having done it; the administrator of the call when absent or empty.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let user = it.new_owner.need(Code::GroupParam, "NewOwner_Account")?;
    let operator = super::own(cx, it.from_account, "From_Account")?;
    owner::change_owner(cx, &group, user, operator).await?;
    Ok(Nothing {})
}
