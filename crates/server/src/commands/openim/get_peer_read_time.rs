//! Tells a client when its peers last read.
//!
//! Contract: `spec/client/commands/openim.get_peer_read_time.yaml`.

use chat::{Cx, error::Error, messages};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!("openim" / "get_peer_read_time", "Tells when peers last read.", Socket, Request => Response, handle);

const PEERS_MAX: usize = 1000;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "To_Account")]
    to_account: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
struct Response {
    /// In the order of the peers; 0 for never.
    #[serde(rename = "ReadTime")]
    read_time: Vec<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let peers = it.to_account.need(Code::C2cTo, "To_Account")?;
    if peers.len() > PEERS_MAX {
        return Err(Fail::with(Code::C2cTooMany, format!("more than {PEERS_MAX} peers")).into());
    }
    let read_time = messages::peer_read_times(cx, cx.caller.user(), peers).await?;
    Ok(Response { read_time })
}
