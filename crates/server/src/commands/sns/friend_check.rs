//! Tells how users stand to one of them as friends.
//!
//! Contract: `spec/rest/sns.friend_check.yaml`, `spec/client/commands/sns.friend_check.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Standing, Which},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{answer, batch, owner};
use crate::{command::command, given::Given};

command!("sns" / "friend_check", "Tells who is a friend of whom.", Both, Request => Response, handle);

const USERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
pub struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 to 1000 users.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
    /// Whether to look only into the list of From_Account, or into both.
    #[serde(rename = "CheckType")]
    check_type: Given<String>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "InfoItem")]
    items: Vec<Item>,
    #[serde(rename = "Fail_Account", default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    relation: String,
    result_code: i64,
    result_info: String,
}

/// Looks the users up, for the values of CheckType and Relation that start with `kind`. `none` is how that kind
/// ends when there is no relation.
pub async fn check(
    cx: &Cx,
    it: Request,
    which: Which,
    (kind, none): (&str, &str),
) -> Result<(Vec<Item>, Vec<String>), Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let check_type = it.check_type.need(bad, "CheckType")?;
    let both = match check_type.strip_prefix(kind) {
        Some("Single") => false,
        Some("Both") => true,
        _ => return Err(Fail::with(bad, format!("CheckType must be {kind}Single or {kind}Both")).into()),
    };
    let found = relations::check(cx, &owner, which, users.clone(), both).await?;
    let failed = users.iter().zip(&found).filter(|it| it.1.is_err()).map(|it| it.0.clone()).collect();
    let item = |(to_account, found): (String, Result<Standing, Fail>)| {
        let (standing, outcome) = match found {
            Ok(standing) => (standing, Ok(())),
            Err(fail) => (Standing::default(), Err(fail)),
        };
        let end = match (standing.has, standing.is_had) {
            (true, true) => "BothWay",
            (true, false) => "AWithB",
            (false, true) => "BWithA",
            (false, false) => none,
        };
        let (result_code, result_info) = answer(outcome);
        Item { to_account, relation: format!("{kind}{end}"), result_code, result_info }
    };
    Ok((users.into_iter().zip(found).map(item).collect(), failed))
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (items, failed) = check(cx, it, Which::Friends, ("CheckResult_Type_", "NoRelation")).await?;
    Ok(Response { items, failed })
}
