//! What the server tells without being asked.

use serde_json::Value;

/// A push. `spec/client/pushes.md` has the members of its events.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// `service.command`.
    pub servcmd: String,
    /// `{"EventArray": […], …}` for nearly all of them.
    pub body: Value,
}

/// A text element of a one-to-one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The sender's user id.
    pub from: String,
    /// What was written.
    pub text: String,
}

impl Push {
    /// The events in it, of whatever kind.
    pub fn events(&self) -> impl Iterator<Item = &Value> {
        list(&self.body, "EventArray")
    }

    /// The texts of new one-to-one messages, in their order. Copies of the user's own messages have the user
    /// as sender.
    pub fn texts(&self) -> Vec<Text> {
        let mut texts = Vec::new();
        for message in self.events().flat_map(|it| list(it, "C2cMsgArray")) {
            // In a copy of an own message the two accounts are swapped.
            let sender = if message["IsSyncMsg"] == 1 { "To_Account" } else { "From_Account" };
            for element in list(message, "MsgBody") {
                if let Some(text) = element["MsgContent"]["Text"].as_str() {
                    let from = message[sender].as_str().unwrap_or_default().to_owned();
                    texts.push(Text { from, text: text.to_owned() });
                }
            }
        }
        texts
    }
}

fn list<'a>(of: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of.get(name).and_then(Value::as_array).into_iter().flatten()
}
