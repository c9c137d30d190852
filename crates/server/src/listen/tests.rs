//! What a client notices of accepting, refusing, handshakes and stopping.

use std::{collections::VecDeque, net::Ipv4Addr};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};
use tokio_rustls::TlsConnector;

use super::*;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A server that sends back what it gets.
struct Echo {
    address: SocketAddr,
    gate: Gate,
    metrics: Arc<Metrics>,
    stop: watch::Sender<bool>,
    accepting: tokio::task::JoinHandle<()>,
}

async fn echo_back(mut stream: Stream, _peer: SocketAddr, _permit: Permit) {
    let mut bytes = [0; 64];
    while let Ok(length @ 1..) = stream.read(&mut bytes).await {
        if stream.write_all(&bytes[..length]).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

fn echo(connections_max: usize, tls: Option<Tls>) -> Echo {
    let metrics = Arc::new(Metrics::new("test", 0));
    let gate = Gate::new(connections_max, Arc::clone(&metrics));
    let listener = bind(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, shutdown) = watch::channel(false);
    let accepting = tokio::spawn(serve(listener, tls, gate.clone(), shutdown, echo_back));
    Echo { address, gate, metrics, stop, accepting }
}

async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    let mut bytes = [0; 3];
    stream.write_all(b"tea").await.unwrap();
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"tea");
}

/// Closed by the server, be it politely or not.
async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0; 1]).await, Ok(0) | Err(_))
}

fn tls(handshake: Duration) -> (Tls, TlsConnector) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(cert.der().clone()).unwrap();
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(trusted)
        .with_no_client_auth();
    (Tls { config: Arc::new(server), handshake }, Arc::new(client).into())
}

#[tokio::test]
async fn a_plain_connection_is_served_and_counted() {
    let server = echo(4, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    exchange(&mut client).await;
    assert_eq!(server.metrics.connections.get(), 1);
    drop(client);
    server.stop.send(true).unwrap();
    server.accepting.await.unwrap();
    server.gate.drained().await;
    assert_eq!(server.metrics.connections.get(), 0);
}

#[tokio::test]
async fn a_connection_over_the_limit_is_closed_at_once() {
    let server = echo(2, None);
    let mut first = TcpStream::connect(server.address).await.unwrap();
    let mut second = TcpStream::connect(server.address).await.unwrap();
    exchange(&mut first).await;
    exchange(&mut second).await;
    let mut third = TcpStream::connect(server.address).await.unwrap();
    assert!(is_closed(&mut third).await);
    assert_eq!(server.metrics.connections_refused.get(), 1);
    exchange(&mut first).await;
    exchange(&mut second).await;

    // A place that becomes free is taken again. Its own end is the last a connection does, so ask until it is seen.
    drop(first);
    loop {
        let mut again = TcpStream::connect(server.address).await.unwrap();
        _ = again.write_all(b"x").await;
        if !is_closed(&mut again).await {
            break;
        }
    }
}

#[tokio::test]
async fn tls_is_served_and_its_parts_can_be_had() {
    let (tls, connector) = tls(Duration::from_secs(10));
    let server = echo(4, Some(tls.clone()));
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = connector.connect(name.clone(), tcp).await.unwrap();
    exchange(&mut client).await;

    let listener = bind(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    let (_stop, shutdown) = watch::channel(false);
    let (parts, mut seen) = mpsc::channel(1);
    tokio::spawn(serve(listener, Some(tls), server.gate.clone(), shutdown, move |stream, _, _| {
        let parts = parts.clone();
        async move { parts.send(stream.into_parts()).await.unwrap() }
    }));
    let client = TcpStream::connect(address).await.unwrap();
    let from = client.local_addr().unwrap();
    let _client = connector.connect(name, client).await.unwrap();
    let (tcp, session) = seen.recv().await.unwrap();
    assert_eq!(tcp.peer_addr().unwrap(), from);
    assert!(tcp.nodelay().unwrap());
    assert!(!session.unwrap().is_handshaking());
}

#[tokio::test]
async fn a_handshake_that_goes_wrong_ends_the_connection() {
    for (handshake, sent, reason) in [
        (Duration::from_millis(20), &b""[..], "timeout"),
        (Duration::from_secs(60), b"GET / HTTP/1.1\r\n\r\n", "error"),
    ] {
        let server = echo(4, Some(tls(handshake).0));
        let mut client = TcpStream::connect(server.address).await.unwrap();
        client.write_all(sent).await.unwrap();
        let mut rest = Vec::new();
        _ = client.read_to_end(&mut rest).await;
        server.gate.drained().await;
        let counted = server.metrics.handshakes_failed.get_or_create_owned(&ByReason { reason }).get();
        assert_eq!(counted, 1, "{reason}");
    }
}

#[tokio::test]
async fn stopping_ends_accepting_but_not_the_open_connections() {
    let server = echo(4, None);
    let mut client = TcpStream::connect(server.address).await.unwrap();
    exchange(&mut client).await;
    server.stop.send(true).unwrap();
    server.accepting.await.unwrap();
    let refused = TcpStream::connect(server.address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    exchange(&mut client).await;
    assert!(timeout(Duration::from_millis(10), server.gate.drained()).await.is_err(), "one is open");
    drop(client);
    server.gate.drained().await;
}

/// Fails with the system's error numbers in turn, then accepts.
struct Failing {
    errors: VecDeque<i32>,
    listener: TcpListener,
}

impl Source for Failing {
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        match self.errors.pop_front() {
            Some(number) => Poll::Ready(Err(io::Error::from_raw_os_error(number))),
            None => self.listener.poll_accept(cx),
        }
    }
}

#[tokio::test]
async fn running_out_of_files_is_survived() {
    const ABORTED: i32 = 103;
    const OUT_OF_FILES: i32 = 24;
    let listener = bind(ANY_PORT).unwrap();
    let address = listener.local_addr().unwrap();
    let source = Failing { errors: [ABORTED, OUT_OF_FILES, ABORTED].into(), listener };
    let gate = Gate::new(4, Arc::new(Metrics::new("test", 0)));
    let (_stop, shutdown) = watch::channel(false);
    tokio::spawn(accept(source, gate, shutdown, |tcp, peer, permit| {
        tokio::spawn(echo_back(Stream::Plain(tcp), peer, permit));
    }));
    exchange(&mut TcpStream::connect(address).await.unwrap()).await;
}

#[test]
fn only_errors_of_the_whole_system_are_waited_out() {
    for (number, name, at_once) in [
        (4, "EINTR", true),
        (12, "ENOMEM", false),
        (23, "ENFILE", false),
        (24, "EMFILE", false),
        (103, "ECONNABORTED", true),
        (104, "ECONNRESET", true),
        (105, "ENOBUFS", false),
    ] {
        assert_eq!(concerns_one_connection(&io::Error::from_raw_os_error(number)), at_once, "{name}");
    }
}

#[test]
fn what_was_refused_is_logged_together() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let mut complaints = Complaints::default();
        assert!(timeout(Duration::ZERO, complaints.due()).await.is_err(), "nothing to say");
        complaints.add_refused();
        complaints.add_refused();
        complaints.add_error(io::Error::from_raw_os_error(24));
        assert!(timeout(Duration::ZERO, complaints.due()).await.is_err(), "not yet");
        assert_eq!((complaints.refused, complaints.errors), (2, 1));
        complaints.log();
        assert_eq!((complaints.refused, complaints.errors), (0, 0));
        assert!(complaints.timer.is_none());
    });
}
