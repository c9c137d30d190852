//! Tells how long a user is muted everywhere.
//!
//! Contract: `spec/rest/openconfigsvr.getnospeaking.yaml`.

use chat::{Cx, error::Error, mute};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, given::Given};

command!("openconfigsvr" / "getnospeaking", "Reads a user's global mute.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Get_Account")]
    account: Given<String>,
}

/// Seconds that are left; 0 for not muted, 4294967295 for ever.
#[derive(Serialize, JsonSchema)]
struct Response {
    #[serde(rename = "C2CmsgNospeakingTime")]
    c2c: u32,
    #[serde(rename = "GroupmsgNospeakingTime")]
    group: u32,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let user = super::account(it.account, "Get_Account", Code::MuteGetMissing, Code::MuteGetInvalid)?;
    match mute::left(cx, &user).await? {
        Some((c2c, group)) => Ok(Response { c2c, group }),
        None => Err(Fail::with(Code::MuteGetInvalid, "Get_Account does not exist").into()),
    }
}
