//! Logs a client out; its connection stays.
//!
//! Contract: `spec/client/commands/im_open_status.wslogout.yaml`.

use chat::{Caller, Cx, error::Error, login};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    gateway::Link,
    given::Given,
};

command!(link "im_open_status" / "wslogout", "Logs out.", SocketAnyone, Request => Nothing, handle);

/// The client was kicked and only says goodbye.
const KICKED: i64 = 1;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "wslogout_type", default)]
    kind: Given<i64>,
}

async fn handle(cx: &Cx, link: &Link, it: Request) -> Result<Nothing, Error> {
    let kind = it.kind.optional(Code::AccountParam, "wslogout_type")?.unwrap_or(0);
    if kind == KICKED {
        return Ok(Nothing {});
    }
    let session = match &cx.caller {
        Caller::User(session) => Some(session.clone()),
        // A token that is dead already, or none, is no reason to complain.
        _ if link.a2.is_empty() => None,
        _ => login::resolve(&cx.chat, &cx.app, &link.a2).await.ok(),
    };
    if let Some(session) = session {
        login::end(&cx.chat, &cx.app, &session, login::End::LoggedOut).await?;
        if link.connection.bound().is_some_and(|it| it.hash == session.hash) {
            link.connection.unbind();
        }
    }
    Ok(Nothing {})
}
