//! Reads chosen profile fields of up to 100 users.
//!
//! Contract: `spec/rest/profile.portrait_get.yaml`.

use chat::{
    Cx,
    error::Error,
    profiles::{self, Field, Wanted},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("profile" / "portrait_get", "Reads profile fields of users.", Rest, Request => Response, handle);

pub const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 users.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
    #[serde(rename = "TagList")]
    tag_list: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "UserProfileItem")]
    items: Vec<Profile>,
    #[serde(rename = "Fail_Account", default, skip_serializing_if = "Vec::is_empty")]
    failed: Vec<String>,
}

/// The profile of one user in an answer.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Profile {
    #[serde(rename = "To_Account")]
    pub to_account: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_item: Option<Vec<Item>>,
    pub result_code: i64,
    pub result_info: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct Item {
    tag: String,
    value: Raw,
}

/// Fields in the form of an answer.
pub fn items(fields: Vec<Field>) -> Result<Vec<Item>, serde_json::Error> {
    fields.into_iter().map(|(tag, value)| Ok(Item { tag, value: raw(value)? })).collect()
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::ProfileParam;
    let users = it.to_account.optional(bad, "To_Account")?.unwrap_or_default();
    if users.is_empty() {
        return Err(Fail::with(Code::ProfileNoAccounts, "To_Account is missing or empty").into());
    }
    let tags = it.tag_list.need(bad, "TagList")?;
    if tags.is_empty() || users.len() > USERS_MAX {
        return Err(Fail::with(bad, format!("expected 1 to {USERS_MAX} users and at least one tag")).into());
    }
    let found = profiles::get(cx, users.clone(), Wanted::Tags(tags)).await?;
    let (mut profiles, mut failed) = (Vec::with_capacity(users.len()), Vec::new());
    for (user, fields) in users.into_iter().zip(found) {
        profiles.push(match fields {
            Some(fields) => Profile {
                to_account: user,
                profile_item: Some(items(fields)?),
                result_code: 0,
                result_info: "",
            },
            None => {
                failed.push(user.clone());
                Profile {
                    to_account: user,
                    profile_item: None,
                    result_code: Code::ProfileUnknown.number(),
                    result_info: "Err_Profile_PortraitGet_Account_Not_Exist",
                }
            }
        });
    }
    Ok(Response { items: profiles, failed })
}
