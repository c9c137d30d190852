//! Empties a friend list.
//!
//! Contract: `spec/rest/sns.friend_delete_all.yaml`.

use chat::{Cx, error::Error, relations};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{friend_delete::both, owner};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("sns" / "friend_delete_all", "Empties a friend list.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// Whose list is emptied.
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    /// Delete_Type_Single (default), or Delete_Type_Both: From_Account goes from their lists too.
    #[serde(rename = "DeleteType", default)]
    delete_type: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let owner = owner(cx, it.from_account)?;
    relations::delete_all(cx, &owner, both(it.delete_type)?).await?;
    Ok(Nothing {})
}
