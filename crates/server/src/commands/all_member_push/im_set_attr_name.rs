//! Names the attributes that users may have.
//!
//! Contract: `spec/rest/all_member_push.im_set_attr_name.yaml`.

use std::collections::BTreeMap;

use chat::{Cx, all_member_push as pushes, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ATTRIBUTE_BYTES_MAX, is_attribute};
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "all_member_push" / "im_set_attr_name", "Names the push attributes of the app.", Rest(100),
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Names of 1 to 50 bytes by number, "0" to "9".
    attr_names: Given<BTreeMap<String, Given<String>>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let given = it.attr_names.need(Code::C2cJson, "AttrNames")?;
    let mut names = BTreeMap::new();
    for (number, name) in given {
        let name = name.optional(Code::C2cJson, "a name")?.unwrap_or_default();
        names.insert(digit(&number)?, name);
    }
    if !names.values().all(|it| is_attribute(it)) {
        let info = format!("the name of an attribute must have 1 to {ATTRIBUTE_BYTES_MAX} bytes");
        return Err(Fail::with(Code::C2cImportMode, info).into());
    }
    pushes::set_attribute_names(cx, names).await?;
    Ok(Nothing {})
}

fn digit(number: &str) -> Result<i64, Fail> {
    match number.as_bytes() {
        [digit @ b'0'..=b'9'] => Ok(i64::from(digit - b'0')),
        _ => Err(Fail::with(Code::PushAttribute, "attributes are numbered 0 to 9")),
    }
}
