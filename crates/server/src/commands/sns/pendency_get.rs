//! Gives a client its open friend requests, all at once.
//!
//! Contract: `spec/client/commands/sns.pendency_get.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Side},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("sns" / "pendency_get", "Reads open friend requests.", Socket, Request => Response, handle);

pub(super) const RECEIVED: &str = "Pendency_Type_ComeIn";
pub(super) const SENT: &str = "Pendency_Type_SendOut";
const BOTH: &str = "Pendency_Type_Both";

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Pendency_Type_ComeIn, Pendency_Type_SendOut or Pendency_Type_Both.
    #[serde(rename = "PendencyType", default)]
    kind: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    pendency_item: Vec<Item>,
    unread_pendency_count: usize,
    start_time: i64,
    current_sequence: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    nick: Raw,
    image: Raw,
    add_time: i64,
    add_source: String,
    add_wording: String,
    pendency_type: &'static str,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let owner = owner(cx, it.from_account)?;
    let sides: &[Side] = match &*it.kind.need(Code::SnsParam, "PendencyType")? {
        RECEIVED => &[Side::Receiver],
        SENT => &[Side::Sender],
        BOTH => &[Side::Receiver, Side::Sender],
        _ => {
            let info = format!("PendencyType must be one of {RECEIVED}, {SENT}, {BOTH}");
            return Err(Fail::with(Code::SnsParam, info).into());
        }
    };
    let waiting = relations::waiting(cx, &owner, sides).await?;
    let text = |literal: Option<String>| raw(literal.unwrap_or_else(|| "\"\"".to_owned()));
    let items = waiting.items.into_iter().map(|(side, it)| {
        Ok(Item {
            to_account: it.other,
            nick: text(it.nick)?,
            image: text(it.face)?,
            add_time: it.asked_at,
            add_source: it.source,
            add_wording: it.wording,
            pendency_type: if side == Side::Sender { SENT } else { RECEIVED },
        })
    });
    Ok(Response {
        pendency_item: items.collect::<Result<_, serde_json::Error>>()?,
        unread_pendency_count: waiting.unread,
        start_time: 0,
        current_sequence: waiting.sequence,
    })
}
