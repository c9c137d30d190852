//! Where a search goes on. A cursor names its user and its search, and when it ends; changing one only leads elsewhere
//! in what the user may see, so it is checked for being whole and not signed.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use sha2::{Digest, Sha256};

use super::{Query, wrong};
use crate::{Cx, error::Error};

/// Longer than any that is given out.
const BYTES_MAX: usize = 1024;
const CHECK_BYTES: usize = 12;

/// Where to go on: numbers, and an id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) numbers: [i64; 4],
    pub(super) id: String,
}

/// Everything but the part: which search of whom.
pub(super) fn subject(cx: &Cx, what: &str, query: &Query, more: &str) -> String {
    let keywords: Vec<_> = query.keywords.iter().map(|it| proto::json::quote(it)).collect();
    let user = proto::json::quote(cx.caller.user());
    format!("{} {user} {what} {} [{}] {more}", cx.app.id, query.all, keywords.join(","))
}

fn check(subject: &str, text: &str) -> String {
    let hash = Sha256::new().chain_update(subject).chain_update("\0").chain_update(text).finalize();
    BASE64.encode(&hash[..CHECK_BYTES])
}

/// The cursor of a position, good for `search.cursor_seconds`.
pub(super) fn write(cx: &Cx, subject: &str, at: &Position) -> String {
    let until = cx.chat.clock.now() + cx.app.state().settings.search_cursor_seconds;
    let [a, b, c, d] = at.numbers;
    let text = BASE64.encode(format!("{until} {a} {b} {c} {d} {}", at.id));
    format!("{text}.{}", check(subject, &text))
}

/// The position of a cursor, `None` for an empty one; what is no cursor of this search, or is too old, is 27003.
pub(super) fn read(cx: &Cx, subject: &str, cursor: &str) -> Result<Option<Position>, Error> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let found = parse(subject, cursor).filter(|it| it.0 > cx.chat.clock.now());
    found.map(|it| Some(it.1)).ok_or_else(|| wrong("Cursor is none of this search, or too old"))
}

fn parse(subject: &str, cursor: &str) -> Option<(i64, Position)> {
    if cursor.len() > BYTES_MAX {
        return None;
    }
    let (text, tag) = cursor.split_once('.')?;
    if check(subject, text) != tag {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(text).ok()?).ok()?;
    let mut parts = text.splitn(6, ' ');
    let mut number = || parts.next()?.parse().ok();
    let until = number()?;
    let numbers = [number()?, number()?, number()?, number()?];
    let id = parts.next()?.to_owned();
    // No id has the zero, and the database would not take it.
    (!id.contains('\0')).then_some((until, Position { numbers, id }))
}
