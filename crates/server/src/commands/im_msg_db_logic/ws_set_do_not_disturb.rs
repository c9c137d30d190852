//! Sets when the user does not want to be disturbed.
//!
//! Contract: `spec/client/commands/im_msg_db_logic.ws_set_do_not_disturb.yaml`.

use chat::{
    Cx,
    do_not_disturb::{self, Record},
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "im_msg_db_logic" / "ws_set_do_not_disturb", "Sets the own do-not-disturb.", Socket,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Unix seconds.
    start_time: Given<i64>,
    end_time: Given<i64>,
    /// 1 for every day.
    is_repeated: Given<i64>,
    /// 0 off, 1 discard, 2 silent.
    level: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::MsgInvalid;
    let record = Record {
        start_at: it.start_time.need(bad, "StartTime")?,
        end_at: it.end_time.need(bad, "EndTime")?,
        is_repeated: match it.is_repeated.need(bad, "IsRepeated")? {
            0 => false,
            1 => true,
            _ => return Err(Fail::with(bad, "IsRepeated must be 0 or 1").into()),
        },
        level: it.level.need(bad, "Level")?,
    };
    do_not_disturb::set(cx, record).await?;
    Ok(Nothing {})
}
