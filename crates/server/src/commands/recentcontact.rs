//! The conversation list.

pub mod batch_delete;
pub mod clear_msg;
pub mod create_contact_group;
pub mod del_contact_group;
pub mod delete;
pub mod get_contact_group;
pub mod get_list;
pub mod mark_contact;
pub mod page_get;
pub mod search_contact_group;
pub mod top;
pub mod update_contact_group;

use chat::{
    Caller, Cx,
    conversations::{self, Cursor, ListPage, Wanted, Which, marks::Labels},
    error::Error,
    relations::Outcome,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{commands::openim::acting, given::Given};

/// The four cursor fields, which must all be there.
fn cursor(
    time: Given<i64>,
    index: Given<i64>,
    top_time: Given<i64>,
    top_index: Given<i64>,
) -> Result<Cursor, Fail> {
    let field = |given: Given<i64>, name: &str| {
        let value = given.need(Code::ContactParam, name)?;
        match value {
            0.. => Ok(value),
            _ => Err(Fail::with(Code::ContactParam, format!("{name} must not be negative"))),
        }
    };
    Ok(Cursor {
        time: field(time, "TimeStamp")?,
        index: field(index, "StartIndex")?,
        top_time: field(top_time, "TopTimeStamp")?,
        top_index: field(top_index, "TopStartIndex")?,
    })
}

async fn page(cx: &Cx, owner: &str, cursor: Cursor, wanted: Wanted) -> Result<ListPage, Error> {
    let page = conversations::page(cx, owner, cursor, wanted).await?;
    page.ok_or_else(|| Fail::with(Code::ContactUnknown, "From_Account does not exist").into())
}

/// Type with To_Account or the group's id; the wrong one of the two is refused.
fn which(kind: Given<i64>, to_account: Given<String>, group: Given<String>) -> Result<Which, Fail> {
    named(kind, to_account, group, "ToGroupid")
}

fn named(
    kind: Given<i64>,
    to_account: Given<String>,
    group: Given<String>,
    group_name: &str,
) -> Result<Which, Fail> {
    let bad = Code::ContactParam;
    let not_empty =
        |given: Given<String>, name: &str| given.optional(bad, name).map(|it| it.filter(|it| !it.is_empty()));
    let (peer, group) = (not_empty(to_account, "To_Account")?, not_empty(group, group_name)?);
    match (kind.need(bad, "Type")?, peer, group) {
        (1, Some(peer), None) => Ok(Which::Peer(peer)),
        (2, None, Some(group)) => Ok(Which::Group(group)),
        _ => Err(Fail::with(bad, format!("expected Type 1 with To_Account, or 2 with {group_name}"))),
    }
}

/// Whose labels a call is about: a backend must say it, a client may only mean itself.
fn owner(cx: &Cx, from_account: Given<String>) -> Result<String, Fail> {
    let bad = Code::ContactParam;
    match cx.caller {
        Caller::Admin(_) => from_account.need(bad, "From_Account"),
        _ => acting(cx, from_account.optional(bad, "From_Account")?, Code::ContactDenied),
    }
}

/// A list that must be there with 1 to `most` entries; `size` is the code for one with fewer or more.
fn batch<T>(given: Given<Vec<T>>, name: &str, most: usize, size: Code) -> Result<Vec<T>, Fail> {
    let items = given.need(Code::ContactParam, name)?;
    if items.is_empty() || items.len() > most {
        return Err(Fail::with(size, format!("{name} must have 1 to {most} entries")));
    }
    Ok(items)
}

/// A conversation as the commands for marks and conversation groups are told it.
#[derive(Deserialize, JsonSchema)]
struct ContactItem {
    /// 1 one-to-one, 2 group.
    #[serde(rename = "Type", default)]
    kind: Given<i64>,
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    #[serde(rename = "ToGroupId", alias = "ToGroupid", default)]
    group: Given<String>,
}

impl ContactItem {
    fn which(self) -> Result<Which, Fail> {
        named(self.kind, self.to_account, self.group, "ToGroupId")
    }
}

/// The same in an answer.
#[derive(Serialize, JsonSchema)]
struct Contact {
    #[serde(rename = "Type")]
    kind: i64,
    #[serde(rename = "To_Account", skip_serializing_if = "Option::is_none")]
    to_account: Option<String>,
    #[serde(rename = "ToGroupId", skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

impl From<Which> for Contact {
    fn from(it: Which) -> Contact {
        match it {
            Which::Peer(peer) => Contact { kind: 1, to_account: Some(peer), group: None },
            Which::Group(group) => Contact { kind: 2, to_account: None, group: Some(group) },
        }
    }
}

/// ResultCode and ResultInfo of an item.
fn result(outcome: Outcome) -> (i64, String) {
    match outcome {
        Ok(()) => (0, String::new()),
        Err(it) => (it.number, it.info.into_owned()),
    }
}

/// A conversation group of the user.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Group {
    group_name: String,
    group_id: i64,
}

fn groups(groups: Vec<(i64, String)>) -> Vec<Group> {
    groups.into_iter().map(|(group_id, group_name)| Group { group_name, group_id }).collect()
}

/// Marks and conversation groups of a conversation.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Marked {
    /// A binary number whose last digit is mark 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    standard_mark: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_mark: Option<String>,
    /// Ids of the conversation groups it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_group_id: Option<Vec<i64>>,
}

impl From<Labels> for Marked {
    /// What is unset is left out.
    fn from(it: Labels) -> Marked {
        Marked {
            standard_mark: it.standard(),
            custom_mark: Some(it.custom).filter(|it| !it.is_empty()),
            contact_group_id: Some(it.groups).filter(|it| !it.is_empty()),
        }
    }
}

impl Marked {
    /// With a value for everything, as clients get it.
    fn whole(it: Labels) -> Marked {
        Marked {
            standard_mark: Some(it.standard().unwrap_or_else(|| "0".to_owned())),
            custom_mark: Some(it.custom),
            contact_group_id: Some(it.groups),
        }
    }
}

/// A conversation with its marks and conversation groups.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct MarkedContact {
    #[serde(flatten)]
    contact: Contact,
    #[serde(flatten)]
    marked: Marked,
    /// When they changed last, in Unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<i64>,
}

/// A backend gets what is set; a client gets every conversation with a value for everything.
fn marked(cx: &Cx, items: Vec<(Which, Labels)>) -> Vec<MarkedContact> {
    let is_set = |it: &Labels| it.changed_at > 0;
    let mut out = Vec::with_capacity(items.len());
    for (which, labels) in items.into_iter().filter(|it| !cx.is_admin() || is_set(&it.1)) {
        let timestamp = is_set(&labels).then_some(labels.changed_at);
        let marked = if cx.is_admin() { labels.into() } else { Marked::whole(labels) };
        out.push(MarkedContact { contact: which.into(), marked, timestamp });
    }
    out
}
