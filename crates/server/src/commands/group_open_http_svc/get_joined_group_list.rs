//! Gives a client the groups it is in.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_joined_group_list.yaml`.

use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!(
    "group_open_http_svc" / "get_joined_group_list", "Lists the own groups.", Socket, Request => Response, handle
);

/// The same for communities, which have a service of their own.
pub mod of_communities {
    use super::{Request, Response, handle};
    use crate::command::command;

    command!(
        "million_group_open_http_svc" / "get_joined_group_list", "Lists the own communities.", Socket,
        Request => Response, handle
    );
}

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Member_Account", default)]
    member_account: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    total_count: i64,
    group_id_list: Vec<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let member = it.member_account.optional(Code::GroupParam, "Member_Account")?;
    if member.is_some_and(|it| it != cx.caller.user()) {
        return Err(Fail::with(Code::GroupDenied, "only the own groups can be listed").into());
    }
    Ok(Response { total_count: 0, group_id_list: Vec::new() })
}
