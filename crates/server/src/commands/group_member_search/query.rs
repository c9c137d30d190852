//! Searches members of the caller's groups.
//!
//! Contract: `spec/client/commands/group_member_search.query.yaml`.

use chat::{Cx, error::Error, search};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::user_search::{BAD, names},
    given::{Given, Raw, raw},
};

command!("group_member_search" / "query", "Searches group members.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Each an id, or a part of a nickname or of a name card.
    keywords: Given<Vec<String>>,
    /// 0 for any of them, 1 for all of them.
    #[serde(default)]
    keyword_match_type: Given<i64>,
    /// Only these groups; left out for all own ones.
    #[serde(default)]
    group_id_list: Given<Vec<String>>,
    /// From 1 to 100.
    #[serde(default)]
    count: Given<i64>,
    /// Empty first, then that of the answer before.
    #[serde(default)]
    cursor: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    total_count: i64,
    cursor: String,
    group_members: Vec<Member>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Member {
    #[serde(rename = "GroupID")]
    group_id: String,
    group_name: String,
    group_type: &'static str,
    #[serde(rename = "GroupMemberUserID")]
    group_member_user_id: String,
    group_member_user_name: Raw,
    group_member_name_card: String,
    group_member_avatar: Raw,
}

fn shown(it: search::FoundMember) -> Result<Member, Error> {
    let text = |literal: String| raw(if literal.is_empty() { "\"\"".to_owned() } else { literal });
    Ok(Member {
        group_id: it.group_id,
        group_name: it.group_name,
        group_type: it.kind.name(),
        group_member_user_id: it.user,
        group_member_user_name: text(it.nick)?,
        group_member_name_card: it.card,
        group_member_avatar: text(it.face)?,
    })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    search::must_be_on(cx)?;
    let query = names(it.keywords, it.keyword_match_type, it.count, it.cursor)?;
    let groups = it.group_id_list.optional(BAD, "GroupIdList")?.filter(|it| !it.is_empty());
    let found = search::members(cx, query, groups).await?;
    Ok(Response {
        total_count: found.total,
        cursor: found.cursor,
        group_members: found.items.into_iter().map(shown).collect::<Result<_, _>>()?,
    })
}
