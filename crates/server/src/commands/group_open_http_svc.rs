//! Groups. The service `million_group_open_http_svc` answers the same commands.

pub mod create_group;
pub mod destroy_group;
pub mod get_joined_group_list;
pub mod get_pendency;
pub mod send_group_msg;

use chat::Cx;
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::given::Given;

/// One custom field of a group or member.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Field {
    key: String,
    value: String,
}

/// Custom fields by their keys; the last of a repeated key counts.
fn fields(given: Given<Vec<Field>>, name: &str) -> Result<Map<String, Value>, Fail> {
    let fields = given.optional(Code::GroupParam, name)?.unwrap_or_default();
    Ok(fields.into_iter().map(|it| (it.key, it.value.into())).collect())
}

/// GroupId, which must be there.
fn group_id(given: Given<String>) -> Result<String, Fail> {
    let id = given.need(Code::GroupParam, "GroupId")?;
    match id.is_empty() {
        true => Err(Fail::with(Code::GroupParam, "GroupId is empty")),
        false => Ok(id),
    }
}

/// A user that a call names as acting: a client may only mean itself (10007), a backend anybody.
fn own(cx: &Cx, given: Given<String>, name: &str) -> Result<Option<String>, Fail> {
    let named = given.optional(Code::GroupParam, name)?.filter(|it| !it.is_empty());
    match named {
        Some(it) if !cx.is_admin() && it != cx.caller.user() => {
            Err(Fail::with(Code::GroupDenied, format!("{name} must be the user that is logged in")))
        }
        None if !cx.is_admin() => Ok(Some(cx.caller.user().to_owned())),
        named => Ok(named),
    }
}

/// An option by its name; other names are 10004.
fn option<T>(given: Given<String>, name: &str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Fail> {
    let Some(text) = given.optional(Code::GroupParam, name)? else { return Ok(None) };
    match parse(&text) {
        Some(it) => Ok(Some(it)),
        None => Err(Fail::with(Code::GroupParam, format!("{name} has no value {text:?}"))),
    }
}
