//! Adds friends, at once or by a request.
//!
//! Contract: `spec/rest/sns.friend_add.yaml`, `spec/client/commands/sns.friend_add.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Adding, NewFriend},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, batch, owner};
use crate::{command::command, given::Given};

command!("sns" / "friend_add", "Adds friends of a user, at once or by a request.", Both, Request => Results, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Who adds.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 users.
    #[serde(rename = "AddFriendItem", default)]
    items: Given<Vec<Item>>,
    /// Add_Type_Both (default) or Add_Type_Single.
    #[serde(rename = "AddType", default)]
    add_type: Given<String>,
    /// 1: the others are not asked. Clients cannot.
    #[serde(rename = "ForceAddFlags", default)]
    force: Given<i64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    /// Up to 96 bytes.
    #[serde(default)]
    remark: Given<String>,
    /// A list to put the friend in.
    #[serde(default)]
    group_name: Given<OneName>,
    /// AddSource_Type_ and 1 to 8 letters.
    #[serde(default)]
    add_source: Given<String>,
    /// Up to 256 bytes.
    #[serde(default)]
    add_wording: Given<String>,
}

/// The name of one list, as a text or as a list of one; empty is none.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum OneName {
    Text(String),
    List(Vec<String>),
}

/// The one name, empty when there is none.
pub(super) fn one_name(given: Given<OneName>, field: &str) -> Result<String, Fail> {
    match given.optional(Code::SnsParam, field)? {
        None => Ok(String::new()),
        Some(OneName::Text(name)) => Ok(name),
        Some(OneName::List(mut names)) if names.len() <= 1 => Ok(names.pop().unwrap_or_default()),
        Some(OneName::List(_)) => Err(Fail::with(Code::SnsParam, format!("{field} must be one name"))),
    }
}

impl Item {
    fn read(self) -> Result<NewFriend, Fail> {
        let bad = Code::SnsParam;
        Ok(NewFriend {
            user: self.to_account.need(bad, "To_Account")?,
            remark: self.remark.optional(bad, "Remark")?.unwrap_or_default(),
            list: one_name(self.group_name, "GroupName")?,
            source: self.add_source.optional(bad, "AddSource")?.unwrap_or_default(),
            wording: self.add_wording.optional(bad, "AddWording")?.unwrap_or_default(),
        })
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let items = batch(it.items, "AddFriendItem", ITEMS_MAX)?;
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let mutual = match it.add_type.optional(bad, "AddType")?.as_deref() {
        None | Some("Add_Type_Both") => true,
        Some("Add_Type_Single") => false,
        Some(_) => return Err(Fail::with(bad, "AddType must be Add_Type_Both or Add_Type_Single").into()),
    };
    let force = if cx.is_admin() { it.force.optional(bad, "ForceAddFlags")? } else { None };
    let forced = match force {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(Fail::with(bad, "ForceAddFlags must be 0 or 1").into()),
    };
    let users = items.iter().map(|it| it.user.clone()).collect();
    let outcomes = relations::add(cx, &owner, items, Adding { mutual, forced }).await?;
    Ok(Results::new(users, outcomes))
}
