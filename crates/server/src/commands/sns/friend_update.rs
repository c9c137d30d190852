//! Changes remark, lists and custom fields of friends.
//!
//! Contract: `spec/rest/sns.friend_update.yaml`, `spec/client/commands/sns.friend_update.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Update},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Results, batch,
    friend_import::{TagValue, fields},
    owner,
};
use crate::{command::command, given::Given};

command!("sns" / "friend_update", "Changes remark, lists and custom fields of friends.", Both, Request => Results, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Owner of the friend list.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 friends.
    #[serde(rename = "UpdateItem", default)]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    /// Tag_SNS_IM_Remark, Tag_SNS_IM_Group (the complete new set) or custom fields.
    #[serde(rename = "SnsItem", default)]
    fields: Given<Vec<TagValue>>,
}

impl Item {
    fn read(self) -> Result<Update, Fail> {
        let user = self.to_account.need(Code::SnsParam, "To_Account")?;
        let items = self.fields.need(Code::SnsParam, "SnsItem")?;
        if items.is_empty() {
            return Err(Fail::with(Code::SnsParam, "SnsItem is empty"));
        }
        Ok(Update { user, fields: fields(items, "SnsItem")? })
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let items = batch(it.items, "UpdateItem", ITEMS_MAX)?;
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let users = items.iter().map(|it| it.user.clone()).collect();
    let outcomes = relations::update(cx, &owner, items).await?;
    Ok(Results::new(users, outcomes))
}
