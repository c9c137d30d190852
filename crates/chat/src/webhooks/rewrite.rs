//! What a backend makes of a message before it is sent.

use proto::element::{Body, From, message_bytes};
use serde_json::{Map, Value};

use crate::Cx;

/// Elements and CloudCustomData, both as JSON, after the changes of a backend's answer; `None` when it changes nothing.
/// What is no message, or too long, is not taken over.
pub(crate) fn rewritten(
    cx: &Cx,
    (body, cloud): (&str, &str),
    answer: &Map<String, Value>,
) -> Option<(String, String)> {
    let new_body = answer.get("MsgBody").and_then(|new| Body::check(&new.to_string(), From::Admin).ok());
    let new_body = new_body.as_ref().map_or(body, |it| it.json());
    let new_cloud = answer.get("CloudCustomData").and_then(Value::as_str);
    let new_cloud = new_cloud.map_or_else(|| cloud.to_owned(), |it| Value::from(it).to_string());
    let limit = usize::try_from(cx.app.state().settings.messages_max_bytes).unwrap_or(usize::MAX);
    let is_new = new_body != body || new_cloud != cloud;
    (is_new && message_bytes(new_body, &new_cloud) <= limit).then(|| (new_body.to_owned(), new_cloud))
}
