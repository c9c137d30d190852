//! Files over HTTP: `PUT` and `POST /upload/…`, `GET` and `HEAD /file/…`.
//!
//! Both paths go on with `<app>/<id>/<name>`; the name only says what the client calls the file.
//! Contract: `spec/client/commands/im_cos_msg.pre_sig.yaml`, `spec/client/transport.md` 9.

pub mod body;
mod download;
mod form;
mod media;
mod range;
mod upload;

use std::{borrow::Cow, sync::Arc};

use chat::{Cx, apps::App, error::Error, settings::Settings};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Incoming,
    header::{self, HeaderValue},
};
use store::files::File;

use crate::{
    http::{Answer, text, whole},
    node::Node,
    rest,
};

pub use download::{of_url, query_of};

pub const UPLOAD: &str = "/upload/";
pub const DOWNLOAD: &str = "/file/";
/// Parameter of an upload's URL with its signature.
pub const SIGNATURE: &str = "sign";

/// Methods that browsers may use from any page.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, PUT, POST, OPTIONS");
/// How long a browser may remember the answer to its preflight. Seconds.
const PREFLIGHT_AGE: HeaderValue = HeaderValue::from_static("86400");
/// Headers of an answer that pages may read.
const READABLE: HeaderValue = HeaderValue::from_static("Content-Length, Content-Range, Accept-Ranges, ETag");

/// What the URLs of files begin with: the app's own address for them, or else how the caller came.
pub fn base_url<'a>(settings: &'a Settings, callers: &'a str) -> &'a str {
    match &*settings.files_public_base_url {
        "" => callers,
        base => base.trim_end_matches('/'),
    }
}

/// Where a service of the operator's finds a file. Without a public address of files it gets the path alone and has to
/// know this server: the host by which a client came is whatever the client says.
pub async fn url_for_service(cx: &Cx, file: &File) -> Result<String, Error> {
    let path = chat::files::path_for_service(cx, file).await?;
    let state = cx.app.state();
    Ok(format!("{}{DOWNLOAD}{path}", base_url(&state.settings, "")))
}

/// What a path names.
struct Named<'a> {
    app: Arc<App>,
    id: &'a str,
    name: Cow<'a, str>,
}

/// What the path behind `prefix` names; `None` for what no URL of ours can be.
fn named<'a>(node: &Node, path: &'a str, prefix: &str) -> Option<Named<'a>> {
    let mut parts = path.strip_prefix(prefix)?.split('/');
    let (app, id, name) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let app = node.chat.apps.get(app.parse().ok()?)?;
    Some(Named { app, id, name: rest::percent_decode(name, false).ok()? })
}

pub async fn upload(node: &Node, request: Request<Incoming>) -> Answer {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let method = request.method().clone();
    let answer = match method {
        Method::OPTIONS => preflight(asked),
        Method::PUT | Method::POST => upload::run(node, request).await,
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "PUT the file, or POST it as a form\n"),
    };
    for_any_page(answer)
}

pub async fn download(node: &Node, request: &Request<Incoming>) -> Answer {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let answer = match *request.method() {
        Method::OPTIONS => preflight(asked),
        Method::GET | Method::HEAD => download::run(node, request).await,
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n"),
    };
    for_any_page(answer)
}

/// Any request header is allowed, by naming it: a star would not cover all.
fn preflight(asked: Option<HeaderValue>) -> Answer {
    let mut answer = whole("");
    *answer.status_mut() = StatusCode::NO_CONTENT;
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_AGE);
    headers.insert(header::VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    if let Some(asked) = asked {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked);
    }
    answer
}

fn for_any_page(mut answer: Answer) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// A header's value as text; empty when it is missing or no text.
fn text_of<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or("")
}

/// A parameter of the request's query; empty when it is missing or cannot be read.
fn parameter<'a>(request: &'a Request<Incoming>, name: &str) -> Cow<'a, str> {
    rest::parameter(request.uri().query().unwrap_or(""), name).ok().flatten().unwrap_or_default()
}
