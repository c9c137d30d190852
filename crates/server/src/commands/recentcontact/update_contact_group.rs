//! Renames a conversation group, or moves conversations into it and out of it.
//!
//! Contract: `spec/rest/recentcontact.update_contact_group.yaml`; for clients
//! `spec/client/commands/recentcontact.update_contact_group.yaml`.

use chat::{
    Cx,
    conversations::{
        Which,
        groups::{self, Move},
    },
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contact, ContactItem};
use crate::{command::command, given::Given};

command!(
    "recentcontact" / "update_contact_group", "Renames or refills a conversation group.", Both,
    Request => Response, handle
);

const CONTACTS_MAX: usize = 100;
/// The only UpdateType of requests: one group is changed.
const BY_GROUP: i64 = 1;
/// UpdateGroupType.
const RENAME: i64 = 1;
const MOVE: i64 = 2;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1.
    update_type: Given<i64>,
    update_group: Given<Change>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Change {
    /// 1 rename, 2 add and remove conversations.
    update_group_type: Given<i64>,
    /// The current name.
    old_group_name: Given<String>,
    /// 1 to 32 bytes.
    #[serde(default)]
    new_group_name: Given<String>,
    /// 1 to 100 entries.
    #[serde(default)]
    contact_update_item: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// 1 add, 2 remove.
    contact_opt_type: Given<i64>,
    contact_item: Given<ContactItem>,
}

impl Item {
    fn read(self) -> Result<(Move, Which), Fail> {
        let bad = Code::ContactParam;
        let direction = match self.contact_opt_type.need(bad, "ContactOptType")? {
            1 => Move::In,
            2 => Move::Out,
            _ => return Err(Fail::with(bad, "ContactOptType must be 1 or 2")),
        };
        Ok((direction, self.contact_item.need(bad, "ContactItem")?.which()?))
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    update_type: i64,
    update_group_result: Changed,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Changed {
    update_group_type: i64,
    group_name: String,
    group_id: i64,
    old_group_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_result_item: Option<Vec<Moved>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Moved {
    contact_opt_type: i64,
    contact_item: Contact,
    result_code: i64,
    result_info: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ContactParam;
    let owner = super::owner(cx, it.from_account)?;
    if it.update_type.need(bad, "UpdateType")? != BY_GROUP {
        return Err(Fail::with(bad, "UpdateType must be 1").into());
    }
    let change = it.update_group.need(bad, "UpdateGroup")?;
    let old = change.old_group_name.need(bad, "OldGroupName")?;
    let update_group_result = match change.update_group_type.need(bad, "UpdateGroupType")? {
        RENAME => rename(cx, &owner, old, change.new_group_name.need(bad, "NewGroupName")?).await?,
        MOVE => {
            let items = super::batch(change.contact_update_item, "ContactUpdateItem", CONTACTS_MAX, bad)?;
            refill(cx, &owner, old, items).await?
        }
        _ => return Err(Fail::with(bad, "UpdateGroupType must be 1 or 2").into()),
    };
    Ok(Response { update_type: BY_GROUP, update_group_result })
}

async fn rename(cx: &Cx, owner: &str, old: String, new: String) -> Result<Changed, Error> {
    let group_id = groups::rename(cx, owner, &old, &new).await?;
    Ok(Changed {
        update_group_type: RENAME,
        group_name: new,
        group_id,
        old_group_name: old,
        contact_result_item: None,
    })
}

async fn refill(cx: &Cx, owner: &str, name: String, items: Vec<Item>) -> Result<Changed, Error> {
    let moves = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let filled = groups::update(cx, owner, &name, moves.clone()).await?;
    let moved = |((direction, which), outcome): ((Move, Which), _)| {
        let (result_code, result_info) = super::result(outcome);
        Moved { contact_opt_type: direction.number(), contact_item: which.into(), result_code, result_info }
    };
    Ok(Changed {
        update_group_type: MOVE,
        group_name: name.clone(),
        group_id: filled.id,
        old_group_name: name,
        contact_result_item: Some(moves.into_iter().zip(filled.outcomes).map(moved).collect()),
    })
}
