//! Every HTTP route of the process. REST commands share one.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use chat::exports;
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{self, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;

use crate::{
    console::{self, Channel},
    demo,
    files::{self, body::Stream},
    gateway::{self, Form, Opening},
    listen::{self, Permit},
    metrics,
    node::Node,
    openapi, rest,
};

/// What is answered: mostly from memory, files as they are read.
pub(crate) type Answer = Response<Either<Full<Bytes>, Either<Stream, Channel>>>;

/// What a listener serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routes {
    /// REST, sockets and pages; the metrics too unless they have a listener of their own.
    Main { metrics: bool },
    /// Health and metrics only.
    Metrics,
    /// Sockets that send everything back, for suites of tests. No listener of the command line has them.
    Echo,
}

/// Serves one connection until it ends or becomes a client's socket, which goes on by itself.
pub async fn serve(
    node: Arc<Node>,
    routes: Routes,
    stream: listen::Stream,
    peer: SocketAddr,
    permit: Permit,
    mut shutdown: watch::Receiver<bool>,
) {
    let secure = matches!(stream, listen::Stream::Tls(_));
    let permit = Arc::new(permit);
    let limits = node.limits.clone();
    let stopping = shutdown.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (node, permit) = (node.clone(), permit.clone());
        let came = console::Came { peer, secure, stopping: stopping.clone() };
        async move { Ok::<_, Infallible>(route(node, routes, request, came, permit).await) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.keep_alive())
        .max_buf_size(limits.request_header_bytes.max(8192))
        .half_close(false);
    let serving = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
    tokio::pin!(serving);
    let served = tokio::select! {
        served = serving.as_mut() => served,
        () = stopped(&mut shutdown) => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%peer, %error, "connection ended");
    }
}

/// Returns when the server is to stop.
pub async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // An error means that whoever could tell is gone, which is the end too.
    _ = shutdown.wait_for(|it| *it).await;
}

async fn route(
    node: Arc<Node>,
    routes: Routes,
    request: Request<Incoming>,
    came: console::Came,
    permit: Arc<Permit>,
) -> Answer {
    let (peer, secure) = (came.peer, came.secure);
    let path = request.uri().path();
    let metrics = matches!(routes, Routes::Metrics | Routes::Main { metrics: true });
    match (routes, path) {
        (_, "/livez") => text(StatusCode::OK, "ok\n"),
        (_, "/readyz") => ready(&node).await,
        (_, "/metrics") if metrics => {
            node.observe();
            let mut answer = text(StatusCode::OK, node.metrics.text());
            let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        (Routes::Echo, _) => open(node, request, Form::Text, (peer, secure), permit, Kind::Echo),
        (Routes::Metrics, _) => text(StatusCode::NOT_FOUND, "not found\n"),
        (_, it) if it.starts_with("/v4/") => call(&node, request, peer, secure).await,
        (_, it) if it.starts_with(HISTORY) => history(&node, &request).await,
        (_, it) if it.starts_with(files::UPLOAD) => Box::pin(files::upload(&node, request)).await,
        (_, it) if it.starts_with(files::DOWNLOAD) => Box::pin(files::download(&node, &request)).await,
        (_, it) if console::owns(it) => Box::pin(console::serve(&node, request, came)).await,
        (_, it) if demo::owns(&node, it) => Box::pin(demo::serve(&node, request)).await,
        (_, "/openapi.json") => json(openapi::document()),
        (_, "/docs") => html(include_str!("docs.html")),
        (_, "/") => html(include_str!("index.html")),
        (_, it) if it.ends_with("/binfo") => {
            open(node, request, Form::Binary, (peer, secure), permit, Kind::Client)
        }
        (_, it) if it.ends_with("/info") => {
            open(node, request, Form::Text, (peer, secure), permit, Kind::Client)
        }
        // Anything else is answered like a REST call with a wrong path.
        _ => call(&node, request, peer, secure).await,
    }
}

/// Where files with past messages are.
const HISTORY: &str = "/msg_history/";

/// A file that `open_msg_svc/get_history` gave a link to.
async fn history(node: &Node, request: &Request<Incoming>) -> Answer {
    if request.method() != Method::GET {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    let rest = request.uri().path().strip_prefix(HISTORY).unwrap_or("");
    let (token, name) = rest.split_once('/').unwrap_or(("", ""));
    let file = match exports::check(&node.chat, token, name).await {
        Ok(Some(file)) => file,
        Ok(None) => return text(StatusCode::FORBIDDEN, "the link is not valid (any more)\n"),
        Err(error) => {
            tracing::error!(%error, "a link could not be checked");
            return text(StatusCode::SERVICE_UNAVAILABLE, "try again\n");
        }
    };
    let path = exports::folder(&node.data_dir, file.app).join(file.to_string());
    match tokio::fs::read(&path).await {
        Ok(bytes) => {
            let mut answer = whole(bytes);
            let kind = HeaderValue::from_static("application/gzip");
            answer.headers_mut().insert(header::CONTENT_TYPE, kind);
            answer
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            text(StatusCode::NOT_FOUND, "the file is gone\n")
        }
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "a file could not be read");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the file could not be read\n")
        }
    }
}

