//! Logs a client in, or attaches its session again after a lost connection.
//!
//! Contract: `spec/client/commands/im_open_status.wslogin.yaml`.

use std::sync::Arc;

use chat::{
    Cx,
    error::Error,
    live::{Outlet, Session},
    login::{self, Login},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{abilities, command::command, gateway::Link};

command!(link "im_open_status" / "wslogin", "Logs in.", SocketAnyone, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    a2_key: String,
    tiny_id: String,
    inst_id: i64,
    /// Seconds between two wshello of the client.
    hello_interval: i64,
    /// Unix seconds.
    time_stamp: i64,
    custom_status: &'static str,
    purchase_bits: String,
    rich_msg_auth_key: &'static str,
}

async fn handle(cx: &Cx, link: &Link, _: Request) -> Result<Response, Error> {
    let outlet: Arc<dyn Outlet> = link.connection.clone();
    let (token, session) = if link.a2.is_empty() {
        let opening = &link.connection.opening;
        let login = Login {
            user: link.identifier.clone(),
            sig: link.usersig.clone(),
            page: opening.page.clone(),
            platform: opening.platform,
            outlet,
        };
        let it = login::login(&cx.chat, &cx.app, login).await?;
        (it.token, it.session)
    } else {
        (link.a2.clone(), login::reattach(&cx.chat, &cx.app, &link.a2, outlet).await?)
    };
    take_over(cx, link, &token, &session).await?;
    let state = cx.app.state();
    Ok(Response {
        a2_key: token,
        tiny_id: session.tiny_id.to_string(),
        inst_id: session.inst_id,
        hello_interval: state.settings.connection_hello_interval_seconds,
        time_stamp: cx.chat.clock.now(),
        custom_status: "",
        purchase_bits: abilities::bits(&state.settings),
        rich_msg_auth_key: "",
    })
}

/// The connection serves this session now. Whoever was logged in on this page before is so no more.
async fn take_over(cx: &Cx, link: &Link, token: &str, session: &Arc<Session>) -> Result<(), Error> {
    let before = link.connection.bind(token, session).filter(|it| it.hash != session.hash && !it.has_ended());
    if let Some(before) = before {
        login::end(&cx.chat, &cx.app, &before, login::End::LoggedOut).await?;
    }
    Ok(())
}
