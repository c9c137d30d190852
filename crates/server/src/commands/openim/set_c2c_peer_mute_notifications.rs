//! A client sets what it wants of peers: notify, discard, or receive silently.
//!
//! Contract: `spec/client/commands/openim.set_c2c_peer_mute_notifications.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "openim" / "set_c2c_peer_mute_notifications", "Sets do-not-disturb of peers.", Socket,
    Request => Response, handle
);

const PEERS_MAX: usize = 30;

#[derive(Deserialize, JsonSchema)]
struct Request {
    /// 0 notify, 1 discard, 2 receive silently.
    #[serde(rename = "Mute_Notifications")]
    mute: Given<i64>,
    #[serde(rename = "Peer_Account")]
    peer_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "ErrorList")]
    errors: Vec<Unknown>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Unknown {
    user_id: String,
    error_code: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::MsgInvalid;
    let mute = it.mute.need(bad, "Mute_Notifications")?;
    let peers = it.peer_account.need(bad, "Peer_Account")?;
    if !(0..=2).contains(&mute) || peers.is_empty() || peers.len() > PEERS_MAX {
        let info = format!("expected Mute_Notifications 0 to 2 and 1 to {PEERS_MAX} peers");
        return Err(Fail::with(bad, info).into());
    }
    let mut errors = Vec::new();
    for peer in peers {
        if !messages::set_mute(cx, cx.caller.user(), &peer, mute).await? {
            errors.push(Unknown { user_id: peer, error_code: Code::MsgFromUnknown.number() });
        }
    }
    Ok(Response { errors })
}
