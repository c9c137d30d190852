//! Keeps the list of a merged message that is too long to be sent, for the key that is sent instead.
//!
//! Contract: `spec/client/commands/im_long_msg.save_relay_json_msg.yaml`.

use chat::{Cx, error::Error, messages::merged};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw},
};

command!("im_long_msg" / "save_relay_json_msg", "Keeps a merged message.", Socket, Request => Response, handle);

/// Its frames may be longer than any other.
pub const SERVCMD: &str = "im_long_msg.save_relay_json_msg";

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// The messages, which come back as they are.
    msg_list: Given<Raw>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    json_msg_key: String,
    /// Names the same list.
    pb_msg_key: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = |info: String| Fail::with(Code::MsgInvalid, info);
    let list = it.msg_list.need(Code::MsgInvalid, "MsgList")?;
    let messages: Vec<Raw> =
        serde_json::from_str(list.text()).map_err(|_| bad("MsgList must be a list".to_owned()))?;
    if !(1..=merged::MESSAGES_MAX).contains(&messages.len()) {
        return Err(bad(format!("MsgList must have 1 to {} messages", merged::MESSAGES_MAX)).into());
    }
    if !messages.iter().all(|it| it.text().starts_with('{')) {
        return Err(bad("MsgList must be a list of messages".to_owned()).into());
    }
    // It comes back as it is, and no answer has a null.
    if has_null(list.text()) {
        return Err(bad("MsgList holds a null".to_owned()).into());
    }
    let key = merged::save(cx, list.text()).await?;
    Ok(Response { pb_msg_key: key.clone(), json_msg_key: key })
}

/// Whether JSON holds a null: of all that may stand outside its texts only that has an `n`.
fn has_null(json: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    json.bytes().any(|it| {
        if inside {
            (inside, escaped) = (escaped || it != b'"', !escaped && it == b'\\');
            return false;
        }
        inside = it == b'"';
        it == b'n'
    })
}
