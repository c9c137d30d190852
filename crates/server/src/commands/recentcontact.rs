//! The conversation list.

pub mod batch_delete;
pub mod clear_msg;
pub mod delete;
pub mod get_contact_group;
pub mod get_list;
pub mod page_get;
pub mod top;

use chat::{
    conversations::{self, Cursor, ListPage, Wanted},
    error::Error,
};
use proto::{Code, Fail};

use crate::given::Given;

/// The four cursor fields, which must all be there.
fn cursor(
    time: Given<i64>,
    index: Given<i64>,
    top_time: Given<i64>,
    top_index: Given<i64>,
) -> Result<Cursor, Fail> {
    let field = |given: Given<i64>, name: &str| {
        let value = given.need(Code::ContactParam, name)?;
        match value {
            0.. => Ok(value),
            _ => Err(Fail::with(Code::ContactParam, format!("{name} must not be negative"))),
        }
    };
    Ok(Cursor {
        time: field(time, "TimeStamp")?,
        index: field(index, "StartIndex")?,
        top_time: field(top_time, "TopTimeStamp")?,
        top_index: field(top_index, "TopStartIndex")?,
    })
}

async fn page(cx: &chat::Cx, owner: &str, cursor: Cursor, wanted: Wanted) -> Result<ListPage, Error> {
    let page = conversations::page(cx, owner, cursor, wanted).await?;
    page.ok_or_else(|| Fail::with(Code::ContactUnknown, "From_Account does not exist").into())
}

/// A conversation as requests name it.
enum Which {
    Peer(String),
    /// There are no groups before a command can make them, so the id is only repeated.
    Group(String),
}

/// Type with To_Account or the group's id; the wrong one of the two is refused.
fn which(kind: Given<i64>, to_account: Given<String>, group: Given<String>) -> Result<Which, Fail> {
    let bad = Code::ContactParam;
    let not_empty =
        |given: Given<String>, name: &str| given.optional(bad, name).map(|it| it.filter(|it| !it.is_empty()));
    let (peer, group) = (not_empty(to_account, "To_Account")?, not_empty(group, "ToGroupid")?);
    match (kind.need(bad, "Type")?, peer, group) {
        (1, Some(peer), None) => Ok(Which::Peer(peer)),
        (2, None, Some(group)) => Ok(Which::Group(group)),
        _ => Err(Fail::with(bad, "expected Type 1 with To_Account, or 2 with ToGroupid")),
    }
}
