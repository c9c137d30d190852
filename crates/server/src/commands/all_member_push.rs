//! Push to all users.

pub mod im_add_tag;
pub mod im_get_attr;
pub mod im_get_attr_name;
pub mod im_get_tag;
pub mod im_push;
pub mod im_remove_all_tags;
pub mod im_remove_attr;
pub mod im_remove_tag;
pub mod im_set_attr;
pub mod im_set_attr_name;

use std::collections::BTreeMap;

use proto::{Code, Fail};

use crate::given::{Given, Raw};

/// Accounts in one call.
const ACCOUNTS_MAX: usize = 100;
/// Of a name or a value of an attribute.
const ATTRIBUTE_BYTES_MAX: usize = 50;
const TAG_BYTES_MAX: usize = 50;

/// What a call does to each of 1 to 100 accounts.
fn accounts<T>(given: Given<Vec<T>>, name: &str) -> Result<Vec<T>, Fail> {
    let items = given.need(Code::C2cJson, name)?;
    match items.len() {
        0 => Err(Fail::with(Code::C2cJson, format!("{name} is empty"))),
        1..=ACCOUNTS_MAX => Ok(items),
        _ => Err(Fail::with(Code::C2cPeersTooMany, format!("more than {ACCOUNTS_MAX} accounts"))),
    }
}

/// Whether this can be the name or the value of an attribute; no database keeps U+0000.
fn is_attribute(text: &str) -> bool {
    (1..=ATTRIBUTE_BYTES_MAX).contains(&text.len()) && !text.contains('\0')
}

/// `code` is that of a tag that is too long.
fn check_tag(tag: &str, code: Code) -> Result<(), Fail> {
    if tag.is_empty() {
        return Err(Code::PushTagEmpty.into());
    }
    match tag.len() > TAG_BYTES_MAX || tag.contains('\0') {
        true => Err(Fail::with(code, format!("a tag is longer than {TAG_BYTES_MAX} bytes or has U+0000"))),
        false => Ok(()),
    }
}

/// Values of attributes by name: texts, or numbers, which count as their decimal text. `code` is that of a value that
/// cannot be.
fn values(given: BTreeMap<String, Given<Raw>>, code: Code) -> Result<BTreeMap<String, String>, Fail> {
    let bad =
        || Fail::with(code, format!("a value of an attribute must have 1 to {ATTRIBUTE_BYTES_MAX} bytes"));
    let value = |(name, given): (String, Given<Raw>)| {
        let Given::Is(raw) = given else { return Err(bad()) };
        let value = match serde_json::from_str(raw.text()) {
            Ok(serde_json::Value::String(text)) => text,
            Ok(serde_json::Value::Number(_)) => raw.text().to_owned(),
            _ => return Err(Fail::with(Code::C2cJson, "a value of an attribute is neither text nor number")),
        };
        if is_attribute(&value) { Ok((name, value)) } else { Err(bad()) }
    };
    given.into_iter().map(value).collect()
}