/// Ready when the database answers. The body tells which version of the apps is in force.
async fn ready(node: &Node) -> Answer {
    match node.chat.check().await {
        Ok(()) => text(StatusCode::OK, format!("ready\napps {}\n", node.chat.apps.version())),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            text(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}

async fn call(node: &Node, request: Request<Incoming>, peer: SocketAddr, secure: bool) -> Answer {
    let line = rest::Line {
        is_post: request.method() == Method::POST,
        path: request.uri().path(),
        query: request.uri().query().unwrap_or(""),
        source: peer.ip(),
        secure,
        host: host(&request),
    };
    let admitted = match rest::admit(node, &line) {
        Ok(it) => it,
        Err(refusal) => return rest_answer(refusal),
    };
    if request.body().size_hint().lower() > admitted.body_max as u64 {
        return rest_answer(rest::too_long(&admitted));
    }
    let body = match tokio::time::timeout(
        node.limits.request(),
        Limited::new(request.into_body(), admitted.body_max).collect(),
    )
    .await
    {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return rest_answer(rest::too_long(&admitted)),
        // The client went away or is too slow: there is nobody to answer.
        Ok(Err(_)) | Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body did not arrive\n"),
    };
    rest_answer(rest::run(node, admitted, body).await)
}

fn rest_answer(body: Vec<u8>) -> Answer {
    let mut answer = json(body);
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("X-Requested-With"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
    answer
}

/// An answer that is whole in memory.
pub(crate) fn whole(body: impl Into<Bytes>) -> Answer {
    Response::new(Either::Left(Full::new(body.into())))
}

fn json(body: impl Into<Bytes>) -> Answer {
    let mut answer = whole(body);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}

fn html(body: &'static str) -> Answer {
    let mut answer = whole(body);
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer
}

pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = whole(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

/// What a socket is for.
#[derive(Clone, Copy)]
enum Kind {
    Client,
    Echo,
}

/// Turns the connection into a socket.
fn open(
    node: Arc<Node>,
    mut request: Request<Incoming>,
    form: Form,
    (peer, secure): (SocketAddr, bool),
    permit: Arc<Permit>,
    kind: Kind,
) -> Answer {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).map(|it| it.as_bytes().to_vec());
    let is_upgrade = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let Some(key) = key.filter(|_| is_upgrade && request.method() == Method::GET) else {
        return text(StatusCode::BAD_REQUEST, "this is the address of a WebSocket\n");
    };
    let opening = match opening(request.uri().query().unwrap_or(""), form, peer) {
        Ok(it) => Opening { base_url: rest::base_url(secure, host(&request)), ..it },
        Err(why) => return text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let Ok(parts) = upgraded.downcast::<TokioIo<listen::Stream>>() else {
            tracing::error!("an upgraded connection is of another kind");
            return;
        };
        let (tcp, tls) = parts.io.into_inner().into_parts();
        let read = parts.read_buf;
        if let Kind::Echo = kind {
            return Box::pin(gateway::echo(node, opening, tcp, tls, read)).await;
        }
        let leaving = Box::pin(gateway::serve(node, opening, tcp, tls, read)).await;
        drop(permit);
        leaving.done().await;
    });
    let mut answer = whole(Bytes::new());
    *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = answer.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = tungstenite::handshake::derive_accept_key(&key);
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    answer
}

/// How the client addressed this server, without the scheme.
fn host(request: &Request<Incoming>) -> &str {
    request.headers().get(header::HOST).and_then(|it| it.to_str().ok()).unwrap_or("")
}

/// Longest `instanceid` that is taken; the SDK's has 32 characters.
const PAGE_BYTES_MAX: usize = 64;

fn opening(query: &str, form: Form, peer: SocketAddr) -> Result<Opening, &'static str> {
    let mut opening = Opening {
        form,
        app: 0,
        page: String::new(),
        platform: 7,
        compress: false,
        source: peer.ip(),
        base_url: String::new(),
    };
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = rest::percent_decode(value, true).map_err(|_| "the URL has a bad percent-encoding")?;
        match name {
            "sdkappid" => opening.app = value.parse().map_err(|_| "sdkappid must be a number")?,
            "instanceid" if value.len() <= PAGE_BYTES_MAX && !value.contains('\0') => {
                opening.page = value.into_owned();
            }
            "instanceid" => return Err("instanceid is too long"),
            "platform" => opening.platform = value.parse().unwrap_or(7),
            "compress" => opening.compress = value == "gzip",
            _ => {}
        }
    }
    Ok(opening)
}
