//! The console: a page for the operators of this server, and the API behind it. `docs/CONSOLE-API.md`.
//!
//! An endpoint is a row of [`ALL`], declared in the file of its page. What is checked before one runs is in [`serve`]:
//! origin, session, token, role, body, in this order. What it does is a call into `chat` or an existing command.

mod apps;
mod audit;
mod commands;
mod csv;
mod endpoint;
mod explain;
mod exports;
mod groups;
mod guard;
mod keys;
mod limits;
mod live;
mod messages;
mod operators;
mod pages;
mod session;
mod settings;
mod static_files;
mod stream;
mod system;
mod uploads;
mod users;
mod usersig;
mod webhooks;
mod works;

pub use commands::READING;
pub use endpoint::{Endpoint, Verb, openapi_paths};
pub(crate) use live::Live;
pub(crate) use static_files::{answer as static_files, has_file};
pub(crate) use stream::Channel;

use std::{net::SocketAddr, sync::Arc};

use futures_util::FutureExt;
use http_body_util::{BodyExt, Limited};
use hyper::{
    Request, StatusCode,
    body::{Body, Incoming},
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use tokio::sync::watch;

use crate::{http::Answer, node::Node};
use endpoint::{Ask, Refusal};

/// Every endpoint, in the order of `docs/CONSOLE-API.md`.
pub const ALL: &[Endpoint] = &[
    session::STATUS,
    session::SESSION,
    session::SIGN_IN,
    session::SETUP,
    session::SIGN_OUT,
    session::PASSWORD,
    operators::LIST,
    operators::ADD,
    operators::ROLE,
    operators::LINK,
    operators::REMOVE,
    audit::LIST,
    audit::VERIFY,
    audit::EXPORT,
    live::OVERVIEW,
    live::LIVE,
    apps::LIST,
    apps::CREATE,
    apps::SHOW,
    apps::ENABLE,
    settings::LIST,
    settings::CHANGE,
    keys::SHOW,
    keys::ROTATE,
    keys::DROP_OLD,
    limits::LIST,
    system::STATISTICS,
    commands::LIST,
    commands::RUN,
    users::LIST,
    users::EXPORT,
    users::SHOW,
    users::SESSIONS,
    groups::LIST,
    groups::SHOW,
    groups::MEMBERS,
    messages::C2C,
    messages::GROUP,
    explain::C2C,
    explain::GROUP,
    webhooks::SHOW,
    webhooks::LOG,
    webhooks::EVENT,
    webhooks::REPLAY,
    webhooks::TEST,
    webhooks::CERTIFICATES,
    works::LIST,
    works::REPLAY,
    works::EXPORT,
    works::IMPORT,
    works::CANCEL,
    works::FILE,
    usersig::MAKE,
    usersig::VERIFY,
    system::SYSTEM,
];

/// Where everything of the console is.
pub const PREFIX: &str = "/console";
/// The page's first file.
const INDEX: &str = "index.html";
/// Where its endpoints are.
pub const API: &str = "/console/api/";

/// Nothing of the console is for other sites, nor kept by anybody on the way.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];
/// What the page may load: its own scripts; pictures of users from wherever they are.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data: blob: https:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// How a request came.
#[derive(Clone)]
pub struct Came {
    pub peer: SocketAddr,
    /// Over TLS of this server.
    pub secure: bool,
    pub stopping: watch::Receiver<bool>,
}

/// Whether a path belongs to the console.
pub fn owns(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// Answers a request for the page, its parts, or the API.
pub async fn serve(node: &Arc<Node>, request: Request<Incoming>, came: Came) -> Answer {
    let is_api = request.uri().path().starts_with(API);
    let mut answer = if is_api {
        Box::pin(call(node, request, came)).await.unwrap_or_else(|refusal| refusal.answer())
    } else {
        static_files::answer(&request, PREFIX, INDEX)
    };
    protect(&mut answer, if is_api { API_POLICY } else { PAGE_POLICY });
    if is_api {
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

/// Gives an answer the headers that protect a page.
pub(crate) fn protect_page(answer: &mut Answer) {
    protect(answer, PAGE_POLICY);
}

fn protect(answer: &mut Answer, policy: &'static str) {
    let headers = answer.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
}

async fn call(node: &Arc<Node>, request: Request<Incoming>, came: Came) -> Result<Answer, Refusal> {
    let (head, body) = request.into_parts();
    let (endpoint, parameters) = endpoint::find(&head.method, head.uri.path())?;
    if endpoint.verb == Verb::Post {
        guard::check_origin(&head.headers)?;
    }
    let cookie = guard::cookie(&head.headers).unwrap_or_default().to_owned();
    let session = match cookie.is_empty() {
        true => None,
        false => node.chat.console_session(&cookie).await?,
    };
    if let Some(needed) = endpoint.role {
        let session = session.as_ref().ok_or_else(Refusal::not_signed_in)?;
        if endpoint.verb == Verb::Post {
            guard::check_token(&head.headers, &cookie)?;
        }
        if session.role < needed {
            return Err(Refusal::forbidden(needed));
        }
    }
    let body = match endpoint.verb {
        Verb::Get => bytes::Bytes::new(),
        Verb::Post => {
            guard::check_json(&head.headers)?;
            read(node, endpoint, body).await?
        }
    };
    let ask = Ask::new(node.clone(), parameters, session, (came, cookie)).with(
        head.uri.query().unwrap_or(""),
        body,
        &head.headers,
    );
    run(endpoint, ask).await
}

/// Runs the endpoint; what was written down before it failed gets a second row.
async fn run(endpoint: &'static Endpoint, ask: Ask) -> Result<Answer, Refusal> {
    let node = ask.node.clone();
    let ran = std::panic::AssertUnwindSafe((endpoint.run)(&ask)).catch_unwind().await;
    let result = ran.unwrap_or_else(|_| {
        node.metrics.panics.inc();
        Err(Refusal::internal("a panic"))
    });
    if let Err(refusal) = &result {
        if refusal.status == StatusCode::INTERNAL_SERVER_ERROR {
            // The pattern, never the path itself, which somebody else wrote.
            tracing::error!(endpoint = endpoint.path, error = %refusal.message, "failed");
        }
        ask.note_failure(refusal).await;
    }
    let mut answer = result?;
    if let Some(cookie) = ask.cookie_to_set() {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

async fn read(node: &Node, endpoint: &Endpoint, body: Incoming) -> Result<bytes::Bytes, Refusal> {
    let most = node.limits.body_bytes.max(endpoint.body_bytes);
    if body.size_hint().lower() > most as u64 {
        return Err(Refusal::too_long(most));
    }
    let read = tokio::time::timeout(node.limits.request(), Limited::new(body, most).collect()).await;
    match read {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(Refusal::too_long(most)),
        Ok(Err(_)) | Err(_) => Err(Refusal::bad("the body did not arrive")),
    }
}

/// How the caller addressed this server, without the scheme.
fn host(headers: &HeaderMap) -> &str {
    headers.get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or("")
}
