//! A client marks everything as read.
//!
//! Contract: `spec/client/commands/openim.read_all_unread_msg.yaml`.

use chat::{Cx, error::Error, messages};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!("openim" / "read_all_unread_msg", "Marks everything as read.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "C2CReadAllMsg", default)]
    c2c: Given<i64>,
    #[serde(rename = "GroupReadInfo", default)]
    groups: Given<Vec<GroupRead>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct GroupRead {
    group_id: String,
    #[serde(default)]
    msg_seq: i64,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "C2CReadAllMsg")]
    c2c: i64,
    #[serde(rename = "GroupReadInfoArray")]
    groups: Vec<GroupResult>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct GroupResult {
    group_id: String,
    msg_seq: i64,
    ret_code: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let c2c = it.c2c.optional(Code::MsgInvalid, "C2CReadAllMsg")? == Some(1);
    let groups = it.groups.optional(Code::MsgInvalid, "GroupReadInfo")?.unwrap_or_default();
    if c2c {
        messages::read_all(cx, cx.caller.user()).await?;
    }
    // Nobody is a member of a group that does not exist.
    let denied = |it: GroupRead| GroupResult {
        group_id: it.group_id,
        msg_seq: it.msg_seq,
        ret_code: Code::GroupDenied.number(),
    };
    Ok(Response { c2c: i64::from(c2c), groups: groups.into_iter().map(denied).collect() })
}
