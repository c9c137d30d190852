//! Webhooks: what an app's backend is asked before an operation, and told after it. `spec/concepts/webhooks.md`.
//!
//! A domain function has two lines for one: [`ask`](ask::ask) before its transaction, and [`tell`] inside it. Whether the
//! app wants it, where it goes and what silence means is decided here. What is told waits in the store until
//! it is delivered ([`deliver`]); HTTP is the business of whoever implements [`Transport`].

pub mod alert;
pub mod ask;
pub mod deliver;
mod events;
mod hooks;
pub mod log;
mod rewrite;
mod turns;

use std::{
    fmt,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::Serialize;
use serde_json::value::RawValue;
use store::{Tx, webhooks as table};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

pub(crate) use events::*;
pub use hooks::{Hook, Hooks};
pub(crate) use rewrite::rewritten;
pub(crate) use turns::Turns;

use crate::{
    Caller, Chat, Cx,
    apps::{App, State},
    error::Error,
    shard,
};

/// Longest answer that is read. Bytes. `spec/concepts/webhooks.md` 3.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// How much of an answer the log keeps. Bytes.
const ANSWER_LOGGED_BYTES_MAX: usize = 2048;
/// Questions that wait to be written to the log; further ones are left out of it.
const ASKED_WAITING_MAX: usize = 1000;
/// Robots that are asked at the same time, each for an answer that nobody waits for.
pub(crate) const REPLIES_MAX: usize = 256;

/// One POST to an app's backend.
#[derive(Clone, Debug)]
pub struct Request {
    pub app: u32,
    /// By which the receiver knows an event that comes again; a question has none.
    pub event_id: Option<String>,
    pub command: String,
    /// Empty when the webhook names none.
    pub client_ip: String,
    pub platform: String,
    pub body: String,
    pub timeout: Duration,
}

impl Request {
    /// What an operator has posted to see whether the backend answers. `spec/concepts/webhooks.md` 6.
    pub fn ping(app: u32, state: &State) -> Request {
        Request {
            app,
            event_id: None,
            command: "Test.Ping".to_owned(),
            client_ip: String::new(),
            platform: "RESTAPI".to_owned(),
            body: "{\"CallbackCommand\":\"Test.Ping\"}".to_owned(),
            timeout: after_timeout(state),
        }
    }
}

/// How long the backend may take to hear of what happened.
fn after_timeout(state: &State) -> Duration {
    Duration::from_millis(state.settings.webhooks_after_timeout_ms.max(1) as u64)
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No complete answer in time.
    TimedOut,
    /// No connection: the name, the network, TLS, or an address that is not allowed.
    Unreachable(String),
    /// An answer that is none: another status than 200, no JSON object, too long.
    Rejected(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::TimedOut => f.write_str("no answer in time"),
            Failure::Unreachable(why) => write!(f, "not reached: {why}"),
            Failure::Rejected(why) => write!(f, "not accepted: {why}"),
        }
    }
}

pub type Attempt<'a> = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send + 'a>>;

/// Carries requests to backends.
pub trait Transport: Send + Sync {
    /// Posts once, within the request's time. The answer is a JSON object that came with status 200.
    fn post<'a>(&'a self, settings: &'a Arc<State>, request: &'a Request) -> Attempt<'a>;
}

/// The webhooks of a node.
pub struct Webhooks {
    transport: OnceLock<Arc<dyn Transport>>,
    /// Told when an outbox got something.
    posted: Arc<Notify>,
    replies: Arc<Semaphore>,
}

impl Default for Webhooks {
    fn default() -> Webhooks {
        let replies = Arc::new(Semaphore::new(REPLIES_MAX));
        Webhooks { transport: OnceLock::new(), posted: Arc::new(Notify::new()), replies }
    }
}

impl Webhooks {
    /// Notified when an outbox got something.
    pub(crate) fn waker(&self) -> Arc<Notify> {
        self.posted.clone()
    }

    /// Says how requests go out; only the first call counts. Until then every attempt fails.
    pub fn connect(&self, transport: Arc<dyn Transport>) {
        _ = self.transport.set(transport);
    }

    /// To be held while a robot is asked; `None` while too many are.
    pub(crate) fn place_of_reply(&self) -> Option<OwnedSemaphorePermit> {
        self.replies.clone().try_acquire_owned().ok()
    }

    /// Returns when no robot is asked.
    pub async fn settled(&self) {
        _ = self.replies.acquire_many(REPLIES_MAX as u32).await;
    }

    /// Posts once. Fails in a process that serves no webhooks.
    pub async fn post(&self, settings: &Arc<State>, request: &Request) -> Result<String, Failure> {
        match self.transport.get() {
            Some(it) => it.post(settings, request).await,
            None => Err(Failure::Unreachable("webhooks are not served by this process".to_owned())),
        }
    }
}

/// What is kept in memory for the webhooks of one app.
#[derive(Default)]
pub struct AppHooks {
    /// Something was put into the outbox that nobody has looked for yet.
    news: AtomicBool,
    /// Events that wait, as they were counted last.
    waiting: AtomicI64,
    pub(crate) turns: Turns,
    asked: Mutex<Vec<(table::Event, table::Attempt)>>,
    /// One for each REST command, in the order of the command table.
    loads: OnceLock<Box<[alert::Load]>>,
    pub numbers: Numbers,
}

