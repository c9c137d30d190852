//! Sets and clears marks of conversations.
//!
//! Contract: `spec/rest/recentcontact.mark_contact.yaml`; for clients
//! `spec/client/commands/recentcontact.mark_contact.yaml`.

use chat::{
    Cx,
    conversations::{
        Which,
        marks::{self, BOTH, CUSTOM, Mark, STANDARD},
    },
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Contact, ContactItem};
use crate::{command::command, given::Given};

command!("recentcontact" / "mark_contact", "Marks conversations.", Both, Request => Response, handle);

const ITEMS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 100 entries.
    mark_item: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// 1 standard marks, 2 custom mark, 3 both.
    opt_type: Given<i64>,
    contact_item: Given<ContactItem>,
    /// Numbers of marks, 0 to 63.
    #[serde(default)]
    clear_mark: Given<Vec<i64>>,
    #[serde(default)]
    set_mark: Given<Vec<i64>>,
    /// At most 256 bytes; an empty text removes it.
    #[serde(default)]
    custom_mark: Given<String>,
}

impl Item {
    fn read(self) -> Result<Mark, Fail> {
        let bad = Code::ContactParam;
        let kind = self.opt_type.need(bad, "OptType")?;
        if ![STANDARD, CUSTOM, BOTH].contains(&kind) {
            return Err(Fail::with(bad, "OptType must be 1, 2 or 3"));
        }
        let which = self.contact_item.need(bad, "ContactItem")?.which()?;
        let mut mark = Mark { which, kind, clear: Vec::new(), set: Vec::new(), custom: None };
        if kind != CUSTOM {
            mark.clear = self.clear_mark.optional(bad, "ClearMark")?.unwrap_or_default();
            mark.set = self.set_mark.optional(bad, "SetMark")?.unwrap_or_default();
        }
        if kind != STANDARD {
            mark.custom = self.custom_mark.optional(bad, "CustomMark")?;
        }
        Ok(mark)
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    result_item: Vec<Marked>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Marked {
    opt_type: i64,
    contact_item: Contact,
    result_code: i64,
    result_info: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = super::owner(cx, it.from_account)?;
    let items = super::batch(it.mark_item, "MarkItem", ITEMS_MAX, Code::ContactBatchSize)?;
    let items = items.into_iter().map(Item::read).collect::<Result<Vec<_>, _>>()?;
    let named: Vec<_> = items.iter().map(|it| (it.kind, it.which.clone())).collect();
    let outcomes = marks::mark(cx, &owner, items).await?;
    let marked = |((opt_type, which), outcome): ((i64, Which), _)| {
        let (result_code, result_info) = super::result(outcome);
        Marked { opt_type, contact_item: which.into(), result_code, result_info }
    };
    Ok(Response { result_item: named.into_iter().zip(outcomes).map(marked).collect() })
}
