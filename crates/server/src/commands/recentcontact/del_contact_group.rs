//! Removes a conversation group; the conversations stay.
//!
//! Contract: `spec/rest/recentcontact.del_contact_group.yaml`; for clients
//! `spec/client/commands/recentcontact.del_contact_group.yaml`.

use chat::{Cx, conversations::groups, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Group;
use crate::{command::command, given::Given};

command!(
    "recentcontact" / "del_contact_group", "Removes a conversation group.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Exactly one name.
    #[serde(rename = "GroupName")]
    names: Given<Vec<Given<String>>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_item: Vec<Group>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = super::owner(cx, it.from_account)?;
    let Ok([name]) = <[_; 1]>::try_from(it.names.need(bad, "GroupName")?) else {
        return Err(Fail::with(bad, "GroupName must have exactly one entry").into());
    };
    let group_name = name.need(bad, "GroupName[]")?;
    let group_id = groups::remove(cx, &owner, &group_name).await?;
    Ok(Response { group_item: vec![Group { group_name, group_id }] })
}
