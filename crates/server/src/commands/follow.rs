//! Following other users.
//!
//! Clients and backends call these alike; `spec/client/commands/follow.*.yaml` describe both.

pub mod follow_add;
pub mod follow_check;
pub mod follow_delete;
pub mod follow_get;
pub mod follow_get_info;

use chat::{Cx, follow, relations::Outcome};
use proto::Fail;
use schemars::JsonSchema;
use serde::Serialize;

use super::sns;
use crate::given::Given;

/// Whose relations a call is about, while the app has following at all.
fn owner(cx: &Cx, from_account: Given<String>) -> Result<String, Fail> {
    follow::must_be_on(cx)?;
    sns::owner(cx, from_account)
}

/// Answers of a batch, in the order of its items.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Results {
    result_item: Vec<ResultItem>,
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
        let item = |(to_account, outcome)| {
            let (result_code, result_info) = sns::answer(outcome);
            ResultItem { to_account, result_code, result_info }
        };
        Results { result_item: users.into_iter().zip(outcomes).map(item).collect() }
    }
}
