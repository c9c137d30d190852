//! A client withdraws friend requests, or removes those it got.
//!
//! Contract: `spec/client/commands/sns.pendency_delete.yaml`.

use chat::{
    Cx,
    error::Error,
    relations::{self, Side},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    Results, batch, owner,
    pendency_get::{RECEIVED, SENT},
};
use crate::{command::command, given::Given};

command!("sns" / "pendency_delete", "Ends friend requests without an answer.", Socket, Request => Results, handle);

const USERS_MAX: usize = 100;

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Pendency_Type_ComeIn or Pendency_Type_SendOut.
    #[serde(rename = "PendencyType", default)]
    kind: Given<String>,
    /// 1 to 100 users on the other side.
    #[serde(rename = "To_Account", default)]
    to_account: Given<Vec<String>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Results, Error> {
    let owner = owner(cx, it.from_account)?;
    let side = match &*it.kind.need(Code::SnsParam, "PendencyType")? {
        RECEIVED => Side::Receiver,
        SENT => Side::Sender,
        _ => {
            let info = format!("PendencyType must be {RECEIVED} or {SENT}");
            return Err(Fail::with(Code::SnsParam, info).into());
        }
    };
    let users = batch(it.to_account, "To_Account", USERS_MAX)?;
    let outcomes = relations::withdraw(cx, &owner, users.clone(), side).await?;
    Ok(Results::new(users, outcomes))
}
