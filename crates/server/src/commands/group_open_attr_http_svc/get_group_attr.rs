//! Reads all attributes of a group.
//!
//! Contract: `spec/rest/group_open_attr_http_svc.get_group_attr.yaml`, for clients
//! `spec/client/commands/group_open_attr_http_svc.get_group_attr.yaml`.

use chat::{Cx, error::Error, groups::attributes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, commands::group_open_http_svc::group_id, given::Given};

command!(
    "group_open_attr_http_svc" / "get_group_attr", "Reads a group's attributes.", Both,
    Request => Response, handle
);

/// The same where the commands that write stand.
pub mod beside_writing {
    use super::{Request, Response, handle};
    use crate::command::command;

    command!(
        "group_open_http_svc" / "get_group_attr", "Reads a group's attributes.", Both,
        Request => Response, handle
    );
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    group_attr_ary: Vec<Attribute>,
    /// For clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    attr_main_seq: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct Attribute {
    key: String,
    value: String,
    /// For clients: when it was written last, as the main sequence of then.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let (main_seq, all) = attributes::read(cx, &group_id(it.group_id)?).await?;
    let is_client = !cx.is_admin();
    let attribute = |it: attributes::Attribute| Attribute {
        key: it.key,
        value: it.value,
        seq: is_client.then_some(it.seq),
    };
    Ok(Response {
        group_attr_ary: all.into_iter().map(attribute).collect(),
        attr_main_seq: is_client.then_some(main_seq),
    })
}
