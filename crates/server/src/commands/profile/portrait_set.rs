//! Sets profile fields of one user, all or none.
//!
//! Contract: `spec/rest/profile.portrait_set.yaml`, `spec/client/commands/profile.portrait_set.yaml`.

use chat::{Cx, error::Error, profiles};
use proto::{Code, Fail, json::compact};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::{Given, Raw},
};

command!("profile" / "portrait_set", "Sets profile fields of a user.", Both, Request => Nothing, handle);

/// More fields than there can be tags: a repeated tag is allowed, a flood is not.
const FIELDS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    #[serde(rename = "ProfileItem")]
    items: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    /// `lite-chat` writes both names in small letters.
    #[serde(alias = "tag")]
    tag: String,
    /// A string, or a number from 0 to 4294967295.
    #[serde(alias = "value")]
    value: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = || Fail::from(Code::ProfileParam);
    let (Given::Is(from), Given::Is(items)) = (it.from_account, it.items) else { return Err(bad().into()) };
    if items.is_empty() || items.len() > FIELDS_MAX || items.iter().any(|it| it.value.text() == "null") {
        return Err(bad().into());
    }
    if !cx.is_admin() && from != cx.caller.user() {
        return Err(Code::ProfileDenied.into());
    }
    let mut fields: Vec<profiles::Field> = Vec::with_capacity(items.len());
    for it in items {
        let value = compact(it.value.text()).into_owned();
        match fields.iter_mut().find(|(tag, _)| *tag == it.tag) {
            Some(same) => same.1 = value,
            None => fields.push((it.tag, value)),
        }
    }
    profiles::set(cx, &from, fields).await?;
    Ok(Nothing {})
}