/// What an operator sees of an app's webhooks.
#[derive(Default)]
pub struct Numbers {
    pub sent: AtomicU64,
    pub answered: AtomicU64,
    pub failed: AtomicU64,
    /// Left out because too many waited.
    pub dropped: AtomicU64,
    pub given_up: AtomicU64,
}

impl AppHooks {
    pub fn waiting(&self) -> i64 {
        self.waiting.load(Ordering::Relaxed)
    }

    fn load(&self, index: usize, commands: usize) -> Option<&alert::Load> {
        self.loads.get_or_init(|| (0..commands).map(|_| alert::Load::default()).collect()).get(index)
    }

    fn note_asked(&self, event: table::Event, attempt: table::Attempt) {
        let mut asked = self.asked.lock().expect("no holder panics");
        if asked.len() < ASKED_WAITING_MAX {
            asked.push((event, attempt));
        }
    }
}

/// What keeps its order: events of one line are delivered one after the other. `spec/concepts/webhooks.md` 5.
#[derive(Clone, Copy, Debug)]
pub enum Line<'a> {
    /// Two users, in any order.
    Pair(&'a str, &'a str),
    Group(&'a str),
    User(&'a str),
    /// The app as a whole.
    App,
}

impl Line<'_> {
    pub(crate) fn number(self, app: u32) -> i64 {
        let hash = match self {
            Line::Pair(one, other) => shard(app, &format!("pair {} {}", one.min(other), one.max(other))),
            Line::Group(id) => shard(app, &format!("group {id}")),
            Line::User(id) => shard(app, &format!("user {id}")),
            Line::App => 0,
        };
        hash as i64
    }
}

/// A JSON literal as a member of a body; `None` when there is none.
pub(crate) fn raw(literal: &str) -> Option<&RawValue> {
    serde_json::from_str(literal).ok()
}

/// A body with its command in front, as JSON.
fn rendered(hook: Hook, body: &impl Serialize) -> Result<String, Error> {
    let rest = serde_json::to_string(body).map_err(|it| Error::Internal(it.to_string().into()))?;
    let rest = rest.strip_prefix('{').unwrap_or("}");
    let comma = if rest == "}" { "" } else { "," };
    Ok(format!("{{\"CallbackCommand\":\"{}\"{comma}{rest}", hook.name()))
}

/// Where an operation came from.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) ip: Option<IpAddr>,
    /// OptPlatform; empty when the webhook names none.
    pub(crate) platform: &'static str,
}

impl Origin {
    fn of(cx: &Cx) -> Origin {
        let platform = match &cx.caller {
            Caller::Admin(_) => "RESTAPI",
            Caller::User(it) => it.platform.webhook_query_name(),
            Caller::Guest => "Unknown",
        };
        Origin { ip: cx.ip, platform }
    }

    /// What the URL of this webhook says of it. `spec/concepts/webhooks.md` 1.
    fn shown(self, hook: Hook) -> (String, &'static str) {
        let ip = self.ip.map(|it| it.to_canonical().to_string()).unwrap_or_default();
        match (hook, self.platform) {
            (Hook::AlertRequestOverLimit, _) => (String::new(), "RESTAPI"),
            (Hook::GroupCallbackOnMemberStateChange, _) => (String::new(), ""),
            // This one alone spells it so.
            (Hook::StateStateChange, "iOS") => (ip, "IOS"),
            (_, platform) => (ip, platform),
        }
    }
}

fn event(chat: &Chat, origin: Origin, hook: Hook, line: i64, body: String) -> table::Event {
    let (client_ip, platform) = origin.shown(hook);
    table::Event {
        id: 0,
        command: hook.name().to_owned(),
        line,
        client_ip,
        platform: platform.to_owned(),
        created_at: chat.clock.millis(),
        attempts: 0,
        body,
    }
}

/// Whether the app wants to hear of this.
pub(crate) fn wants(cx: &Cx, hook: Hook) -> bool {
    cx.app.state().hooks.has(hook)
}

/// Writes an event into the outbox, inside the transaction that makes it happen. `body` is made only if the app
/// wants to hear of it.
pub(crate) fn tell<B: Serialize>(
    tx: &mut dyn Tx,
    cx: &Cx,
    hook: Hook,
    line: Line<'_>,
    body: impl FnOnce(&mut dyn Tx) -> Result<B, Error>,
) -> Result<(), Error> {
    tell_from(tx, (&cx.chat, &cx.app), Origin::of(cx), hook, line, body)
}

/// The same for what no call makes happen.
pub(crate) fn tell_from<B: Serialize>(
    tx: &mut dyn Tx,
    (chat, app): (&Chat, &App),
    origin: Origin,
    hook: Hook,
    line: Line<'_>,
    body: impl FnOnce(&mut dyn Tx) -> Result<B, Error>,
) -> Result<(), Error> {
    let state = app.state();
    if !state.hooks.has(hook) {
        return Ok(());
    }
    if app.hooks.waiting() >= state.settings.webhooks_max_waiting {
        app.hooks.numbers.dropped.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    let body = rendered(hook, &body(tx)?)?;
    table::post(tx, app.id, &event(chat, origin, hook, line.number(app.id), body))?;
    app.hooks.news.store(true, Ordering::Release);
    Ok(())
}
