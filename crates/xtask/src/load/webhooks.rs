//! What a webhook for every message costs: the same sends without and with `C2C.CallbackAfterSendMsg`, to a backend
//! that counts, and checks that events come in the order of their conversation.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::report::Traffic;

/// Longest wait for the events of the last sends.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(120);

#[derive(Clone, Debug, Serialize)]
pub struct Webhooks {
    pub without: Traffic,
    pub with: Traffic,
    /// Sends a second with webhooks for each without.
    pub ratio: f64,
    /// Events that the backend got, each counted once.
    pub events: u64,
    /// From the last acknowledgement to the last event.
    pub drained_after_seconds: f64,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "From_Account")]
    from: String,
    #[serde(rename = "To_Account")]
    to: String,
}

#[derive(Default)]
struct Seen {
    events: u64,
    /// The number of the newest event of each conversation.
    newest: HashMap<(String, String), u64>,
    fault: Option<String>,
}

/// A backend in a thread of its own, for as long as the process lives.
pub struct Backend {
    pub address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

impl Backend {
    pub fn start() -> anyhow::Result<Backend> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").context("cannot listen")?;
        listener.set_nonblocking(true)?;
        let (address, seen) = (listener.local_addr()?, Arc::new(Mutex::new(Seen::default())));
        let counted = seen.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::spawn(move || runtime.block_on(serve(listener, counted)));
        Ok(Backend { address, seen })
    }

    fn events(&self) -> u64 {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).events
    }

    /// Waits for as many events; says how long that took.
    pub async fn drained(&self, events: u64) -> anyhow::Result<f64> {
        let started = Instant::now();
        while self.events() < events {
            ensure!(started.elapsed() < DRAIN_TIMEOUT, "only {} of {events} events came", self.events());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    pub fn found(&self) -> (u64, Option<String>) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (seen.events, seen.fault.clone())
    }
}

async fn serve(listener: std::net::TcpListener, seen: Arc<Mutex<Seen>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        // A lost option costs time only.
        let _ = stream.set_nodelay(true);
        let seen = seen.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| answer(request, seen.clone()));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Seen>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let number = request.headers().get("webhook-id").and_then(|it| it.to_str().ok());
    let number = number.and_then(|it| it.rsplit('_').next()?.parse::<u64>().ok()).unwrap_or(0);
    let body = request.into_body().collect().await.map(|it| it.to_bytes()).unwrap_or_default();
    if let Ok(body) = serde_json::from_slice::<Body>(&body) {
        note(&mut seen.lock().unwrap_or_else(PoisonError::into_inner), body, number);
    }
    Ok(Response::new(Full::new(Bytes::from_static(
        b"{\"ActionStatus\":\"OK\",\"ErrorCode\":0,\"ErrorInfo\":\"\"}",
    ))))
}

fn note(seen: &mut Seen, body: Body, number: u64) {
    let newest = seen.newest.entry((body.from, body.to)).or_default();
    if number > *newest {
        *newest = number;
        seen.events += 1;
    } else {
        seen.fault = Some(format!("event {number} came after event {newest} of its conversation"));
    }
}
