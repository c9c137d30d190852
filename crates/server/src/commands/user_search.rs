//! Searching users in the cloud, and what the four searches have in common.

pub mod query;

use chat::search::{COUNT_DEFAULT, COUNT_MAX, KEYWORD_BYTES_MAX, KEYWORDS_MAX, Query};
use proto::{Code, Fail};

use crate::given::Given;

pub(super) const BAD: Code = Code::SearchParam;

pub(super) fn wrong(info: impl Into<String>) -> Fail {
    Fail::with(BAD, info.into())
}

/// Keywords, of which none may be empty.
pub(super) fn keywords(list: Vec<String>) -> Result<Vec<String>, Fail> {
    if list.len() > KEYWORDS_MAX {
        return Err(wrong(format!("more than {KEYWORDS_MAX} keywords")));
    }
    let is_good = |it: &String| !it.is_empty() && it.len() <= KEYWORD_BYTES_MAX && !it.contains('\0');
    if !list.iter().all(is_good) {
        return Err(wrong("a keyword is empty, too long, or has the character U+0000"));
    }
    Ok(list)
}

/// How many entries one answer may have.
pub(super) fn count(given: Given<i64>) -> Result<i64, Fail> {
    let count = given.optional(BAD, "Count")?.unwrap_or(COUNT_DEFAULT);
    if (1..=COUNT_MAX).contains(&count) {
        Ok(count)
    } else {
        Err(wrong(format!("Count must be from 1 to {COUNT_MAX}")))
    }
}

/// The fields that the searches for names share.
pub(super) fn names(
    keywords_given: Given<Vec<String>>,
    match_type: Given<i64>,
    count_given: Given<i64>,
    cursor: Given<String>,
) -> Result<Query, Fail> {
    let keywords = keywords(keywords_given.need(BAD, "Keywords")?)?;
    if keywords.is_empty() {
        return Err(wrong("there is no keyword"));
    }
    let all = match match_type.optional(BAD, "KeywordMatchType")? {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(wrong("KeywordMatchType must be 0 or 1")),
    };
    let cursor = cursor.optional(BAD, "Cursor")?.unwrap_or_default();
    Ok(Query { keywords, all, count: count(count_given)?, cursor })
}
