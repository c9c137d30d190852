//! Reads the followers of a user, whom it follows, or who is both.
//!
//! Contract: `spec/client/commands/follow.follow_get.yaml`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use chat::{
    Cx,
    error::Error,
    follow::{self, Kind, Place},
    profiles::{self, Wanted},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::owner;
use crate::{
    command::command,
    commands::profile::portrait_get::{Item as Field, items},
    given::Given,
};

command!("follow" / "follow_get", "Reads a list of followers.", Both, Request => Response, handle);

const PAGE_MAX: i64 = 1000;
const CURSOR_BYTES_MAX: usize = 1024;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Whose list it is.
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// 1 followers, 2 followed, 3 both.
    follow_type: Given<i64>,
    /// Empty first, then NextCursor of the answer before.
    #[serde(default)]
    start_cursor: Given<String>,
    /// Entries of one page; more than 1000 are not returned.
    want_num: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    follow_item: Vec<Item>,
    /// Empty when this was the last page.
    next_cursor: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    #[serde(rename = "To_Account")]
    to_account: String,
    /// Unix seconds.
    follow_time: i64,
    profile_item: Vec<Field>,
}

/// Names the list too, so that the cursor of another is not taken.
fn write(number: i64, place: &Place) -> String {
    BASE64.encode(format!("{number}:{}:{}", place.time, place.user))
}

fn read(number: i64, cursor: &str) -> Option<Place> {
    if cursor.len() > CURSOR_BYTES_MAX {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(cursor).ok()?).ok()?;
    let (time, user) = text.strip_prefix(&format!("{number}:"))?.split_once(':')?;
    let place = Place { time: time.parse().ok()?, user: user.to_owned() };
    // No id has the zero, and the database would not take it.
    (write(number, &place) == cursor && !user.contains('\0')).then_some(place)
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::SnsParam;
    let owner = owner(cx, it.from_account)?;
    let number = it.follow_type.need(bad, "FollowType")?;
    let kind = match number {
        1 => Kind::Followers,
        2 => Kind::Following,
        3 => Kind::Mutual,
        _ => return Err(Fail::with(bad, "FollowType must be 1, 2 or 3").into()),
    };
    let wanted = it.want_num.need(bad, "WantNum")?;
    if wanted < 1 {
        return Err(Fail::with(bad, "WantNum must not be below 1").into());
    }
    let cursor = it.start_cursor.optional(bad, "StartCursor")?.filter(|it| !it.is_empty());
    let after = match cursor {
        None => None,
        Some(cursor) => Some(
            read(number, &cursor)
                .ok_or_else(|| Fail::with(bad, "StartCursor is no NextCursor of this list"))?,
        ),
    };
    let page = follow::page(cx, &owner, kind, after, wanted.min(PAGE_MAX)).await?;
    let users = page.entries.iter().map(|it| it.0.clone()).collect();
    let profiles = profiles::get(cx, users, Wanted::All).await?;
    let item = |((to_account, follow_time), fields): ((String, i64), Option<Vec<profiles::Field>>)| {
        Ok(Item { to_account, follow_time, profile_item: items(fields.unwrap_or_default())? })
    };
    let items = page.entries.into_iter().zip(profiles).map(item);
    Ok(Response {
        follow_item: items.collect::<Result<_, serde_json::Error>>()?,
        next_cursor: page.next.map_or_else(String::new, |it| write(number, &it)),
    })
}
