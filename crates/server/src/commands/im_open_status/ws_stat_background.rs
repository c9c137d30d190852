//! A client says that its app went to the background. It stays online, but nobody sees what comes.
//!
//! Contract: `spec/client/commands/im_open_status.ws_stat_background.yaml`.

use chat::{Cx, error::Error, offline_push};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "im_open_status" / "ws_stat_background", "Takes note of an app in the background.", Socket,
    Request => Nothing, handle
);

/// What the app shows as unread, in either spelling. What is no number counts as not given.
#[derive(Deserialize, JsonSchema)]
struct Request {
    #[serde(rename = "C2CUnread", default)]
    c2c: Given<i64>,
    #[serde(rename = "C2cUnread", default)]
    c2c_too: Given<i64>,
    #[serde(rename = "GroupUnread", default)]
    group: Given<i64>,
    #[serde(rename = "GrpUnread", default)]
    group_too: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let counts = [number(&it.c2c).or(number(&it.c2c_too)), number(&it.group).or(number(&it.group_too))];
    let unread = counts.iter().any(Option::is_some);
    let sum = counts.into_iter().flatten().fold(0, i64::saturating_add);
    offline_push::in_background(cx, unread.then_some(sum)).await?;
    Ok(Nothing {})
}

fn number(given: &Given<i64>) -> Option<i64> {
    match given {
        Given::Is(it) if *it >= 0 => Some(*it),
        _ => None,
    }
}
