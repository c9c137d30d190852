//! A client renames a list of friends, or changes who is in it.
//!
//! Contract: `spec/client/commands/sns.group_update.yaml`.

use chat::{Cx, error::Error, relations, relations::Move};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{answer, owner};
use crate::{command::command, given::Given};

command!("sns" / "group_update", "Renames or fills a list of friends.", Socket, Request => Response, handle);

const ITEMS_MAX: usize = 1000;
const ADD: &str = "Update_Type_Add";
const DELETE: &str = "Update_Type_Delete";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    group_old_name: Given<String>,
    /// The new name; without it the list keeps its own.
    #[serde(default)]
    group_new_name: Given<String>,
    /// Up to 1000 changes, made after the renaming.
    #[serde(default)]
    update_group_item: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
struct Item {
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    /// Update_Type_Add or Update_Type_Delete.
    #[serde(rename = "UpdateType", default)]
    update_type: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<ResultItem>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ResultItem {
    #[serde(rename = "To_Account")]
    to_account: String,
    update_type: &'static str,
    result_code: i64,
    result_info: String,
}

impl Item {
    fn read(self) -> Result<(String, &'static str), Fail> {
        let bad = Code::SnsParam;
        let user = self.to_account.need(bad, "To_Account")?;
        let given = self.update_type.need(bad, "UpdateType")?;
        let known = [ADD, DELETE].into_iter().find(|it| *it == given);
        let kind = known.ok_or_else(|| Fail::with(bad, format!("UpdateType must be {ADD} or {DELETE}")))?;
        Ok((user, kind))
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let old_name = it.group_old_name.need(bad, "GroupOldName")?;
    let new_name = it.group_new_name.optional(bad, "GroupNewName")?;
    let items = it.update_group_item.optional(bad, "UpdateGroupItem")?.unwrap_or_default();
    if (items.is_empty() && new_name.is_none()) || items.len() > ITEMS_MAX {
        let info = format!("expected a GroupNewName or 1 to {ITEMS_MAX} entries in UpdateGroupItem");
        return Err(Fail::with(bad, info).into());
    }
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let moves = items.iter().map(|(user, kind)| Move { user: user.clone(), is_in: *kind == ADD });
    let outcomes = relations::change_list(cx, &owner, old_name, new_name, moves.collect()).await?;
    let results = items.into_iter().zip(outcomes).map(|((to_account, update_type), outcome)| {
        let (result_code, result_info) = answer(outcome);
        ResultItem { to_account, update_type, result_code, result_info }
    });
    Ok(Response { result_item: results.collect() })
}
