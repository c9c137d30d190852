//! The conversation list.

pub mod get_contact_group;
pub mod get_list;
pub mod page_get;

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
