//! The groups of an app.

use std::collections::BTreeMap;

use chat::{
    console::{Role, lists},
    groups::{self, Kind},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{
    endpoint::{Ask, Endpoint, Refusal, Rest, get},
    pages,
};

pub const LIST: Endpoint = get!(
    "apps/{sdkappid}/groups",
    Some(Role::Viewer),
    "Lists groups by id.",
    ["kind", "prefix", "after", "limit"],
    Groups,
    list
);
pub const SHOW: Endpoint =
    get!("apps/{sdkappid}/groups/{group}", Some(Role::Viewer), "Shows a group.", [], Whole, show);
pub const MEMBERS: Endpoint = get!(
    "apps/{sdkappid}/groups/{group}/members",
    Some(Role::Viewer),
    "Lists members by id.",
    ["after", "limit"],
    Members,
    members
);

#[derive(Serialize, JsonSchema)]
struct Groups {
    groups: Vec<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Group {
    group: String,
    kind: &'static str,
    name: String,
    owner: String,
    members: i64,
    created_at: i64,
    muted_all: bool,
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    #[serde(flatten)]
    group: Group,
    introduction: String,
    notification: String,
    face: String,
    max_members: i64,
    newest_seq: i64,
    /// Whether it may have topics.
    topics: bool,
    attributes: BTreeMap<String, String>,
    counters: BTreeMap<String, i64>,
    rest: Rest,
}

#[derive(Serialize, JsonSchema)]
struct Members {
    members: Vec<Member>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Member {
    user: String,
    role: &'static str,
    joined_at: i64,
    card: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<i64>,
    read_seq: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted_until: Option<i64>,
}

async fn list(ask: &Ask) -> Result<Groups, Refusal> {
    let (app, limit, kind) = (ask.app()?, pages::limit(ask)?, ask.text("kind")?);
    let kind = match kind.is_empty() {
        true => None,
        false => Some(Kind::parse(&kind).ok_or_else(|| Refusal::bad("there is no such kind of group"))?),
    };
    let after = pages::from_place(ask, "after")?.unwrap_or_default();
    let found = ask.node.chat.groups_page(app.id, kind, ask.text("prefix")?, after, limit).await?;
    let next = pages::next(&found, limit, |it| it.group.clone());
    Ok(Groups { groups: found.into_iter().map(group).collect(), next })
}

pub fn group(it: lists::Group) -> Group {
    Group {
        group: it.group,
        kind: Kind::from_number(it.kind).name(),
        name: it.name,
        owner: it.owner,
        members: it.members,
        created_at: it.created_at,
        muted_all: it.muted_all,
    }
}

async fn show(ask: &Ask) -> Result<Whole, Refusal> {
    let app = ask.app()?;
    let it = ask.node.chat.whole_group(app.id, ask.parameter("group").to_owned()).await?;
    let row = it.row;
    Ok(Whole {
        rest: Rest::new("group_open_http_svc/get_group_info", json!({ "GroupIdList": [row.group_id] })),
        introduction: row.introduction,
        notification: row.notification,
        face: row.face,
        max_members: row.max_members,
        newest_seq: it.newest_seq,
        topics: row.support_topic,
        attributes: it.attributes,
        counters: it.counters,
        group: Group {
            group: row.group_id,
            kind: Kind::from_number(row.kind).name(),
            name: row.name,
            owner: row.owner,
            members: row.members,
            created_at: row.created_at,
            muted_all: row.muted_all,
        },
    })
}

async fn members(ask: &Ask) -> Result<Members, Refusal> {
    let (app, limit) = (ask.app()?, pages::limit(ask)?);
    let (group, now) = (ask.parameter("group").to_owned(), ask.node.chat.clock.now());
    let after = pages::from_place(ask, "after")?.unwrap_or_default();
    let found = ask.node.chat.members_page(app.id, group, after, limit).await?;
    let next = pages::next(&found, limit, |it| it.user.clone());
    let shown = found.into_iter().map(|it| Member {
        user: it.user,
        role: groups::Role::from_number(it.role).name(),
        joined_at: it.joined_at,
        card: it.card,
        sent_at: pages::moment(it.sent_at),
        read_seq: it.read_seq,
        muted_until: Some(it.muted_until).filter(|it| *it > now),
    });
    Ok(Members { members: shown.collect(), next })
}
