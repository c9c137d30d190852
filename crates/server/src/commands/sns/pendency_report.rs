//! A client has read its friend requests.
//!
//! Contract: `spec/client/commands/sns.pendency_report.yaml`.

use chat::{Cx, error::Error, relations};
use proto::Code;
use schemars::JsonSchema;
use serde::Deserialize;

use super::owner;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("sns" / "pendency_report", "Marks friend requests read.", Socket, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Unix seconds.
    #[serde(rename = "LatestPendencyTimeStamp", default)]
    second: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let owner = owner(cx, it.from_account)?;
    let second = it.second.need(Code::SnsParam, "LatestPendencyTimeStamp")?;
    relations::mark_read(cx, &owner, second).await?;
    Ok(Nothing {})
}
