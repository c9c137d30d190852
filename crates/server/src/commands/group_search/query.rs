//! Searches groups by id and name.
//!
//! Contract: `spec/client/commands/group_search.query.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{ApplyOption, InviteOption, Kind},
    search,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::user_search::{BAD, names, wrong},
    given::Given,
};

command!("group_search" / "query", "Searches groups.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Each an id or a part of a name.
    keywords: Given<Vec<String>>,
    /// 0 for any of them, 1 for all of them.
    #[serde(default)]
    keyword_match_type: Given<i64>,
    /// Only groups of these types; empty for any.
    #[serde(default)]
    group_type: Given<Vec<String>>,
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
    groups: Vec<Group>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Group {
    #[serde(rename = "GroupID")]
    group_id: String,
    group_name: String,
    group_type: &'static str,
    group_face_url: String,
    group_introduction: String,
    #[serde(rename = "GroupOwnerUserID")]
    group_owner_user_id: String,
    group_member_num: i64,
    group_add_option: &'static str,
    group_invite_option: &'static str,
}

fn shown(it: search::FoundGroup) -> Group {
    Group {
        group_type: it.kind.name(),
        group_add_option: ApplyOption::from_number(it.row.apply_option).name(),
        group_invite_option: InviteOption::from_number(it.row.invite_option).name(),
        group_id: it.row.group_id,
        group_name: it.row.name,
        group_face_url: it.row.face,
        group_introduction: it.row.introduction,
        group_owner_user_id: it.row.owner,
        group_member_num: it.row.members,
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    search::must_be_on(cx)?;
    let query = names(it.keywords, it.keyword_match_type, it.count, it.cursor)?;
    let kind =
        |name: &String| Kind::parse(name).ok_or_else(|| wrong("GroupType has a type that there is not"));
    let types = it.group_type.optional(BAD, "GroupType")?.unwrap_or_default();
    let kinds = types.iter().map(kind).collect::<Result<_, _>>()?;
    let found = search::groups(cx, query, kinds).await?;
    Ok(Response {
        total_count: found.total,
        cursor: found.cursor,
        groups: found.items.into_iter().map(shown).collect(),
    })
}
