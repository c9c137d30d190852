//! Gives the list of a merged message by its key.
//!
//! Contract: `spec/client/commands/im_long_msg.get_relay_json_msg.yaml`.

use chat::{Cx, error::Error, messages::merged};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("im_long_msg" / "get_relay_json_msg", "Gives a merged message.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    json_msg_key: Given<String>,
    /// Names the same list.
    pb_msg_key: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// The messages as they were kept.
    msg_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    // A client may leave one of the two empty.
    let given =
        |it: Given<String>| if matches!(&it, Given::Is(it) if it.is_empty()) { Given::Missing } else { it };
    let key = given(it.json_msg_key).or(given(it.pb_msg_key)).need(Code::ModifyUnknown, "JsonMsgKey")?;
    Ok(Response { msg_list: raw(merged::load(cx, &key).await?)? })
}
