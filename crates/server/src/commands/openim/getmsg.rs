//! Gives a client its unread one-to-one messages and their counts, and the notices of groups that are kept for it.
//!
//! Contract: `spec/client/commands/openim.getmsg.yaml`.

use chat::{Cx, error::Error, messages};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Raw, raw_list},
};

command!("openim" / "getmsg", "Gives unread messages after a login.", Socket, Request => Response, handle);

/// The cookie names nothing: an answer always tells everything that is unread.
const COOKIE: &str = "all";
/// There is no further page.
const FINISHED: i64 = 2;

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    cookie: &'static str,
    sync_flag: i64,
    msg_list: Raw,
    #[serde(rename = "C2CPairUnreadCount")]
    counts: Vec<Count>,
    #[serde(rename = "C2CRemainingUnreadCount")]
    remaining: Vec<Remaining>,
    event_array: Raw,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Count {
    #[serde(rename = "From_Account")]
    from_account: String,
    unread_count: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Remaining {
    #[serde(rename = "From_Account")]
    from_account: String,
    last_msg_time: i64,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    let it = messages::unsynced(cx, cx.caller.user()).await?;
    let counts = it.counts.into_iter();
    let remaining = it.remaining.into_iter();
    Ok(Response {
        cookie: COOKIE,
        sync_flag: FINISHED,
        msg_list: raw_list(&it.messages)?,
        counts: counts.map(|(from_account, unread_count)| Count { from_account, unread_count }).collect(),
        remaining: remaining
            .map(|(from_account, last_msg_time)| Remaining { from_account, last_msg_time })
            .collect(),
        event_array: raw_list(&it.notices)?,
    })
}
