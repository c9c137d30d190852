//! Reads whole profiles for a client.
//!
//! Contract: `spec/client/commands/profile.portrait_get_all.yaml`.

use chat::{
    Cx,
    error::Error,
    profiles::{self, Wanted},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::portrait_get::{Profile, USERS_MAX, items};
use crate::{command::command, given::Given};

command!("profile" / "portrait_get_all", "Reads whole profiles.", Socket, Request => Response, handle);

/// How the SDK recognises a user that is no account.
const NOT_FOUND: &str = "@TLS#NOT_FOUND";

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "UserItem")]
    users: Given<Vec<User>>,
}

#[derive(Deserialize, JsonSchema)]
struct User {
    #[serde(rename = "To_Account")]
    to_account: String,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "UserProfileItem")]
    items: Vec<Profile>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    if it.users.is_missing() {
        return Err(Fail::with(Code::ProfileNoAccounts, "UserItem is missing").into());
    }
    let users = it.users.need(Code::ProfileParam, "UserItem")?;
    if users.is_empty() {
        return Err(Fail::with(Code::ProfileNoAccounts, "UserItem is empty").into());
    }
    if users.len() > USERS_MAX {
        return Err(Fail::with(Code::ProfileParam, format!("more than {USERS_MAX} users")).into());
    }
    let users: Vec<_> = users.into_iter().map(|it| it.to_account).collect();
    let found = profiles::get(cx, users.clone(), Wanted::All).await?;
    let profile = |(user, fields): (String, Option<Vec<profiles::Field>>)| {
        let to_account = if fields.is_some() { user } else { NOT_FOUND.to_owned() };
        let profile_item = Some(items(fields.unwrap_or_default())?);
        Ok(Profile { to_account, profile_item, result_code: 0, result_info: "" })
    };
    let items = users.into_iter().zip(found).map(profile).collect::<Result<_, serde_json::Error>>()?;
    Ok(Response { items })
}
