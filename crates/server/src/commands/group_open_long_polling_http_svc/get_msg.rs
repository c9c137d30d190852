//! Waits for what happens in a live room.
//!
//! Contract: `spec/client/commands/group_open_long_polling_http_svc.get_msg.yaml`, before a login
//! `spec/client/commands/group_open_long_polling_http_noauth_svc.get_msg.yaml`.

use std::time::Duration;

use chat::{Cx, error::Error, groups::live_rooms::Guest};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "group_open_long_polling_http_svc" / "get_msg", "Waits for news of a live room.", Socket,
    Request => Response, handle
);

/// The same for those who are not logged in.
pub mod of_guests {
    use super::{Request, Response, handle};
    use crate::command::command;

    command!(
        "group_open_long_polling_http_noauth_svc" / "get_msg", "Waits for news of a live room.", SocketAnyone,
        Request => Response, handle
    );
}

/// How long an answer waits for news. The client gives up after 15 s, whatever HoldTime it sends.
const HOLD: Duration = Duration::from_secs(10);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    key: Given<String>,
    #[serde(default)]
    start_seq: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    key: String,
    next_seq: i64,
    rsp_msg_list: Vec<Raw>,
    next_broadcast_seq: i64,
    rsp_broadcast_msg_list: Vec<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let key = it.key.need(Code::GroupParam, "Key")?;
    let start = it.start_seq.optional(Code::GroupParam, "StartSeq")?.unwrap_or(0);
    let found = Guest::poll(cx, &key, start, HOLD).await?;
    Ok(Response {
        key,
        next_seq: found.next,
        rsp_msg_list: found.items.into_iter().map(raw).collect::<Result<_, _>>()?,
        next_broadcast_seq: 1,
        rsp_broadcast_msg_list: Vec::new(),
    })
}
