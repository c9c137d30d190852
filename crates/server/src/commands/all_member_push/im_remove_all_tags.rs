//! Removes every tag of up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_remove_all_tags.yaml`.

use chat::{Cx, all_member_push as pushes, error::Error};
use schemars::JsonSchema;
use serde::Deserialize;

use super::accounts;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "all_member_push" / "im_remove_all_tags", "Removes every tag of users.", Rest(100),
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 1 to 100 accounts.
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    pushes::remove_all_tags(cx, accounts(it.to_account, "To_Account")?).await?;
    Ok(Nothing {})
}
