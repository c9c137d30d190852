//! A client marks everything as read.
//!
//! Contract: `spec/client/commands/openim.read_all_unread_msg.yaml`.

use chat::{Cx, error::Error, groups, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!("openim" / "read_all_unread_msg", "Marks everything as read.", Socket, Request => Response, handle);

/// Groups in one call.
const GROUPS_MAX: usize = 1000;

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
    let bad = Code::MsgInvalid;
    let c2c = it.c2c.optional(bad, "C2CReadAllMsg")? == Some(1);
    let given = it.groups.optional(bad, "GroupReadInfo")?.unwrap_or_default();
    if given.len() > GROUPS_MAX {
        return Err(Fail::with(bad, format!("GroupReadInfo has more than {GROUPS_MAX} entries")).into());
    }
    let user = cx.caller.user();
    if c2c {
        messages::read_all(cx, user).await?;
    }
    let (mut groups, mut read) = (Vec::with_capacity(given.len()), Vec::new());
    for GroupRead { group_id, msg_seq } in given {
        let done = groups::read::report(cx, &group_id, None, msg_seq, false).await;
        let ret_code = match done {
            Ok(()) => 0,
            Err(Error::Fail(it)) => it.number,
            Err(error) => return Err(error),
        };
        if ret_code == 0 {
            read.push((group_id.clone(), msg_seq));
        }
        groups.push(GroupResult { group_id, msg_seq, ret_code });
    }
    if c2c || !read.is_empty() {
        messages::tell_read(cx, user, c2c, &read);
    }
    Ok(Response { c2c: i64::from(c2c), groups })
}
