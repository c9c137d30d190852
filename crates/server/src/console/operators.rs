//! The console's own users.

use chat::console::{Role, operators::NewLink};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Ask, Endpoint, Nothing, Refusal, get, post};

pub const LIST: Endpoint = get!("operators", Some(Role::Owner), "Lists the operators.", [], Operators, list);
pub const ADD: Endpoint = post!("operators", Some(Role::Owner), "Makes an operator.", New => Link, add);
pub const ROLE: Endpoint =
    post!("operators/{user}/role", Some(Role::Owner), "Changes a role.", NewRole => Nothing, role);
pub const LINK: Endpoint =
    post!("operators/{user}/link", Some(Role::Owner), "Makes a one-time link.", Nothing => Link, link);
pub const REMOVE: Endpoint =
    post!("operators/{user}/remove", Some(Role::Owner), "Removes an operator.", Nothing => Nothing, remove);

#[derive(Serialize, JsonSchema)]
struct Operators {
    operators: Vec<Operator>,
}

#[derive(Serialize, JsonSchema)]
struct Operator {
    user: String,
    role: &'static str,
    created_at: i64,
    has_password: bool,
    sessions: i64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    user: String,
    role: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewRole {
    role: String,
}

#[derive(Serialize, JsonSchema)]
struct Link {
    user: String,
    setup_token: String,
    expires_at: i64,
}

impl From<NewLink> for Link {
    fn from(it: NewLink) -> Link {
        Link { user: it.name, setup_token: it.token, expires_at: it.expires_at }
    }
}

fn parse(role: &str) -> Result<Role, Refusal> {
    Role::parse(role).ok_or_else(|| Refusal::bad("role is one of viewer, operator, owner"))
}

async fn list(ask: &Ask) -> Result<Operators, Refusal> {
    let all = ask.node.chat.operators().await?;
    let shown = all.into_iter().map(|it| Operator {
        user: it.name,
        role: it.role.name(),
        created_at: it.created_at,
        has_password: it.has_password,
        sessions: it.sessions,
    });
    Ok(Operators { operators: shown.collect() })
}

async fn add(ask: &Ask, it: New) -> Result<Link, Refusal> {
    Ok(ask.node.chat.add_operator(&ask.actor()?, &it.user, parse(&it.role)?).await?.into())
}

async fn role(ask: &Ask, it: NewRole) -> Result<Nothing, Refusal> {
    let role = parse(&it.role)?;
    ask.node.chat.set_operator_role(&ask.actor()?, ask.parameter("user"), role).await?;
    Ok(Nothing {})
}

async fn link(ask: &Ask, _: Nothing) -> Result<Link, Refusal> {
    Ok(ask.node.chat.link_operator(&ask.actor()?, ask.parameter("user")).await?.into())
}

async fn remove(ask: &Ask, _: Nothing) -> Result<Nothing, Refusal> {
    ask.node.chat.remove_operator(&ask.actor()?, ask.parameter("user")).await?;
    Ok(Nothing {})
}
