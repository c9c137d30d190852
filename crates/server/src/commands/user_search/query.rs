//! Searches users by id and nickname.
//!
//! Contract: `spec/client/commands/user_search.query.yaml`.

use chat::{
    Cx,
    error::Error,
    search::{self, UserQuery},
};
use proto::Fail;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BAD, names, wrong};
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("user_search" / "query", "Searches users.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Each an id or a part of a nickname.
    keywords: Given<Vec<String>>,
    /// 0 for any of them, 1 for all of them.
    #[serde(default)]
    keyword_match_type: Given<i64>,
    /// Gender_Type_Female or 2, Gender_Type_Male or 1.
    #[serde(default)]
    user_gender_type: Given<Gender>,
    #[serde(default)]
    gender: Given<Gender>,
    /// As numbers of the profile, both included.
    #[serde(default)]
    user_birth_start: Given<i64>,
    #[serde(default)]
    mini_birthday: Given<i64>,
    #[serde(default)]
    user_birth_end: Given<i64>,
    #[serde(default)]
    max_birthday: Given<i64>,
    /// From 1 to 100.
    #[serde(default)]
    count: Given<i64>,
    /// Empty first, then that of the answer before.
    #[serde(default)]
    cursor: Given<String>,
}

#[derive(Deserialize, JsonSchema, Clone)]
#[serde(untagged)]
enum Gender {
    Name(String),
    Number(i64),
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    total_count: i64,
    cursor: String,
    users: Vec<User>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct User {
    #[serde(rename = "UserID")]
    user_id: String,
    profile_items: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    str_value: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    int_value: Option<Raw>,
}

/// As the profile has it; empty for any.
fn gender(it: Option<&Gender>) -> Result<String, Fail> {
    let name = match it {
        None => "",
        Some(Gender::Name(it)) if it.is_empty() => "",
        Some(Gender::Name(it)) if it == "Gender_Type_Female" => "Gender_Type_Female",
        Some(Gender::Name(it)) if it == "Gender_Type_Male" => "Gender_Type_Male",
        Some(Gender::Number(2)) => "Gender_Type_Female",
        Some(Gender::Number(1)) => "Gender_Type_Male",
        Some(_) => return Err(wrong("the gender must be Gender_Type_Female (2) or Gender_Type_Male (1)")),
    };
    Ok(name.to_owned())
}

fn items(fields: Vec<chat::profiles::Field>) -> Result<Vec<Item>, Error> {
    let item = |(tag, value): chat::profiles::Field| {
        let is_text = value.starts_with('"');
        let value = Some(raw(value)?);
        Ok(match is_text {
            true => Item { tag, str_value: value, int_value: None },
            false => Item { tag, str_value: None, int_value: value },
        })
    };
    fields.into_iter().map(item).collect()
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    search::must_be_on(cx)?;
    let query = names(it.keywords, it.keyword_match_type, it.count, it.cursor)?;
    let gender = gender(it.user_gender_type.or(it.gender).optional(BAD, "Gender")?.as_ref())?;
    let start = it.user_birth_start.or(it.mini_birthday).optional(BAD, "MiniBirthday")?;
    let end = it.user_birth_end.or(it.max_birthday).optional(BAD, "MaxBirthday")?;
    let birthday = match (start, end) {
        (None, None) => None,
        // Who set no birthday has 0.
        (start, end) => Some((start.unwrap_or(1), end.unwrap_or(i64::MAX))),
    };
    let found = search::users(cx, UserQuery { query, gender, birthday }).await?;
    let user = |it: search::FoundUser| Ok(User { user_id: it.user, profile_items: items(it.fields)? });
    Ok(Response {
        total_count: found.total,
        cursor: found.cursor,
        users: found.items.into_iter().map(user).collect::<Result<_, Error>>()?,
    })
}
