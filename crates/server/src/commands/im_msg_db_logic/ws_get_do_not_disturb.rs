//! Tells when the user does not want to be disturbed.
//!
//! Contract: `spec/client/commands/im_msg_db_logic.ws_get_do_not_disturb.yaml`.

use chat::{Cx, do_not_disturb, error::Error};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::command::command;

command!(
    "im_msg_db_logic" / "ws_get_do_not_disturb", "Gives the own do-not-disturb.", Socket,
    Request => Response, handle
);

/// Clients name themselves; whoever is named, the caller's is given.
#[derive(Deserialize, JsonSchema)]
struct Request {}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    level: i64,
    start_time: i64,
    end_time: i64,
    is_repeated: i64,
}

async fn handle(cx: &Cx, _: Request) -> Result<Response, Error> {
    let it = do_not_disturb::get(cx).await?;
    Ok(Response {
        level: it.level,
        start_time: it.start_at,
        end_time: it.end_at,
        is_repeated: i64::from(it.is_repeated),
    })
}
