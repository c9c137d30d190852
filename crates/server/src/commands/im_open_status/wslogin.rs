//! Logs a client in, or attaches its session again after a lost connection.
//!
//! Contract: `spec/client/commands/im_open_status.wslogin.yaml`.

use std::sync::Arc;

use chat::{
    Cx,
    error::Error,
    files,
    live::{Outlet, Session},
    login::{self, Login},
    status,
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
    /// BASE64.
    custom_status: String,
    purchase_bits: String,
    /// Opens downloads, where they need a key.
    rich_msg_auth_key: String,
}

async fn handle(cx: &Cx, link: &Link, _: Request) -> Result<Response, Error> {
    // A task of its own: a connection that closes now must not leave a session behind half attached.
    let (for_task, its_link) = (cx.clone(), link.clone());
    let entered = tokio::spawn(async move { enter(&for_task, &its_link).await }).await;
    let (token, session) = entered.map_err(|error| Error::Internal(Box::new(error)))??;
    let state = cx.app.state();
    Ok(Response {
        a2_key: token,
        tiny_id: session.tiny_id.to_string(),
        inst_id: session.inst_id,
        hello_interval: state.settings.connection_hello_interval_seconds,
        time_stamp: cx.chat.clock.now(),
        // Read after the session was attached, so that nothing comes between this and the pushes.
        custom_status: status::own_custom(cx, &session.user).await?,
        purchase_bits: abilities::bits(&state.settings),
        rich_msg_auth_key: files::download_key(cx).await?,
    })
}

/// Logs in, or comes back by the token, and binds the connection to the session.
async fn enter(cx: &Cx, link: &Link) -> Result<(String, Arc<Session>), Error> {
    let outlet: Arc<dyn Outlet> = link.connection.clone();
    let (token, session) = if link.a2.is_empty() {
        let opening = &link.connection.opening;
        let login = Login {
            user: link.identifier.clone(),
            sig: link.usersig.clone(),
            page: opening.page.clone(),
            platform: opening.platform,
            outlet: outlet.clone(),
        };
        let it = login::login(&cx.chat, &cx.app, login).await?;
        (it.token, it.session)
    } else {
        (link.a2.clone(), login::reattach(&cx.chat, &cx.app, &link.a2, outlet.clone()).await?)
    };
    take_over(cx, link, &token, &session).await?;
    if !outlet.is_open()
        && let Some(session) = link.connection.unbind()
    {
        login::detach(&cx.chat, &cx.app, &session, &outlet, login::Loss::LinkClosed).await?;
    }
    Ok((token, session))
}

/// The connection serves this session now. Whoever was logged in on this page before is so no more.
async fn take_over(cx: &Cx, link: &Link, token: &str, session: &Arc<Session>) -> Result<(), Error> {
    let before = link.connection.bind(token, session).filter(|it| it.hash != session.hash && !it.has_ended());
    if let Some(before) = before {
        // For that user it is as if the connection had been lost.
        login::end(&cx.chat, &cx.app, &before, login::End::Expired).await?;
    }
    Ok(())
}
