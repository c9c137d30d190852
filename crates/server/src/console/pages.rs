//! What lists have in common.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Serialize, de::DeserializeOwned};

use super::endpoint::{Ask, Refusal};

/// Entries of a page when none are asked for, and at most.
const LIMIT: i64 = 50;
const LIMIT_MAX: i64 = 500;
/// Longest place that is read. Bytes.
const PLACE_BYTES_MAX: usize = 4096;

/// How many entries are wanted.
pub fn limit(ask: &Ask) -> Result<i64, Refusal> {
    let limit = ask.number("limit")?.unwrap_or(LIMIT);
    match (1..=LIMIT_MAX).contains(&limit) {
        true => Ok(limit),
        false => Err(Refusal::bad(format!("limit must be from 1 to {LIMIT_MAX}"))),
    }
}

/// A place in a list, as a text that means nothing.
pub fn place(it: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(it).unwrap_or_default())
}

/// The place that the query names; none for the list's beginning.
pub fn from_place<T: DeserializeOwned>(ask: &Ask, name: &str) -> Result<Option<T>, Refusal> {
    let text = ask.text(name)?;
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Refusal::bad(format!("{name} is no place that an answer gave"));
    if text.len() > PLACE_BYTES_MAX {
        return Err(bad());
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| bad())?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| bad())
}

/// Where a list goes on, if it does.
pub fn next<T, P: Serialize>(page: &[T], limit: i64, place_of: impl Fn(&T) -> P) -> Option<String> {
    page.last().filter(|_| page.len() as i64 >= limit).map(|it| place(&place_of(it)))
}

/// The text of a JSON literal; empty for none and for what is no text.
pub fn text_of(literal: &str) -> String {
    serde_json::from_str(literal).unwrap_or_default()
}

/// A JSON literal as a value; what is none is shown as a text.
pub fn value_of(literal: &str) -> serde_json::Value {
    serde_json::from_str(literal).unwrap_or_else(|_| literal.into())
}

/// 0 is no time.
pub fn moment(second: i64) -> Option<i64> {
    (second > 0).then_some(second)
}
