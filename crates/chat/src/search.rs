//! Searching messages, users, groups and members of groups. `spec/client/commands/*_search.query.yaml`.
//!
//! Names are kept folded in a table of their own, written with what they name, and read through. Messages are found
//! through [`block`]s of their log, of which a job makes what has been said for a while; what has no block yet is
//! read from the log. So the cost of a search goes with what the caller may see, and sending writes nothing for it.

mod block;
mod cursor;
mod groups;
mod index;
mod members;
mod messages;
mod names;
mod text;
mod users;

use proto::{Code, Fail};
use store::{StoreError, Tx, search_names};

use crate::{Cx, error::Error};

pub use groups::{FoundGroup, groups};
pub use members::{FoundMember, members};
pub use messages::{FoundIn, MessageQuery, Where, messages};
pub use users::{FoundUser, UserQuery, users};

/// Most keywords of a search, most senders and most types of message.
pub const KEYWORDS_MAX: usize = 5;
/// Most bytes of a keyword.
pub const KEYWORD_BYTES_MAX: usize = 1000;
/// Most entries of one answer, and as many as it has when the caller does not say.
pub const COUNT_MAX: i64 = 100;
pub const COUNT_DEFAULT: i64 = 20;

/// What is looked for, and which part of what is found.
pub struct Query {
    /// As they were given.
    pub keywords: Vec<String>,
    /// All of them, or one at least.
    pub all: bool,
    pub count: i64,
    /// Empty first, then that of the answer before.
    pub cursor: String,
}

/// A part of what was found.
#[derive(Default)]
pub struct Found<T> {
    /// Of everything.
    pub total: i64,
    /// Empty when this was the last part.
    pub cursor: String,
    pub items: Vec<T>,
}

/// Refuses while the app has no search (60020).
pub fn must_be_on(cx: &Cx) -> Result<(), Fail> {
    if cx.app.state().settings.search_enabled { Ok(()) } else { Err(Code::PlanEnded.into()) }
}

/// Refuses a user who searches too often (60018).
fn must_be_in_time(cx: &Cx) -> Result<(), Fail> {
    let most = cx.app.state().settings.search_per_second;
    match cx.app.search_pace.take(cx.caller.user(), most, cx.chat.clock.millis()) {
        true => Ok(()),
        false => Err(Code::Overloaded.into()),
    }
}

fn wrong(info: &'static str) -> Error {
    Fail::with(Code::SearchParam, info).into()
}

/// A name as it is kept and compared.
pub(crate) fn folded(name: &str) -> String {
    text::fold(name)
}

/// Keeps a nickname, a JSON literal, where searches look; other fields are none of theirs.
pub(crate) fn keep_nick(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    tag: &str,
    value: &str,
) -> Result<(), StoreError> {
    if tag != crate::profiles::NICK {
        return Ok(());
    }
    let nick: String = serde_json::from_str(value).unwrap_or_default();
    search_names::put(tx, search_names::USER, app, user, &text::fold(&nick))
}

/// Keeps the name of a group where searches look.
pub(crate) fn keep_group(tx: &mut dyn Tx, row: &store::groups::Group) -> Result<(), StoreError> {
    if crate::groups::Kind::from_number(row.kind) == crate::groups::Kind::AvChatRoom {
        return Ok(());
    }
    let app = u32::try_from(row.app).map_err(|_| StoreError::Shape("an app has a wrong id"))?;
    search_names::put(tx, search_names::GROUP, app, &row.group_id, &text::fold(&row.name))
}
