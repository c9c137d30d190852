//! An app's backend that is told of every message, in a thread of its own. What it answers is up to whoever starts it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode, body::Incoming, header, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;

/// What the vendor expects of a backend that has nothing to say.
const FINE: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;

/// How one event is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    Fine,
    /// As `Fine`, but so much later.
    Late(Duration),
    /// With a status and no body.
    Status(StatusCode),
    /// With the status 200 and a body that is no JSON.
    Rubbish,
    /// The connection ends without an answer.
    Close,
}

/// Hears the number of an event, which rises in the order of the commits, and its body.
pub type Hear = dyn Fn(u64, &[u8]) -> Reply + Send + Sync;

/// An address of this machine where nobody listens.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0").context("cannot listen")?.local_addr()?)
}

/// Listens for as long as the process lives.
pub fn start(address: SocketAddr, hear: Arc<Hear>) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).context("cannot listen")?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || runtime.block_on(serve(listener, hear)));
    Ok(())
}

async fn serve(listener: TcpListener, hear: Arc<Hear>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        // A lost option costs time only.
        let _ = stream.set_nodelay(true);
        let hear = hear.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(request, hear.clone()));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(request: Request<Incoming>, hear: Arc<Hear>) -> io::Result<Response<Full<Bytes>>> {
    let id = request.headers().get("webhook-id").and_then(|it| it.to_str().ok());
    let number = id.and_then(|it| it.rsplit('_').next()?.parse::<u64>().ok()).unwrap_or(0);
    let body = request.into_body().collect().await.map_err(io::Error::other)?.to_bytes();
    let mut response = Response::new(Full::new(Bytes::from_static(FINE.as_bytes())));
    match hear(number, &body) {
        Reply::Fine => {}
        Reply::Late(time) => tokio::time::sleep(time).await,
        Reply::Status(status) => {
            *response.status_mut() = status;
            *response.body_mut() = Full::default();
            if status.is_redirection() {
                response.headers_mut().insert(header::LOCATION, header::HeaderValue::from_static("/other"));
            }
        }
        Reply::Rubbish => *response.body_mut() = Full::new(Bytes::from_static(b"<html>")),
        Reply::Close => return Err(io::ErrorKind::ConnectionAborted.into()),
    }
    Ok(response)
}
