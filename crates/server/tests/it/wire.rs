//! A server on a real port, and connections to it that can send anything.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use serde_json::{Map, Value, json};
use server::{
    http::{self, Routes},
    listen::{self, Gate},
    node::Node,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use crate::place::{APP, World};

/// Nothing here takes so long; what does is stuck.
const STUCK: Duration = Duration::from_secs(20);
/// Connections of the server under test.
const CONNECTIONS_MAX: usize = 100;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
pub const CLOSE: u8 = 8;
pub const PING: u8 = 9;
pub const PONG: u8 = 10;

pub struct Server {
    pub address: SocketAddr,
    gate: Gate,
    _stop: watch::Sender<bool>,
}

impl Server {
    pub fn start(node: &Arc<Node>) -> Server {
        Server::start_with(node, Routes::Main { metrics: true }, CONNECTIONS_MAX)
    }

    pub fn start_with(node: &Arc<Node>, routes: Routes, connections_max: usize) -> Server {
        let (stop, stopping) = watch::channel(false);
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let gate = Gate::new(connections_max, node.metrics.clone());
        let (node, stopped) = (node.clone(), stopping.clone());
        let serve = move |stream, peer, permit| {
            http::serve(node.clone(), routes, stream, peer, permit, stopped.clone())
        };
        tokio::spawn(listen::serve(listener, None, gate.clone(), stopping, serve));
        Server { address, gate, _stop: stop }
    }

    /// Returns when no connection is left.
    pub async fn drained(&self) -> Result<(), tokio::time::error::Elapsed> {
        timeout(STUCK, self.gate.drained()).await
    }
}

/// A connection on which everything has a time limit.
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        Connection { stream, received: Vec::new() }
    }

    /// The server may have closed already, which the next read tells.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        _ = timeout(STUCK, self.stream.write_all(bytes.as_ref())).await.expect("the server reads");
    }

    /// Says that nothing more will be sent.
    pub async fn finish(&mut self) {
        _ = self.stream.shutdown().await;
    }

    /// Everything until the server closes.
    pub async fn rest(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned()
    }

    /// Everything up to and with the first place where `end` stands.
    pub async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = find(&self.received, end.as_bytes()) {
                let taken = self.received.drain(..at + end.len()).collect();
                return String::from_utf8(taken).expect("an answer is text");
            }
            assert!(self.more().await, "closed before {end:?}: {}", String::from_utf8_lossy(&self.received));
        }
    }

    /// One HTTP answer: status line and headers, and the body that belongs to them.
    pub async fn answer(&mut self) -> (String, String) {
        let head = self.until("\r\n\r\n").await;
        let length = length(&head).expect("answers have a length");
        let body = self.take(length).await;
        (head, String::from_utf8(body).expect("a body is text"))
    }

    /// So many bytes.
    pub async fn take(&mut self, length: usize) -> Vec<u8> {
        while self.received.len() < length {
            assert!(self.more().await, "closed within a body");
        }
        self.received.drain(..length).collect()
    }

    async fn more(&mut self) -> bool {
        let read = timeout(STUCK, self.stream.read_buf(&mut self.received)).await;
        matches!(read.expect("the server answers or closes"), Ok(1..))
    }
}

/// The length of a body, if its head tells it.
pub fn length(head: &str) -> Option<usize> {
    let head = head.to_lowercase();
    let length = head.split("content-length:").nth(1)?;
    Some(length.split("\r\n").next().unwrap().trim().parse().expect("a number"))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|it| it == part)
}

/// A frame as clients send it, masked.
pub fn masked(opcode: u8, last: bool, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = vec![opcode | if last { 0x80 } else { 0 }];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | length as u8),
        length @ 126..=65_535 => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// A WebSocket.
pub struct Wire {
    pub connection: Connection,
    seq: u32,
    opcode: u8,
}

