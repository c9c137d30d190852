//! What became of one message.

use chat::console::Role;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    endpoint::{Ask, Endpoint, Refusal, get},
    messages::{Message, of_c2c, of_group},
    pages,
    webhooks::{Event, event},
};

pub const C2C: Endpoint = get!(
    "apps/{sdkappid}/messages/c2c/explain",
    Some(Role::Viewer),
    "Explains a one-to-one message.",
    ["from", "to", "key"],
    Explained,
    c2c
);
pub const GROUP: Endpoint = get!(
    "apps/{sdkappid}/messages/group/explain",
    Some(Role::Viewer),
    "Explains a message of a group or topic.",
    ["group", "topic", "seq"],
    Explained,
    in_group
);

#[derive(Serialize, JsonSchema)]
struct Explained {
    message: Message,
    facts: Facts,
    webhooks: Vec<Event>,
}

#[derive(Serialize, JsonSchema)]
struct Facts {
    received_at: i64,
    client_time: i64,
    stored: bool,
    /// How many messages of the conversation stand before it.
    place: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_by: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recalled_by: Option<serde_json::Value>,
    modified_times: i64,
}

/// Who recalled it: a user's id, or of a group an object.
fn revoker(it: &str) -> Option<serde_json::Value> {
    (!it.is_empty()).then(|| pages::value_of(it))
}

async fn c2c(ask: &Ask) -> Result<Explained, Refusal> {
    let (app, from, to) = (ask.app()?, ask.need("from")?, ask.need("to")?);
    let key = ask.need("key")?.parse().map_err(|_| Refusal::bad("key is no MsgKey"))?;
    let it = ask.node.chat.explain_c2c(app.id, from.clone(), to.clone(), key).await?;
    Ok(Explained {
        message: of_c2c(&it.message, &from, &to),
        facts: Facts {
            received_at: it.message.time,
            client_time: it.message.client_time,
            stored: true,
            place: it.place,
            unread_until: pages::moment(it.message.waits_until),
            read: Some(if it.is_read { "yes" } else { "no" }),
            read_by: None,
            receipts: None,
            recalled_by: revoker(&it.message.revoker),
            modified_times: it.message.version,
        },
        webhooks: it.webhooks.iter().map(event).collect(),
    })
}

async fn in_group(ask: &Ask) -> Result<Explained, Refusal> {
    let (app, group, topic) = (ask.app()?, ask.need("group")?, ask.text("topic")?);
    let seq = ask.number("seq")?.ok_or_else(|| Refusal::bad("seq is missing"))?;
    let it = ask.node.chat.explain_in_group(app.id, group.clone(), topic.clone(), seq).await?;
    let is_topic = !topic.is_empty();
    Ok(Explained {
        message: of_group(&it.message, &group, &topic),
        facts: Facts {
            received_at: it.message.time,
            client_time: it.message.client_time,
            stored: true,
            place: seq - 1,
            unread_until: None,
            read: None,
            read_by: (!is_topic).then_some(it.read_by),
            receipts: Some(it.receipts),
            recalled_by: revoker(&it.message.revoker),
            modified_times: it.message.version,
        },
        webhooks: it.webhooks.iter().map(event).collect(),
    })
}
