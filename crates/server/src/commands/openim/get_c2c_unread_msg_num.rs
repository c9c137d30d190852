//! Counts unread one-to-one messages of a user, in all or towards given peers.
//!
//! Contract: `spec/rest/openim.get_c2c_unread_msg_num.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!(
    "openim" / "get_c2c_unread_msg_num", "Counts unread one-to-one messages.", Rest, Request => Response, handle
);

const PEERS_MAX: usize = 10;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    /// 1 to 10 peers; the total over all conversations when absent or empty.
    #[serde(rename = "Peer_Account", default)]
    peer_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Response {
    Total(Total),
    PerPeer(PerPeer),
}

#[derive(Serialize, JsonSchema)]
struct Total {
    #[serde(rename = "AllC2CUnreadMsgNum")]
    all: i64,
}

#[derive(Serialize, JsonSchema)]
struct PerPeer {
    #[serde(rename = "C2CUnreadMsgNumList")]
    counts: Vec<Count>,
    #[serde(rename = "ErrorList", default, skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Unknown>,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "C2CUnreadMsgNum")]
    count: i64,
}

#[derive(Serialize, JsonSchema)]
struct Unknown {
    #[serde(rename = "Peer_Account")]
    peer: String,
    #[serde(rename = "ErrorCode")]
    code: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = it.to_account.need(Code::C2cTo, "To_Account")?;
    let peers = it.peer_account.optional(Code::C2cJson, "Peer_Account")?.unwrap_or_default();
    if peers.len() > PEERS_MAX {
        return Err(Fail::with(Code::C2cPeersTooMany, format!("more than {PEERS_MAX} peers")).into());
    }
    super::must_exist(cx, &owner, Code::C2cTo, "To_Account").await?;
    if peers.is_empty() {
        return Ok(Response::Total(Total { all: messages::count_all_unread(cx, &owner).await? }));
    }
    let counted = messages::count_unread(cx, &owner, peers.clone()).await?;
    let (mut counts, mut errors) = (Vec::new(), Vec::new());
    for (peer, count) in peers.into_iter().zip(counted) {
        match count {
            Some(count) => counts.push(Count { peer, count }),
            None => errors.push(Unknown { peer, code: Code::AccountUnknown.number() }),
        }
    }
    Ok(Response::PerPeer(PerPeer { counts, errors }))
}
