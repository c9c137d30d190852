//! Custom fields of groups and members. `spec/concepts/group-system.md` 8.

use std::borrow::Cow;

use proto::{Code, Fail};
use serde_json::{Map, Value};

use super::names::Kind;
use crate::{error::Error, settings::CustomField};

/// Most bytes of a group's custom value, and of a member's.
const GROUP_VALUE_BYTES_MAX: usize = 512;
const MEMBER_VALUE_BYTES_MAX: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Group,
    Member,
}

fn bad(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

/// Whether all keys are declared for this kind of group, and all values fit; 10004 otherwise.
pub fn check(
    declared: &[CustomField],
    level: Level,
    kind: Kind,
    values: &Map<String, Value>,
) -> Result<(), Error> {
    let most = if level == Level::Group { GROUP_VALUE_BYTES_MAX } else { MEMBER_VALUE_BYTES_MAX };
    for (key, value) in values {
        let field = declared.iter().find(|it| it.name == *key && fits(it, kind));
        if field.is_none() || (level == Level::Member && kind == Kind::AvChatRoom) {
            return Err(bad(format!("the custom field {key:?} is not declared")));
        }
        let text = value.as_str().ok_or_else(|| bad(format!("the value of {key:?} is not a string")))?;
        if text.len() > most || text.contains('\0') {
            return Err(bad(format!("the value of {key:?} is longer than {most} bytes")));
        }
    }
    Ok(())
}

/// Whether a declaration is for groups of this kind; one that names none is for all.
pub fn fits(field: &CustomField, kind: Kind) -> bool {
    field.group_types.is_empty() || field.group_types.iter().any(|it| Kind::parse(it) == Some(kind))
}

/// In the form of the store: values that are empty are none.
pub fn text(values: &Map<String, Value>) -> String {
    let kept: Map<_, _> =
        values.iter().filter(|it| it.1 != "").map(|(key, value)| (key.clone(), value.clone())).collect();
    if kept.is_empty() { String::new() } else { Value::Object(kept).to_string() }
}

/// From the form of the store.
pub fn read(stored: &str) -> Result<Map<String, Value>, serde_json::Error> {
    if stored.is_empty() { Ok(Map::new()) } else { serde_json::from_str(stored) }
}

/// What is stored with these values written over it.
pub fn merged(stored: &str, values: &Map<String, Value>) -> Result<String, serde_json::Error> {
    let mut all = read(stored)?;
    all.extend(values.clone());
    Ok(text(&all))
}
