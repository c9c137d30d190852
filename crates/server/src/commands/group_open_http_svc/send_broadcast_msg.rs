//! Sends one message to whoever is in an audio-video group now.
//!
//! Contract: `spec/rest/group_open_http_svc.send_broadcast_msg.yaml`.

use chat::{Cx, error::Error, groups::announce};
use proto::{Code, Fail, element::Body};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::openim::message,
    given::{Given, Raw},
};

command!(
    "group_open_http_svc" / "send_broadcast_msg", "Sends to all audio-video groups.", Rest(1),
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// The administrator of the call when left out.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    random: Given<u32>,
    /// One or more elements.
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// Counts the broadcasts of the app.
    msg_seq: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let from = super::own(cx, it.from_account, "From_Account")?;
    let from = from.unwrap_or_else(|| cx.caller.user().to_owned());
    let body = it.msg_body.need(bad, "MsgBody")?;
    let body =
        Body::check(body.text(), message::strictness(cx)).map_err(|it| Fail::with(bad, it.to_string()))?;
    let cloud = message::cloud(it.cloud_custom_data, bad)?;
    let random = it.random.need(bad, "Random")?;
    Ok(Response { msg_seq: announce::broadcast(cx, &from, random, body, cloud).await? })
}
