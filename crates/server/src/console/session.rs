//! Signing in and out.

use chat::console::{Role, sessions::SignedIn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    endpoint::{Ask, Endpoint, Nothing, Refusal, get, post},
    guard,
};

pub const STATUS: Endpoint = get!("status", None, "Tells whether somebody can sign in.", [], Status, status);
pub const SESSION: Endpoint =
    get!("session", Some(Role::Viewer), "Tells who is signed in.", [], Shown, session);
pub const SIGN_IN: Endpoint = post!("sign-in", None, "Signs in.", SignIn => Shown, sign_in);
pub const SETUP: Endpoint =
    post!("setup", None, "Chooses a password by a one-time link.", Setup => Shown, setup);
pub const SIGN_OUT: Endpoint =
    post!("sign-out", Some(Role::Viewer), "Signs out.", Nothing => Nothing, sign_out);
pub const PASSWORD: Endpoint =
    post!("password", Some(Role::Viewer), "Changes one's own password.", Change => Shown, password);

#[derive(Serialize, JsonSchema)]
struct Status {
    version: &'static str,
    set_up: bool,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    user: String,
    role: &'static str,
    token: String,
    expires_at: i64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    user: String,
    password: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Setup {
    token: String,
    password: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    old: String,
    new: String,
}

async fn status(ask: &Ask) -> Result<Status, Refusal> {
    let set_up = ask.node.chat.console_is_set_up().await?;
    Ok(Status { version: env!("CARGO_PKG_VERSION"), set_up })
}

async fn session(ask: &Ask) -> Result<Shown, Refusal> {
    let it = ask.session()?;
    Ok(Shown {
        user: it.name.clone(),
        role: it.role.name(),
        token: guard::token(&ask.cookie),
        expires_at: it.expires_at,
    })
}

fn entered(ask: &Ask, it: SignedIn) -> Shown {
    ask.set_cookie(&it.token);
    Shown {
        user: it.session.name,
        role: it.session.role.name(),
        token: guard::token(&it.token),
        expires_at: it.session.expires_at,
    }
}

async fn sign_in(ask: &Ask, it: SignIn) -> Result<Shown, Refusal> {
    let signed_in = ask.node.chat.sign_in(&it.user, &it.password, ask.address()).await?;
    Ok(entered(ask, signed_in))
}

async fn setup(ask: &Ask, it: Setup) -> Result<Shown, Refusal> {
    let signed_in = ask.node.chat.use_link(&it.token, &it.password, ask.address()).await?;
    Ok(entered(ask, signed_in))
}

async fn sign_out(ask: &Ask, _: Nothing) -> Result<Nothing, Refusal> {
    ask.node.chat.sign_out(ask.session()?, ask.address()).await?;
    ask.set_cookie("");
    Ok(Nothing {})
}

async fn password(ask: &Ask, it: Change) -> Result<Shown, Refusal> {
    let chat = &ask.node.chat;
    let changed = chat.change_own_password(ask.session()?, &it.old, &it.new, ask.address()).await?;
    Ok(entered(ask, changed))
}
