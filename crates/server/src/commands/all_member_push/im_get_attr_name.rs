//! Tells the names of the attributes that users may have.
//!
//! Contract: `spec/rest/all_member_push.im_get_attr_name.yaml`.

use std::collections::BTreeMap;

use chat::{Cx, all_member_push as pushes, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::command;

command!(
    "all_member_push" / "im_get_attr_name", "Tells the names of the push attributes.", Rest(100),
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// By number.
    attr_names: BTreeMap<String, String>,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    let names = pushes::attribute_names(cx).await?.into_iter();
    Ok(Response { attr_names: names.map(|(number, name)| (number.to_string(), name)).collect() })
}
