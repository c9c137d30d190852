//! Sets push attributes of up to 100 accounts.
//!
//! Contract: `spec/rest/all_member_push.im_set_attr.yaml`.

use std::collections::BTreeMap;

use chat::{Cx, all_member_push as pushes, error::Error};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{accounts, values};
use crate::{
    command::{Nothing, command},
    given::{Given, Raw},
};

command!(
    "all_member_push" / "im_set_attr", "Sets push attributes of users.", Rest(100), Request => Nothing, handle
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
    /// Values of 1 to 50 bytes by name.
    #[serde(default)]
    attrs: Given<BTreeMap<String, Given<Raw>>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let mut wanted = Vec::new();
    for item in accounts(it.user_attrs, "UserAttrs")? {
        let user = item.to_account.need(Code::C2cJson, "To_Account")?;
        let values = values(item.attrs.need(Code::C2cJson, "Attrs")?, Code::C2cImportMode)?;
        wanted.push((user, values.into_iter().collect()));
    }
    pushes::set_attributes(cx, wanted).await?;
    Ok(Nothing {})
}
