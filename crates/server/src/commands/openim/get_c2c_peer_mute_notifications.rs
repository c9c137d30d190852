//! Tells a client what it wants of its peers.
//!
//! Contract: `spec/client/commands/openim.get_c2c_peer_mute_notifications.yaml`.

use chat::{
    Cx,
    conversations::{self, Cursor, Side, Wanted, Which},
    error::Error,
    messages,
};
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
    /// Older clients name no peers: they want everything that is set.
    #[serde(rename = "Peer_Account", default)]
    peer_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "MuteNotificationsList")]
    list: Vec<Item>,
    /// Always 0: a client that asks with it again gets everything again.
    #[serde(rename = "UpdateSeq")]
    update_seq: i64,
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
    let wishes = match it.peer_account.optional(Code::MsgInvalid, "Peer_Account")? {
        Some(peers) if peers.len() > PEERS_MAX => {
            return Err(Fail::with(Code::MsgInvalid, format!("more than {PEERS_MAX} peers")).into());
        }
        Some(peers) => {
            let mutes = messages::mutes(cx, cx.caller.user(), peers.clone()).await?;
            peers.into_iter().zip(mutes).collect()
        }
        None => all_set(cx).await?,
    };
    let item = |(peer, mute): (String, i64)| Item {
        to_account: peer.clone(),
        user_id: peer,
        mute_notifications: mute,
    };
    Ok(Response { list: wishes.into_iter().map(item).collect(), update_seq: 0 })
}

/// The listed peers for which the caller has set something.
async fn all_set(cx: &Cx) -> Result<Vec<(String, i64)>, Error> {
    let wanted = Wanted { pinned_apart: true, empty: true, pinned_paged: true, labels: false };
    let mut cursor = Cursor::default();
    let mut set = Vec::new();
    while let Some(page) = conversations::page(cx, cx.caller.user(), cursor, wanted).await? {
        for it in page.entries {
            if let (Which::Peer(peer), Side::Peer(side)) = (it.which, it.side)
                && side.mute != 0
            {
                set.push((peer, side.mute));
            }
        }
        if page.complete {
            break;
        }
        cursor = page.next;
    }
    Ok(set)
}
