//! The users of an app.

use std::collections::BTreeMap;

use chat::{
    console::{
        Role,
        audit::Deed,
        lists::{self, NickPlace, PAGE_MAX},
    },
    login::End,
};
use proto::platform::Platform;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    endpoint::{Ask, Endpoint, Refusal, Verb, get},
    pages, stream,
};
use crate::http::Answer;

pub const LIST: Endpoint = get!(
    "apps/{sdkappid}/users",
    Some(Role::Viewer),
    "Lists users by id, or those whose nicknames begin so.",
    ["prefix", "nickname", "after", "limit"],
    Users,
    list
);
pub const EXPORT: Endpoint = Endpoint {
    verb: Verb::Get,
    path: "apps/{sdkappid}/users.ndjson",
    role: Some(Role::Operator),
    summary: "Gives all users as lines of JSON.",
    query: &[],
    body_bytes: 0,
    run: |ask| Box::pin(export(ask)),
    schema: |_| (None, None),
};
pub const SHOW: Endpoint =
    get!("apps/{sdkappid}/users/{user}", Some(Role::Viewer), "Shows a user.", [], Whole, show);
pub const SESSIONS: Endpoint = get!(
    "apps/{sdkappid}/users/{user}/sessions",
    Some(Role::Viewer),
    "Lists the logins of a user.",
    [],
    Sessions,
    sessions
);

#[derive(Serialize, JsonSchema)]
struct Users {
    users: Vec<User>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct User {
    user: String,
    nick: String,
    face: String,
    created_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<i64>,
    online: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    c2c_muted_until: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_muted_until: Option<i64>,
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    #[serde(flatten)]
    user: User,
    custom_status: String,
    friends: i64,
    groups: i64,
    profile: BTreeMap<String, Value>,
    /// How many logins have not ended.
    sessions: usize,
}

#[derive(Serialize, JsonSchema)]
struct Sessions {
    sessions: Vec<Login>,
}

#[derive(Serialize, JsonSchema)]
struct Login {
    instance: i64,
    platform: &'static str,
    created_at: i64,
    used_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
    connected: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<&'static str>,
}

pub fn user(app: &chat::apps::App, it: lists::User) -> User {
    User {
        online: app.live.is_online(&it.user),
        nick: pages::text_of(&it.nick),
        face: pages::text_of(&it.face),
        created_at: it.created_at,
        seen_at: pages::moment(it.seen_at),
        c2c_muted_until: pages::moment(it.c2c_muted_until),
        group_muted_until: pages::moment(it.group_muted_until),
        user: it.user,
    }
}

async fn list(ask: &Ask) -> Result<Users, Refusal> {
    let (app, limit) = (ask.app()?, pages::limit(ask)?);
    let (prefix, nick) = (ask.text("prefix")?, ask.text("nickname")?);
    if !prefix.is_empty() && !nick.is_empty() {
        return Err(Refusal::bad("either prefix or nickname"));
    }
    if !nick.is_empty() {
        let after: Option<NickPlace> = pages::from_place(ask, "after")?;
        let found = ask.node.chat.users_by_nick(app.id, &nick, after, limit).await?;
        let next = pages::next(&found, limit, |it| it.1.clone());
        return Ok(Users { users: found.into_iter().map(|it| user(&app, it.0)).collect(), next });
    }
    let after: String = pages::from_place(ask, "after")?.unwrap_or_default();
    let found = ask.node.chat.users_page(app.id, prefix, after, limit).await?;
    let next = pages::next(&found, limit, |it| it.user.clone());
    Ok(Users { users: found.into_iter().map(|it| user(&app, it)).collect(), next })
}

async fn export(ask: &Ask) -> Result<Answer, Refusal> {
    let app = ask.app()?;
    ask.audit(Deed { app: app.id, ..Deed::new("users.export", "") }).await?;
    Ok(stream::lines(&ask.node, "users.ndjson", String::new(), move |node, after| {
        let app = app.clone();
        async move {
            let page = node.chat.users_page(app.id, String::new(), after, PAGE_MAX).await?;
            let next = page.last().map(|it| it.user.clone());
            let mut lines = String::new();
            for it in page {
                let line = serde_json::to_string(&user(&app, it));
                lines += &line.map_err(|it| Refusal::internal(it.to_string()))?;
                lines.push('\n');
            }
            Ok((lines, next))
        }
    }))
}

async fn show(ask: &Ask) -> Result<Whole, Refusal> {
    let app = ask.app()?;
    let it = ask.node.chat.whole_user(app.id, ask.parameter("user").to_owned()).await?;
    Ok(Whole {
        user: user(&app, it.user),
        custom_status: it.custom_status,
        friends: it.friends,
        groups: it.groups,
        profile: it.profile.into_iter().map(|(tag, value)| (tag, pages::value_of(&value))).collect(),
        sessions: it.alive,
    })
}

fn ended(by: i64) -> &'static str {
    match End::from_number(by) {
        Some(End::OtherLogin) => "other login",
        Some(End::OtherDevice) => "other device",
        Some(End::KickedByRest) => "kicked",
        Some(End::LoggedOut) => "logged out",
        Some(End::Expired) => "expired",
        None => "ended",
    }
}

async fn sessions(ask: &Ask) -> Result<Sessions, Refusal> {
    let app = ask.app()?;
    let all = ask.node.chat.logins_of(app.id, ask.parameter("user").to_owned()).await?;
    let shown = all.into_iter().map(|it| Login {
        instance: it.instance,
        platform: Platform::from_number(it.platform).webhook_name(),
        created_at: it.created_at,
        used_at: it.used_at,
        expires_at: Some(it.expires_at).filter(|it| *it < i64::MAX),
        connected: it.ended_at == 0 && it.detached_at == 0,
        ended_at: pages::moment(it.ended_at),
        ended_by: (it.ended_at > 0).then(|| ended(it.ended_by)),
    });
    Ok(Sessions { sessions: shown.collect() })
}
