//! The page of `magpie demo`: two people side by side, each logged in by a Web SDK of its own. Only that command opens it;
//! on any other server there is nothing at its address.
//!
//! Its link has a token in the fragment, which browsers send to nobody. The page gives it back for the two people's
//! UserSigs, once; then there is another link.

use std::sync::{Mutex, PoisonError};

use chat::random::Random;
use http_body_util::{BodyExt, Limited};
use hyper::{
    Method, Request, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use tokio::sync::watch;

use crate::{
    console,
    http::{Answer, text, whole},
    node::Node,
};

/// Where the page is.
const PREFIX: &str = "/demo";
/// Its first file, among those of the console.
const INDEX: &str = "demo.html";
/// Where the token is given back.
const TICKETS: &str = "/demo/tickets";
/// Longest token that is read. Bytes.
const TOKEN_BYTES_MAX: usize = 64;

/// What the page of a running demo needs.
pub struct Page {
    /// JSON with the two UserSigs.
    tickets: String,
    random: Random,
    /// Held only to compare and replace.
    token: Mutex<String>,
    tokens: watch::Sender<String>,
}

impl Page {
    pub fn new(tickets: String, random: Random) -> Page {
        let token = random.token();
        Page { tickets, random, tokens: watch::Sender::new(token.clone()), token: Mutex::new(token) }
    }

    /// Whether this binary was built with the page.
    pub fn is_built() -> bool {
        console::has_file(INDEX)
    }

    /// The token that is good, whenever there is another one.
    pub fn tokens(&self) -> watch::Receiver<String> {
        self.tokens.subscribe()
    }

    /// The link with a token.
    pub fn link(base: &str, token: &str) -> String {
        format!("{base}{PREFIX}/#{token}")
    }

    /// What the token is good for. It is never good again.
    fn spend(&self, given: &[u8]) -> Option<&str> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        // All of it is looked at, so that the time tells nothing of how far a guess was right.
        let differs = given.iter().zip(token.as_bytes()).fold(0, |sum, (one, other)| sum | (one ^ other));
        if given.len() != token.len() || differs != 0 {
            return None;
        }
        *token = self.random.token();
        self.tokens.send_replace(token.clone());
        Some(&self.tickets)
    }
}

/// Whether a path belongs to the page of a demo that runs.
pub fn owns(node: &Node, path: &str) -> bool {
    node.demo.get().is_some()
        && path.strip_prefix(PREFIX).is_some_and(|it| it.is_empty() || it.starts_with('/'))
}

/// Answers a request for the page, its parts or the UserSigs.
pub async fn serve(node: &Node, request: Request<Incoming>) -> Answer {
    let mut answer = match node.demo.get() {
        Some(page) if request.uri().path() == TICKETS => tickets(node, page, request).await,
        Some(_) => console::static_files(&request, PREFIX, INDEX),
        None => text(StatusCode::NOT_FOUND, "not found\n"),
    };
    console::protect_page(&mut answer);
    answer
}

async fn tickets(node: &Node, page: &Page, request: Request<Incoming>) -> Answer {
    if request.method() != Method::POST {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only POST\n");
    }
    let body = Limited::new(request.into_body(), TOKEN_BYTES_MAX).collect();
    let Ok(Ok(body)) = tokio::time::timeout(node.limits.request(), body).await else {
        return text(StatusCode::BAD_REQUEST, "the token did not arrive\n");
    };
    let mut answer = match page.spend(&body.to_bytes()) {
        Some(tickets) => whole(tickets.to_owned()),
        None => text(StatusCode::FORBIDDEN, "the link is not valid (any more)\n"),
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    }
    answer
}
