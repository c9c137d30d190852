//! Message bodies: which elements a sender may put into a message, and the checked text that is stored.
//!
//! Follows `spec/concepts/message-format.md` 2, 3 and 5. Content is checked where it stands and never
//! rebuilt, so members that nobody here knows reach the other clients byte for byte.

mod content;
mod fields;
pub mod push_info;

use std::{borrow::Cow, fmt, iter};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Code, json};

/// The most that `MsgBody` and `CloudCustomData` may have together.
pub const MESSAGE_BYTES_MAX: usize = 12_288;
/// How deep a body may be nested, merged messages within merged messages included. JSON readers of every kind
/// give up at some depth, and one stored message must not break a whole history for them.
pub const DEPTH_MAX: usize = 64;

/// Who sends, which decides how strictly content is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// A backend over REST: the fields of each element are checked.
    Admin,
    /// A client: old ones leave fields out, so only the form of the elements is checked.
    Client,
}

/// The kinds of element that senders may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ElementType {
    Text,
    Location,
    Face,
    Custom,
    Sound,
    Image,
    File,
    Video,
    /// A merged message: a forwarded piece of history.
    Relay,
}

impl ElementType {
    pub const ALL: [ElementType; 9] = [
        ElementType::Text,
        ElementType::Location,
        ElementType::Face,
        ElementType::Custom,
        ElementType::Sound,
        ElementType::Image,
        ElementType::File,
        ElementType::Video,
        ElementType::Relay,
    ];

    /// The value of `MsgType`.
    pub const fn name(self) -> &'static str {
        match self {
            ElementType::Text => "TIMTextElem",
            ElementType::Location => "TIMLocationElem",
            ElementType::Face => "TIMFaceElem",
            ElementType::Custom => "TIMCustomElem",
            ElementType::Sound => "TIMSoundElem",
            ElementType::Image => "TIMImageElem",
            ElementType::File => "TIMFileElem",
            ElementType::Video => "TIMVideoFileElem",
            ElementType::Relay => "TIMRelayElem",
        }
    }

    /// The type with this `MsgType`. Group tips and system notices are the server's own and have none.
    pub fn from_name(name: &str) -> Option<ElementType> {
        ElementType::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What is wrong with a `MsgBody`. The texts name the element and the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    NotList,
    /// Missing, empty, or an element that is no element.
    Malformed(String),
    /// A field of an element's content is missing or wrong.
    Field(String),
}

impl Fault {
    /// The code of the one-to-one services and of push to all users.
    pub fn c2c_code(&self) -> Code {
        match self {
            Fault::NotList => Code::C2cBodyNotList,
            Fault::Malformed(_) => Code::C2cBody,
            Fault::Field(_) => Code::C2cElement,
        }
    }

    /// The code of the group services.
    pub fn group_code(&self) -> Code {
        Code::GroupParam
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NotList => out.write_str("MsgBody must be an array"),
            Fault::Malformed(text) | Fault::Field(text) => out.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

/// A checked `MsgBody`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    json: String,
    // Nearly every message has one element; this way it costs no allocation.
    first: ElementType,
    rest: Vec<ElementType>,
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(rename = "MsgType", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(rename = "MsgContent", borrow)]
    content: Option<&'a RawValue>,
}

impl Body {
    /// Checks the JSON text of a `MsgBody`.
    pub fn check(raw: &str, from: From) -> Result<Body, Fault> {
        let raw = raw.trim_ascii();
        if !raw.starts_with('[') {
            return Err(Fault::NotList);
        }
        let (json, depth) = json::compact_and_measure(raw);
        if depth > DEPTH_MAX {
            return Err(Fault::Malformed(format!("MsgBody is nested deeper than {DEPTH_MAX}")));
        }
        let elements: Vec<&RawValue> = serde_json::from_str(&json)
            .map_err(|error| Fault::Malformed(format!("MsgBody is not valid JSON: {error}")))?;
        let mut types =
            elements.iter().enumerate().map(|(index, element)| check_element(element.get(), index, from));
        let Some(first) = types.next() else {
            return Err(Fault::Malformed("MsgBody must not be empty".into()));
        };
        let first = first?;
        let rest = types.collect::<Result<_, _>>()?;
        Ok(Body { json: json.into_owned(), first, rest })
    }

    /// The compact JSON text.
    pub fn json(&self) -> &str {
        &self.json
    }

    pub fn into_json(self) -> String {
        self.json
    }

    /// The types of the elements, in order; at least one.
    pub fn types(&self) -> impl Iterator<Item = ElementType> {
        iter::once(self.first).chain(self.rest.iter().copied())
    }
}

/// The size that [`MESSAGE_BYTES_MAX`] limits, of compact `MsgBody` and of the JSON literal of `CloudCustomData`
/// (empty for none), which counts by the bytes of its text.
pub fn message_bytes(body: &str, cloud: &str) -> usize {
    body.len() + json::text_bytes(cloud)
}

fn check_element(raw: &str, index: usize, from: From) -> Result<ElementType, Fault> {
    let malformed = |what: &str| Fault::Malformed(format!("MsgBody[{index}]{what}"));
    if !raw.starts_with('{') {
        return Err(malformed(" must be an object"));
    }
    let element: Element<'_> = serde_json::from_str(raw).map_err(|error| malformed(&format!(": {error}")))?;
    let name = element.kind.and_then(|kind| text_of(kind.get()));
    let Some(name) = name else {
        return Err(malformed(".MsgType must be a string"));
    };
    let Some(kind) = ElementType::from_name(&name) else {
        return Err(malformed(".MsgType is not a type that can be sent"));
    };
    let content = element.content.map(RawValue::get).filter(|content| content.starts_with('{'));
    let Some(content) = content else {
        return Err(malformed(".MsgContent must be an object"));
    };
    if from == From::Admin {
        content::check(kind, content)
            .map_err(|fault| Fault::Field(format!("MsgBody[{index}].MsgContent{fault}")))?;
    }
    Ok(kind)
}

/// The text of a JSON string, borrowed when it holds no escapes; `None` for other values.
fn text_of(raw: &str) -> Option<Cow<'_, str>> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') { serde_json::from_str(raw).ok().map(Cow::Owned) } else { Some(inside.into()) }
}

#[cfg(test)]
mod tests;
