//! Removes push attributes of up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_remove_attr.yaml`.

use chat::{Cx, all_member_push as pushes, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::accounts;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "all_member_push" / "im_remove_attr", "Removes push attributes of users.", Rest(100),
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 100 accounts.
    user_attrs: Given<Vec<Item>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account", default)]
    to_account: Given<String>,
    /// Names only.
    #[serde(default)]
    attrs: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let mut wanted = Vec::new();
    for item in accounts(it.user_attrs, "UserAttrs")? {
        let user = item.to_account.need(Code::C2cJson, "To_Account")?;
        wanted.push((user, item.attrs.need(Code::C2cJson, "Attrs")?));
    }
    pushes::remove_attributes(cx, wanted).await?;
    Ok(Nothing {})
}
