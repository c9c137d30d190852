//! What an app's backend was asked and told.

use std::sync::{Arc, atomic::Ordering};

use chat::{
    console::{Role, audit::Deed},
    webhooks::{
        Hook, Request,
        log::{Logged, STATES, state_name},
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    endpoint::{Ask, Endpoint, Nothing, Refusal, get, post},
    pages,
};
use crate::cli::certificates;

pub const SHOW: Endpoint = get!(
    "apps/{sdkappid}/webhooks",
    Some(Role::Viewer),
    "Shows where webhooks go and which are on.",
    [],
    Shown,
    show
);
pub const LOG: Endpoint = get!(
    "apps/{sdkappid}/webhooks/log",
    Some(Role::Viewer),
    "Lists deliveries.",
    ["before", "command", "state", "limit"],
    Log,
    log
);
pub const EVENT: Endpoint = get!(
    "apps/{sdkappid}/webhooks/log/{id}",
    Some(Role::Viewer),
    "Shows one delivery whole.",
    [],
    Whole,
    one
);
pub const REPLAY: Endpoint = post!(
    "apps/{sdkappid}/webhooks/replay", Some(Role::Operator), "Delivers events once more.",
    Replay => Replayed, replay
);
pub const TEST: Endpoint = post!(
    "apps/{sdkappid}/webhooks/test", Some(Role::Operator), "Posts Test.Ping to the app's backend.",
    Nothing => Tested, test
);
pub const CERTIFICATES: Endpoint = post!(
    "webhooks/certificates", Some(Role::Operator), "Makes the papers of mutual TLS.",
    Domains => Files, make_certificates
);

/// Backends that certificates are made for at once.
const DOMAINS_MAX: usize = 10;

#[derive(Serialize, JsonSchema)]
struct Shown {
    url: String,
    paused: bool,
    numbers: Numbers,
    hooks: Vec<Switch>,
}

#[derive(Serialize, JsonSchema)]
struct Numbers {
    sent: u64,
    answered: u64,
    failed: u64,
    dropped: u64,
    given_up: u64,
    waiting: i64,
}

#[derive(Serialize, JsonSchema)]
struct Switch {
    command: &'static str,
    on: bool,
}

#[derive(Serialize, JsonSchema)]
struct Log {
    events: Vec<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub struct Event {
    id: i64,
    command: String,
    created_at_ms: i64,
    state: &'static str,
    attempts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    tried_at_ms: Option<i64>,
    took_ms: i64,
    failure: String,
}

#[derive(Serialize, JsonSchema)]
struct Whole {
    #[serde(flatten)]
    event: Event,
    client_ip: String,
    platform: String,
    body: Value,
    answer: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Replay {
    first: i64,
    last: Option<i64>,
    #[serde(default)]
    delivered: bool,
}

#[derive(Serialize, JsonSchema)]
struct Replayed {
    events: u64,
}

#[derive(Serialize, JsonSchema)]
struct Tested {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Domains {
    #[serde(default)]
    domains: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct Files {
    files: Vec<File>,
}

#[derive(Serialize, JsonSchema)]
struct File {
    name: String,
    text: String,
}

/// An event without what was said in it.
pub fn event(it: &Logged) -> Event {
    Event {
        id: it.event.id,
        command: it.event.command.clone(),
        created_at_ms: it.event.created_at,
        state: state_name(it.state),
        attempts: it.event.attempts,
        tried_at_ms: pages::moment(it.last.at),
        took_ms: it.last.took_ms,
        failure: it.last.failure.clone(),
    }
}

async fn show(ask: &Ask) -> Result<Shown, Refusal> {
    let app = ask.app()?;
    let state = app.state();
    let numbers = &app.hooks.numbers;
    Ok(Shown {
        url: state.settings.webhooks_url.clone(),
        paused: state.settings.webhooks_paused,
        numbers: Numbers {
            sent: numbers.sent.load(Ordering::Relaxed),
            answered: numbers.answered.load(Ordering::Relaxed),
            failed: numbers.failed.load(Ordering::Relaxed),
            dropped: numbers.dropped.load(Ordering::Relaxed),
            given_up: numbers.given_up.load(Ordering::Relaxed),
            waiting: app.hooks.waiting(),
        },
        hooks: Hook::ALL.iter().map(|it| Switch { command: it.name(), on: state.hooks.has(*it) }).collect(),
    })
}

async fn log(ask: &Ask) -> Result<Log, Refusal> {
    let (app, limit, state) = (ask.app()?, pages::limit(ask)?, ask.text("state")?);
    let state = match STATES.iter().find(|it| it.0 == state) {
        Some(it) => it.1 as i64,
        None if state.is_empty() => -1,
        None => return Err(Refusal::bad("state is one of waiting, delivered, given-up, asked")),
    };
    let before = pages::from_place(ask, "before")?.unwrap_or(i64::MAX);
    let wanted = (ask.text("command")?, state);
    let (found, next) = ask.node.chat.webhook_stretch(app.id, before, wanted, limit).await?;
    Ok(Log { events: found.iter().map(event).collect(), next: next.map(|it| pages::place(&it)) })
}

async fn one(ask: &Ask) -> Result<Whole, Refusal> {
    let app = ask.app()?;
    let id = ask.parameter("id").parse().map_err(|_| Refusal::bad("the id must be a number"))?;
    let found = ask.node.chat.webhook_event(app.id, id).await.map_err(chat::console::Trouble::from)?;
    let found = found.ok_or_else(|| Refusal::not_found(format!("there is no event {id}")))?;
    Ok(Whole {
        client_ip: found.event.client_ip.clone(),
        platform: found.event.platform.clone(),
        body: pages::value_of(&found.event.body),
        answer: pages::value_of(&found.last.answer),
        event: event(&found),
    })
}

async fn replay(ask: &Ask, it: Replay) -> Result<Replayed, Refusal> {
    let app = ask.app()?;
    let range = (it.first, it.last.unwrap_or(it.first));
    if range.1 < range.0 {
        return Err(Refusal::bad("last is before first"));
    }
    let detail = json!({ "first": range.0, "last": range.1, "delivered": it.delivered }).to_string();
    ask.audit(Deed { app: app.id, detail, ..Deed::new("webhooks.replay", "") }).await?;
    let events = ask.node.chat.replay_webhooks(app.id, range, !it.delivered).await;
    Ok(Replayed { events: events.map_err(chat::console::Trouble::from)? })
}

async fn test(ask: &Ask, _: Nothing) -> Result<Tested, Refusal> {
    let app = ask.app()?;
    let state: Arc<_> = app.state().clone();
    let url = state.settings.webhooks_url.clone();
    if url.is_empty() {
        return Err(Refusal::conflict("the app has no webhooks.url"));
    }
    ask.audit(Deed { app: app.id, ..Deed::new("webhooks.test", &url) }).await?;
    Ok(match ask.node.chat.webhooks.post(&state, &Request::ping(app.id, &state)).await {
        Ok(answer) => Tested { url, answer: Some(pages::value_of(&answer)), failure: None },
        Err(failure) => Tested { url, answer: None, failure: Some(failure.to_string()) },
    })
}

async fn make_certificates(ask: &Ask, it: Domains) -> Result<Files, Refusal> {
    if it.domains.len() > DOMAINS_MAX {
        return Err(Refusal::bad(format!("at most {DOMAINS_MAX} domains")));
    }
    let target = it.domains.join(" ");
    let papers = certificates(&it.domains).map_err(|it| Refusal::bad(it.to_string()))?;
    ask.audit(Deed::new("webhooks.certificates", &target)).await?;
    let files = papers.into_iter().map(|it| File { name: it.name, text: it.pem });
    Ok(Files { files: files.collect() })
}
