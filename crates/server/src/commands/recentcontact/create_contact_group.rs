//! Makes a conversation group with conversations in it.
//!
//! Contract: `spec/rest/recentcontact.create_contact_group.yaml`; for clients
//! `spec/client/commands/recentcontact.create_contact_group.yaml`.

use chat::{
    Cx,
    conversations::{Which, groups},
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contact, ContactItem, Group};
use crate::{command::command, given::Given};

command!(
    "recentcontact" / "create_contact_group", "Makes a conversation group.", Both,
    Request => Response, handle
);

const CONTACTS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Exactly one entry.
    #[serde(rename = "GroupContactItem")]
    groups: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// 1 to 32 bytes.
    group_name: Given<String>,
    /// 1 to 100 conversations.
    contact_item: Given<Vec<ContactItem>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_result_item: Vec<Made>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Made {
    group_item: Group,
    result_item: Vec<Added>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Added {
    contact_item: Contact,
    result_code: i64,
    result_info: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = super::owner(cx, it.from_account)?;
    let Ok([group]) = <[Item; 1]>::try_from(it.groups.need(bad, "GroupContactItem")?) else {
        return Err(Fail::with(bad, "GroupContactItem must have exactly one entry").into());
    };
    let name = group.group_name.need(bad, "GroupName")?;
    let contacts = super::batch(group.contact_item, "ContactItem", CONTACTS_MAX, bad)?;
    let contacts = contacts.into_iter().map(ContactItem::which).collect::<Result<Vec<_>, _>>()?;
    let filled = groups::create(cx, &owner, &name, contacts.clone()).await?;
    let added = |(which, outcome): (Which, _)| {
        let (result_code, result_info) = super::result(outcome);
        Added { contact_item: which.into(), result_code, result_info }
    };
    let result_item = contacts.into_iter().zip(filled.outcomes).map(added).collect();
    let group_item = Group { group_name: name, group_id: filled.id };
    Ok(Response { group_result_item: vec![Made { group_item, result_item }] })
}
