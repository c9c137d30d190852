//! Mutes a user everywhere for some time.
//!
//! Contract: `spec/rest/openconfigsvr.setnospeaking.yaml`.

use chat::{Cx, error::Error, mute};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("openconfigsvr" / "setnospeaking", "Mutes a user globally.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "Set_Account")]
    account: Given<String>,
    /// Seconds from now; 0 ends the mute, 4294967295 is for ever.
    #[serde(rename = "C2CmsgNospeakingTime")]
    c2c: Given<u32>,
    /// The same for group messages.
    #[serde(rename = "GroupmsgNospeakingTime")]
    group: Given<u32>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let user = super::account(it.account, "Set_Account", Code::MuteSetMissing, Code::MuteSetInvalid)?;
    let c2c = it.c2c.optional(Code::MuteJson, "C2CmsgNospeakingTime")?;
    let group = it.group.optional(Code::MuteJson, "GroupmsgNospeakingTime")?;
    if c2c.is_none() && group.is_none() {
        return Err(Code::MuteNoTime.into());
    }
    match mute::set(cx, &user, c2c, group).await? {
        true => Ok(Nothing {}),
        false => Err(Fail::with(Code::MuteSetInvalid, "Set_Account does not exist").into()),
    }
}
