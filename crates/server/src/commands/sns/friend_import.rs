//! Fills a friend list from another system: one way, and nobody is asked or told.
//!
//! Contract: `spec/rest/sns.friend_import.yaml`.

use chat::{
    Cx,
    error::Error,
    profiles::Field,
    relations::{self, Imported},
};
use proto::{Code, Fail, json::compact};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Results, batch, owner};
use crate::{
    command::command,
    given::{Given, Raw},
};

command!("sns" / "friend_import", "Fills a friend list from another system.", Rest, Request => Results, handle);

const ITEMS_MAX: usize = 1000;
/// More fields than there can be tags: a repeated tag is allowed, a flood is not.
const FIELDS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Whose list is filled.
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    /// 1 to 1000 friends.
    #[serde(rename = "AddFriendItem")]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    /// Up to 96 bytes.
    #[serde(default)]
    remark: Given<String>,
    /// Unix seconds.
    #[serde(default)]
    remark_time: Given<i64>,
    /// All lists that the friend is to be in.
    #[serde(default)]
    group_name: Given<Vec<String>>,
    /// AddSource_Type_ and 1 to 8 letters.
    add_source: Given<String>,
    /// Up to 256 bytes.
    #[serde(default)]
    add_wording: Given<String>,
    /// Unix seconds, by default now.
    #[serde(default)]
    add_time: Given<i64>,
    #[serde(default)]
    custom_item: Given<Vec<TagValue>>,
}

/// A field to set.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagValue {
    #[serde(default)]
    tag: Given<String>,
    #[serde(default)]
    value: Given<Raw>,
}

/// The fields, of which the last of a tag counts.
pub(super) fn fields(items: Vec<TagValue>, name: &str) -> Result<Vec<Field>, Fail> {
    let bad = Code::SnsParam;
    if items.len() > FIELDS_MAX {
        return Err(Fail::with(bad, format!("{name} must have at most {FIELDS_MAX} entries")));
    }
    let mut fields: Vec<Field> = Vec::with_capacity(items.len());
    for it in items {
        let (tag, value) = (it.tag.need(bad, "Tag")?, it.value.need(bad, "Value")?);
        let value = compact(value.text()).into_owned();
        match fields.iter_mut().find(|it| it.0 == tag) {
            Some(same) => same.1 = value,
            None => fields.push((tag, value)),
        }
    }
    Ok(fields)
}

impl Item {
    fn read(self) -> Result<Imported, Fail> {
        let bad = Code::SnsParam;
        Ok(Imported {
            user: self.to_account.need(bad, "To_Account")?,
            remark: self.remark.optional(bad, "Remark")?,
            remark_at: self.remark_time.optional(bad, "RemarkTime")?,
            lists: self.group_name.optional(bad, "GroupName")?,
            source: self.add_source.need(bad, "AddSource")?,
            wording: self.add_wording.optional(bad, "AddWording")?,
            added_at: self.add_time.optional(bad, "AddTime")?,
            custom: fields(self.custom_item.optional(bad, "CustomItem")?.unwrap_or_default(), "CustomItem")?,
        })
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let items = batch(it.items, "AddFriendItem", ITEMS_MAX)?;
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let users = items.iter().map(|it| it.user.clone()).collect();
    let outcomes = relations::import(cx, &owner, items).await?;
    Ok(Results::new(users, outcomes))
}