impl Wire {
    /// Opens a socket at a path like `/binfo?sdkappid=1`.
    pub async fn open(address: SocketAddr, path: &str) -> Wire {
        let mut connection = Connection::open(address).await;
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        connection.send(request).await;
        let head = connection.until("\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert!(head.to_lowercase().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        let opcode = if path.contains("/binfo") { BINARY } else { TEXT };
        Wire { connection, seq: 100, opcode }
    }

    /// A browser's socket.
    pub async fn browser(address: SocketAddr, page: &str) -> Wire {
        Wire::open(address, &format!("/binfo?sdkappid={APP}&instanceid={page}&random=1&platform=7")).await
    }

    pub async fn send(&mut self, payload: impl AsRef<[u8]>) {
        self.connection.send(masked(self.opcode, true, payload.as_ref())).await;
    }

    /// The next frame; `None` when the server closed the connection.
    pub async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (opcode, length) = match self.bytes(2).await?[..] {
            [first, 126] => (first, u16::from_be_bytes(self.array().await?).into()),
            [first, 127] => (first, u64::from_be_bytes(self.array().await?) as usize),
            [first, length] => (first, length.into()),
            _ => unreachable!("two bytes were asked for"),
        };
        assert_eq!(opcode & 0xf0, 0x80, "the server sends whole frames");
        Some((opcode & 0x0f, self.bytes(length).await?))
    }

    async fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        Some(self.bytes(N).await?.try_into().expect("so many were asked for"))
    }

    async fn bytes(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.connection.received.len() < count {
            if !self.connection.more().await {
                return None;
            }
        }
        Some(self.connection.received.drain(..count).collect())
    }

    /// The close code, when the next frame is a close frame and the connection ends with it.
    pub async fn closed(&mut self) -> Option<u16> {
        let (opcode, payload) = self.frame().await?;
        assert_eq!(opcode, CLOSE, "{}", String::from_utf8_lossy(&payload));
        let code = u16::from_be_bytes([*payload.first()?, *payload.get(1)?]);
        assert_eq!(self.frame().await, None, "nothing follows a close frame");
        Some(code)
    }

    /// The next frame as JSON, of the kind that this socket speaks.
    pub async fn json(&mut self) -> Value {
        let (opcode, payload) = self.frame().await.expect("the socket is open");
        assert_eq!(opcode, self.opcode, "{}", String::from_utf8_lossy(&payload));
        serde_json::from_slice(&payload).expect("frames are JSON")
    }

    /// Calls a command and returns the body of its answer; pushes that come before it are acknowledged.
    pub async fn ask(&mut self, servcmd: &str, mut head: Map<String, Value>, body: &str) -> Value {
        self.seq += 1;
        head.insert("servcmd".to_owned(), servcmd.into());
        head.insert("seq".to_owned(), self.seq.into());
        self.send(format!("{{\"head\":{},\"body\":{body}}}", Value::Object(head))).await;
        loop {
            let mut frame = self.json().await;
            if frame["head"]["seq"] == self.seq && frame["head"]["servcmd"] == servcmd {
                return frame["body"].take();
            }
            if frame["body"]["NeedAck"] == 1 {
                let data = &frame["body"]["SessionData"];
                let head = r#"{"servcmd":"openim.ws_msg_push_ack","seq":0}"#;
                self.send(format!("{{\"head\":{head},\"body\":{{\"SessionData\":{data}}}}}")).await;
            }
        }
    }

    /// Logs in and returns the session token.
    pub async fn login(&mut self, world: &World, user: &str) -> String {
        let head = object(json!({ "identifier": user, "usersig": world.sig(user) }));
        let answer = self.ask("im_open_status.wslogin", head, "{}").await;
        answer["A2Key"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("{other} is no object"),
    }
}

/// One call on a socket of its own, for cases about the socket itself; the socket stays open as long as what is
/// returned with the answer.
pub async fn ask_once(
    world: &World,
    url: &Map<String, Value>,
    service: &str,
    command: &str,
    head: Map<String, Value>,
    body: &str,
) -> Result<(Vec<u8>, (Server, Wire)), String> {
    let server = Server::start(&world.node);
    let mut query = object(json!({ "sdkappid": APP, "instanceid": "page", "platform": 7 }));
    query.extend(url.clone());
    let query: Vec<_> = query
        .iter()
        .map(|(name, value)| format!("{name}={}", value.as_str().map_or(value.to_string(), str::to_owned)))
        .collect();
    let mut wire = Wire::open(server.address, &format!("/binfo?{}", query.join("&"))).await;
    let answer = wire.ask(&format!("{service}.{command}"), head, body).await.to_string().into_bytes();
    Ok((answer, (server, wire)))
}
