//! Reads marks and conversation groups of given conversations.
//!
//! Contract: `spec/rest/recentcontact.search_contact_group.yaml`; for clients
//! `spec/client/commands/recentcontact.search_contact_group.yaml`.

use chat::{Cx, conversations::groups, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ContactItem, Group, MarkedContact};
use crate::{command::command, given::Given};

command!(
    "recentcontact" / "search_contact_group", "Reads marks and groups of given conversations.", Both,
    Request => Response, handle
);

const CONTACTS_MAX: usize = 300;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 300 conversations.
    contact_item: Given<Vec<ContactItem>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    contact_result_item: Vec<MarkedContact>,
    group_item: Vec<Group>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = super::owner(cx, it.from_account)?;
    let contacts = super::batch(it.contact_item, "ContactItem", CONTACTS_MAX, bad)?;
    let contacts = contacts.into_iter().map(ContactItem::which).collect::<Result<Vec<_>, _>>()?;
    let found = groups::search(cx, &owner, contacts).await?;
    Ok(Response {
        contact_result_item: super::marked(cx, found.items),
        group_item: super::groups(found.groups),
    })
}
