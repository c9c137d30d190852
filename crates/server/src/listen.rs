//! Accepting connections: bounded in number, with or without TLS, until the server stops.
//!
//! A connection over the limit is closed at once, so that the operating system's queue never hides a full server. Each
//! connection lives in a task of its own; a slow TLS handshake delays nobody else.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Sleep, sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::metrics::{ByReason, Metrics};

#[cfg(test)]
mod tests;

/// Connections the operating system completes before they are accepted.
const BACKLOG: i32 = 4096;
/// The wait after the system refused a connection for want of files or memory. Some connection may end meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Refused connections are logged once in this time, together.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(1);

/// Binds `address` for [`serve`]. Port 0 takes any free port.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted server need not wait for the old connections' ends to time out.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// The bound on open connections, shared by all listeners.
#[derive(Clone)]
pub struct Gate {
    free: Arc<Semaphore>,
    connections_max: u32,
    metrics: Arc<Metrics>,
}

impl Gate {
    pub fn new(connections_max: usize, metrics: Arc<Metrics>) -> Gate {
        let connections_max = u32::try_from(connections_max).unwrap_or(u32::MAX);
        let free = Semaphore::new((connections_max as usize).min(Semaphore::MAX_PERMITS));
        Gate { free: Arc::new(free), connections_max, metrics }
    }

    fn enter(&self) -> Option<Permit> {
        let place = Arc::clone(&self.free).try_acquire_owned().ok()?;
        self.metrics.connections.inc();
        Some(Permit { _place: place, metrics: Arc::clone(&self.metrics) })
    }

    /// Returns when no connection is open. Call it after the listeners have stopped: it keeps newcomers out.
    pub async fn drained(&self) {
        // Only a closed semaphore fails, and nobody closes it.
        _ = self.free.acquire_many(self.connections_max).await;
    }
}

/// The place of one connection under the bound; given back when dropped.
pub struct Permit {
    _place: OwnedSemaphorePermit,
    metrics: Arc<Metrics>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.metrics.connections.dec();
    }
}

/// TLS for one listener.
#[derive(Clone)]
pub struct Tls {
    pub config: Arc<ServerConfig>,
    /// A client that has not finished the handshake by then is disconnected.
    pub handshake: Duration,
}

/// Accepts connections and gives each to `serve_connection` in a task of its own, until `shutdown` turns true or its
/// sender is gone. The tasks go on; [`Gate::drained`] waits for them.
pub async fn serve<F>(
    listener: TcpListener,
    tls: Option<Tls>,
    gate: Gate,
    shutdown: watch::Receiver<bool>,
    serve_connection: impl Fn(Stream, SocketAddr, Permit) -> F + Clone + Send + Sync + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    accept(listener, gate, shutdown, |tcp, peer, permit| match &tls {
        None => _ = tokio::spawn(serve_connection(Stream::Plain(tcp), peer, permit)),
        Some(tls) => {
            let (tls, serve_connection) = (tls.clone(), serve_connection.clone());
            tokio::spawn(async move {
                // Boxed, for the handshake's state is large and would make the whole task as large.
                if let Some(stream) = Box::pin(handshake(tls, tcp, peer, &permit.metrics)).await {
                    serve_connection(stream, peer, permit).await;
                }
            });
        }
    })
    .await;
}

async fn handshake(tls: Tls, tcp: TcpStream, peer: SocketAddr, metrics: &Metrics) -> Option<Stream> {
    let failed = |reason| metrics.handshakes_failed.get_or_create_owned(&ByReason { reason }).inc();
    match timeout(tls.handshake, TlsAcceptor::from(tls.config).accept(tcp)).await {
        Ok(Ok(stream)) => Some(Stream::Tls(Box::new(stream))),
        Ok(Err(error)) => {
            tracing::debug!(%peer, %error, "TLS handshake failed");
            failed("error");
            None
        }
        Err(_) => {
            tracing::debug!(%peer, "TLS handshake took too long");
            failed("timeout");
            None
        }
    }
}

/// Where connections come from. Tests have sources that fail.
trait Source {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>>;
}

impl Source for TcpListener {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        TcpListener::poll_accept(self, cx)
    }
}

async fn accept(
    mut source: impl Source,
    gate: Gate,
    mut shutdown: watch::Receiver<bool>,
    start: impl Fn(TcpStream, SocketAddr, Permit),
) {
    let mut complaints = Complaints::default();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = shutdown.wait_for(|stop| *stop) => break,
            () = complaints.due() => {
                complaints.log();
                continue;
            }
            accepted = std::future::poll_fn(|cx| source.poll_accept(cx)) => accepted,
        };
        match accepted {
            Ok((tcp, peer)) => match gate.enter() {
                // Without it a small answer may wait 40 ms for the client's acknowledgement.
                Some(permit) if tcp.set_nodelay(true).is_ok() => start(tcp, peer, permit),
                // The client has gone away already.
                Some(_) => {}
                None => {
                    gate.metrics.connections_refused.inc();
                    drop(tcp);
                    complaints.add_refused();
                }
            },
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                complaints.add_error(error);
                tokio::select! {
                    _ = shutdown.wait_for(|stop| *stop) => break,
                    () = sleep(ACCEPT_PAUSE) => {}
                }
            }
        }
    }
    complaints.log();
}

/// Whether the next connection can be accepted at once. Other errors mean that this process or the system has run out of
/// something, and trying again at once would only burn the processor.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

/// What could not be accepted since the last log line.
#[derive(Default)]
struct Complaints {
    refused: u64,
    errors: u64,
    last_error: Option<io::Error>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Complaints {
    fn add_refused(&mut self) {
        self.refused += 1;
        self.timer.get_or_insert_with(|| Box::pin(sleep(COMPLAINT_PAUSE)));
    }

    fn add_error(&mut self, error: io::Error) {
        self.errors += 1;
        self.last_error = Some(error);
        self.timer.get_or_insert_with(|| Box::pin(sleep(COMPLAINT_PAUSE)));
    }

    /// Returns when it is time to log; never while there is nothing to say.
    async fn due(&mut self) {
        match &mut self.timer {
            Some(timer) => timer.await,
            None => std::future::pending().await,
        }
    }

    fn log(&mut self) {
        let Complaints { refused, errors, last_error, .. } = std::mem::take(self);
        if refused > 0 {
            tracing::warn!(refused, "connections closed at once: limits.connections is reached");
        }
        if let Some(error) = last_error {
            tracing::error!(errors, %error, "connections cannot be accepted");
        }
    }
}

/// A connection, with or without TLS.
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// The bare connection, and the TLS session on it, if any.
    pub fn into_parts(self) -> (TcpStream, Option<Box<ServerConnection>>) {
        match self {
            Stream::Plain(tcp) => (tcp, None),
            Stream::Tls(tls) => {
                let (tcp, session) = tls.into_inner();
                (tcp, Some(Box::new(session)))
            }
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(it) => Pin::new(it).poll_read(cx, buf),
            Stream::Tls(it) => Pin::new(it).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(it) => Pin::new(it).poll_write(cx, buf),
            Stream::Tls(it) => Pin::new(it).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Plain(it) => Pin::new(it).poll_write_vectored(cx, bufs),
            Stream::Tls(it) => Pin::new(it).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Plain(it) => it.is_write_vectored(),
            Stream::Tls(it) => it.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(it) => Pin::new(it).poll_flush(cx),
            Stream::Tls(it) => Pin::new(it).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Plain(it) => Pin::new(it).poll_shutdown(cx),
            Stream::Tls(it) => Pin::new(it).poll_shutdown(cx),
        }
    }
}
