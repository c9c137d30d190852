//! Relationships: friends, their lists, requests, the blocklist.

pub mod black_list_add;
pub mod black_list_check;
pub mod black_list_delete;
pub mod black_list_get;
pub mod friend_add;
pub mod friend_check;
pub mod friend_delete;
pub mod friend_delete_all;
pub mod friend_get;
pub mod friend_get_list;
pub mod friend_get_specified;
pub mod friend_import;
pub mod friend_response;
pub mod friend_update;
pub mod group_add;
pub mod group_delete;
pub mod group_get;
pub mod group_update;
pub mod pendency_delete;
pub mod pendency_get;
pub mod pendency_report;

use chat::{Caller, Cx, relations::Outcome};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Serialize;

use crate::given::Given;

/// Whose relations a call is about: a backend must say it, a client may only mean itself.
pub(super) fn owner(cx: &Cx, from_account: Given<String>) -> Result<String, Fail> {
    let named = from_account.optional(Code::SnsParam, "From_Account")?.filter(|it| !it.is_empty());
    match (&cx.caller, named) {
        (Caller::Admin(_), None) => Err(Fail::with(Code::SnsParam, "From_Account is missing")),
        (_, named) => crate::commands::openim::acting(cx, named, Code::SnsDenied),
    }
}

/// A list that must be there with 1 to `most` entries.
pub(super) fn batch<T>(given: Given<Vec<T>>, name: &str, most: usize) -> Result<Vec<T>, Fail> {
    let items = given.need(Code::SnsParam, name)?;
    if items.is_empty() || items.len() > most {
        return Err(Fail::with(Code::SnsParam, format!("{name} must have 1 to {most} entries")));
    }
    Ok(items)
}

/// Answers of a batch, in the order of its items.
#[derive(Serialize, JsonSchema)]
struct Results {
    #[serde(rename = "ResultItem")]
    items: Vec<ResultItem>,
    /// Those that failed.
    #[serde(rename = "Fail_Account", default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ResultItem {
    #[serde(rename = "To_Account")]
    to_account: String,
    result_code: i64,
    result_info: String,
}

impl Results {
    fn new(users: Vec<String>, outcomes: Vec<Outcome>) -> Results {
        let failed = users.iter().zip(&outcomes).filter(|it| it.1.is_err()).map(|it| it.0.clone()).collect();
        let items = users.into_iter().zip(outcomes).map(|(to_account, outcome)| {
            let (result_code, result_info) = answer(outcome);
            ResultItem { to_account, result_code, result_info }
        });
        Results { items: items.collect(), failed }
    }
}

/// ResultCode and ResultInfo of one item.
pub(super) fn answer(outcome: Outcome) -> (i64, String) {
    match outcome {
        Ok(()) => (0, String::new()),
        Err(fail) => (fail.number, fail.info.into_owned()),
    }
}
