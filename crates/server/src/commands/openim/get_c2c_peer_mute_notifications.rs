//! Tells a client what it wants of its peers.
//!
//! Contract: `spec/client/commands/openim.get_c2c_peer_mute_notifications.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "openim" / "get_c2c_peer_mute_notifications", "Reads do-not-disturb of peers.", Socket,
    Request => Response, handle
);

const PEERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Peer_Account")]
    peer_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "MuteNotificationsList")]
    list: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    user_id: String,
    mute_notifications: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let peers = it.peer_account.need(Code::MsgInvalid, "Peer_Account")?;
    if peers.len() > PEERS_MAX {
        return Err(Fail::with(Code::MsgInvalid, format!("more than {PEERS_MAX} peers")).into());
    }
    let mutes = messages::mutes(cx, cx.caller.user(), peers.clone()).await?;
    let item = |(peer, mute): (String, i64)| Item {
        to_account: peer.clone(),
        user_id: peer,
        mute_notifications: mute,
    };
    Ok(Response { list: peers.into_iter().zip(mutes).map(item).collect() })
}
