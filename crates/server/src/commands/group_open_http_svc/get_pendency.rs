//! Gives a client the join requests it may decide on.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_pendency.yaml`.

use chat::{Cx, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Raw};

command!("group_open_http_svc" / "get_pendency", "Lists open join requests.", Socket, Request => Response, handle);

/// The same for communities, which have a service of their own.
pub mod of_communities {
    use super::{Request, Response, handle};
    use crate::command::command;

    command!(
        "million_group_open_http_svc" / "get_pendency", "Lists open join requests of communities.", Socket,
        Request => Response, handle
    );
}

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    pendency_list: Vec<Raw>,
    next_start_time: i64,
    unread_num: i64,
}

async fn handle(_: &Cx, _: Request) -> Result<Response, Error> {
    Ok(Response { pendency_list: Vec::new(), next_start_time: 0, unread_num: 0 })
}
