//! Replaces the content of a stored one-to-one message.
//!
//! Contract: `spec/rest/openim.modify_c2c_msg.yaml`, `spec/client/commands/openim.modify_c2c_msg.yaml`.

use chat::{
    Cx,
    error::Error,
    messages::{self, Change, Named},
};
use proto::{
    Code, Fail, MsgKey,
    element::{Body, ElementType},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::message;
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!(
    "openim" / "modify_c2c_msg", "Replaces the content of a one-to-one message.", Both, Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Sender of the message.
    #[serde(rename = "From_Account")]
    from_account: Given<String>,
    #[serde(rename = "To_Account")]
    to_account: Given<String>,
    /// Names the message for backends; clients give its numbers.
    #[serde(default)]
    msg_key: Given<String>,
    #[serde(default)]
    msg_seq: Given<u32>,
    #[serde(default)]
    msg_random: Given<u32>,
    #[serde(default)]
    msg_time: Given<i64>,
    /// Of clients: the version they hold, 0 when it was never changed.
    #[serde(default)]
    msg_version: Given<i64>,
    #[serde(default)]
    msg_body: Given<Raw>,
    #[serde(default)]
    cloud_custom_data: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    msg_body: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_custom_data: Option<Raw>,
}

async fn handle(cx: &Cx, mut it: Request) -> Result<Response, Error> {
    let from = std::mem::take(&mut it.from_account).need(Code::C2cFrom, "From_Account")?;
    let to = std::mem::take(&mut it.to_account).need(Code::C2cTo, "To_Account")?;
    let by_client = !cx.is_admin();
    let key =
        if by_client { client_key(&mut it)? } else { super::parse_key(std::mem::take(&mut it.msg_key))? };
    let change = change(cx, it.msg_body, it.cloud_custom_data, it.msg_version)?;
    if by_client {
        let user = cx.caller.user();
        if user != from && user != to {
            return Err(Fail::with(Code::ModifyUnknown, "no such message in this conversation").into());
        }
    } else {
        super::must_exist(cx, &from, Code::C2cFrom, "From_Account").await?;
        super::must_exist(cx, &to, Code::C2cToUnknown, "To_Account").await?;
    }
    let modified = messages::modify(cx, Named { from, to, key }, change).await?;
    if !by_client {
        return Ok(Response { msg_version: None, msg_body: None, cloud_custom_data: None });
    }
    Ok(Response {
        msg_version: Some(modified.version),
        msg_body: Some(raw(modified.body)?),
        cloud_custom_data: Some(raw(modified.cloud)?),
    })
}

fn client_key(it: &mut Request) -> Result<MsgKey, Fail> {
    let unknown = Code::ModifyUnknown;
    Ok(MsgKey {
        seq: std::mem::take(&mut it.msg_seq).need(unknown, "MsgSeq")?,
        random: std::mem::take(&mut it.msg_random).need(unknown, "MsgRandom")?,
        time: std::mem::take(&mut it.msg_time).need(unknown, "MsgTime")?,
    })
}

/// What becomes of a message, one-to-one or of a group.
pub(super) fn change(
    cx: &Cx,
    body: Given<Raw>,
    cloud: Given<Raw>,
    version: Given<i64>,
) -> Result<Change, Fail> {
    let by_client = !cx.is_admin();
    if body.is_missing() && cloud.is_missing() {
        return Err(Fail::with(Code::MsgInvalid, "neither MsgBody nor CloudCustomData is given"));
    }
    let body = match body {
        Given::Missing => None,
        given => Some(message::body(cx, given)?),
    };
    if by_client && body.as_ref().is_some_and(|it| !may_be_changed_by_clients(it)) {
        let info = "clients may change text, custom, location and face elements only";
        return Err(Fail::with(Code::C2cElement, info));
    }
    let cloud = match cloud {
        Given::Missing => None,
        given => Some(message::cloud(given, Code::MsgInvalid)?),
    };
    let version = version.optional(Code::MsgInvalid, "MsgVersion")?;
    Ok(Change { body, cloud, version: by_client.then(|| version.unwrap_or(0)) })
}

fn may_be_changed_by_clients(body: &Body) -> bool {
    use ElementType::{Custom, Face, Location, Text};
    body.types().all(|it| matches!(it, Text | Custom | Location | Face))
}
