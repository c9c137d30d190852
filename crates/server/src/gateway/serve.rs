//! The life of one client connection: read frames, run commands, write answers and pushes.

use std::{
    io::{self, Read, Write},
    pin::Pin,
    sync::{Arc, Mutex, atomic::AtomicI64, atomic::Ordering},
};

use bytes::Bytes;
use chat::{
    Caller, Cx,
    live::{Outlet, Push},
    login,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use proto::{
    Code, Fail,
    frame::{FrameError, Request},
};
use tokio::{
    net::TcpStream,
    sync::{Notify, OwnedSemaphorePermit},
};
use tungstenite::{
    Message,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use super::{
    Acks, Closed, Connection, Link, Opening,
    outbox::Outbox,
    overload::{self, Paces, TooOften},
    socket::Socket,
};
use crate::{
    command::{Call, Nothing, encode, encode_fail},
    commands::{self, im_long_msg::save_relay_json_msg},
    metrics::ByReason,
    node::Node,
};

/// Longest client message. A chat message has 12 KB; what is longer is refused by closing the connection. Only
/// the list of a merged message of somebody who is logged in may be longer, by as much as the app allows.
pub const FRAME_BYTES_MAX: usize = 128 << 10;
/// What one connection reads at once. It is held for the connection's whole life.
const READ_BUFFER_BYTES: usize = 2048;
/// Commands of one connection that run at once; further frames wait in the socket.
const IN_FLIGHT_MAX: usize = 32;

const HEARTBEAT: &str = "heartbeat.alive";
const PUSH_ACK: &str = "openim.ws_msg_push_ack";

/// A finished command: which frame it answers, and the answer's body.
type Done = (String, u32, Vec<u8>);
type InFlight = FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>;

/// Serves an upgraded connection until it ends. `read` is what came after the handshake already.
pub async fn serve(
    node: Arc<Node>,
    opening: Opening,
    tcp: TcpStream,
    tls: Option<Box<rustls::ServerConnection>>,
    read: Bytes,
) {
    let app = node.chat.apps.get(opening.app);
    let may_compress = app.as_ref().is_none_or(|it| it.state().settings.connection_compress);
    let opening = Opening { compress: opening.compress && may_compress, ..opening };
    let connection = Arc::new(Connection {
        app,
        opening,
        socket: Socket::new(tcp, tls),
        outbox: Mutex::new(Outbox::default()),
        wake: Notify::new(),
        session: Mutex::new(None),
        heard_at: AtomicI64::new(node.chat.clock.now()),
        acks: Acks::default(),
        pushed_at: AtomicI64::new(0),
        clock: node.chat.clock.clone(),
        metrics: node.metrics.clone(),
    });
    let id = node.connections.add(&connection);
    node.metrics.sockets_opened.inc();
    let serving = Loop::new(&node, &connection, &read);
    // It is a part of the HTTP connection's buffer, which would stay as long as this connection.
    drop(read);
    let why = serving.run().await;
    connection.outbox.lock().expect("no holder panics").close(why);
    node.connections.remove(id);
    node.metrics.sockets_closed.get_or_create(&ByReason { reason: why.name() }).inc();
    tracing::debug!(app = connection.opening.app, page = %connection.opening.page, reason = why.name(), "socket closed");
    leave(&node, &connection).await;
}

/// The session stays for the client to come back; only its connection is gone.
async fn leave(node: &Node, connection: &Arc<Connection>) {
    let (Some(session), Some(app)) = (connection.unbind(), &connection.app) else { return };
    let outlet: Arc<dyn Outlet> = connection.clone();
    if let Err(error) = login::detach(&node.chat, app, &session, &outlet).await {
        tracing::error!(%error, "a lost connection could not be noted");
    }
}

struct Loop<'a> {
    node: &'a Arc<Node>,
    connection: &'a Arc<Connection>,
    protocol: WebSocketContext,
    calls: InFlight,
    /// Longest message that is read now.
    frame_max: usize,
    /// Bytes read since the last whole message.
    came: usize,
    /// Held while a long message arrives and is worked on.
    long: Option<OwnedSemaphorePermit>,
    paces: Paces,
}

impl<'a> Loop<'a> {
    fn new(node: &'a Arc<Node>, connection: &'a Arc<Connection>, read: &[u8]) -> Loop<'a> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let protocol = WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config));
        let calls = FuturesUnordered::new();
        let (frame_max, paces) = (FRAME_BYTES_MAX, Paces::default());
        Loop { node, connection, protocol, calls, frame_max, came: 0, long: None, paces }
    }

    async fn run(mut self) -> Closed {
        loop {
            if let Err(why) = self.read().await {
                self.connection.outbox.lock().expect("no holder panics").close(why);
            }
            let backlog = match self.flush() {
                Ok(backlog) => backlog,
                Err(_) => return Closed::Client,
            };
            let closed = self.connection.outbox.lock().expect("no holder panics").closed();
            if let Some(why) = closed
                && (!backlog || why == Closed::Client || why == Closed::Slow)
            {
                return why;
            }
            self.wait(backlog, closed.is_some()).await;
        }
    }

    fn flush(&self) -> io::Result<bool> {
        self.connection.outbox.lock().expect("no holder panics").flush(&self.connection.socket)
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, backlog: bool, closed: bool) {
        let socket = &self.connection.socket;
        let may_read = !closed && self.calls.len() < IN_FLIGHT_MAX;
        tokio::select! {
            _ = socket.readable(), if may_read => {}
            _ = socket.writable(), if backlog => {}
            () = self.connection.wake.notified() => {}
            Some(done) = self.calls.next(), if !self.calls.is_empty() => self.finish(&done),
        }
    }

    fn finish(&self, (servcmd, seq, body): &Done) {
        self.connection.answer(servcmd, *seq, body);
    }

    /// Takes in the frames that are there, as far as commands may run.
    async fn read(&mut self) -> Result<(), Closed> {
        while self.calls.len() < IN_FLIGHT_MAX {
            self.set_frame_max();
            let mut stream = Frames { connection: self.connection, came: &mut self.came };
            let payload: Bytes = match self.protocol.read(&mut stream) {
                Ok(Message::Binary(it)) => it,
                Ok(Message::Text(it)) => it.into(),
                Ok(Message::Close(_)) => return Err(Closed::Client),
                Ok(_) => {
                    self.heard();
                    continue;
                }
                Err(tungstenite::Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.make_room(self.came);
                }
                Err(tungstenite::Error::Io(_) | tungstenite::Error::ConnectionClosed) => {
                    return Err(Closed::Client);
                }
                Err(error) => {
                    tracing::debug!(source = %self.connection.opening.source, %error, "not a WebSocket frame");
                    return Err(Closed::Protocol);
                }
            };
            self.heard();
            self.came = 0;
            self.make_room(payload.len())?;
            self.take(payload).await?;
        }
        Ok(())
    }

    /// Long messages are for those who are logged in.
    fn set_frame_max(&mut self) {
        let most = match (&self.connection.app, self.connection.is_bound()) {
            (Some(app), true) => {
                let merged = app.state().settings.messages_merged_max_bytes;
                FRAME_BYTES_MAX + usize::try_from(merged).unwrap_or(0)
            }
            _ => FRAME_BYTES_MAX,
        };
        if most != self.frame_max {
            self.frame_max = most;
            self.protocol.set_config(|it| {
                it.max_message_size = Some(most);
                it.max_frame_size = Some(most);
            });
        }
    }

    /// Only so many long messages may be in memory; a client that finds no room comes back and sends it again.
    fn make_room(&mut self, bytes: usize) -> Result<(), Closed> {
        if bytes > FRAME_BYTES_MAX && self.long.is_none() {
            let room = self.node.long_frames.clone().try_acquire_owned();
            self.long = Some(room.map_err(|_| Closed::Slow)?);
        }
        Ok(())
    }

    fn heard(&self) {
        self.connection.heard_at.store(self.node.chat.clock.now(), Ordering::Relaxed);
    }

    /// Starts the command of one frame. A command that need not wait is answered at once.
    async fn take(&mut self, payload: Bytes) -> Result<(), Closed> {
        let long = self.long.take();
        let request = match Request::parse(&payload) {
            Ok(it) => it,
            Err(FrameError::Unreadable) => {
                tracing::debug!(source = %self.connection.opening.source, bytes = payload.len(), "unreadable frame");
                return Ok(());
            }
            Err(FrameError::BadBody { servcmd, seq }) => {
                let fail = Fail::with(Code::BadJson, "the body must be an object");
                self.connection.answer(&servcmd, seq, &encode_fail("", &fail));
                return Ok(());
            }
        };
        if request.servcmd == PUSH_ACK {
            // Sent without waiting for an answer.
            self.connection.acknowledged();
            return Ok(());
        }
        if long.is_some() && request.servcmd != save_relay_json_msg::SERVCMD {
            return Err(Closed::Protocol);
        }
        if let Some(body) = self.too_often(&request.servcmd) {
            self.connection.answer(&request.servcmd, request.seq, &body);
            return Ok(());
        }
        let mut call = match self.admit(&request, &payload, long) {
            Ok(call) => call,
            Err(body) => {
                self.connection.answer(&request.servcmd, request.seq, &body);
                return Ok(());
            }
        };
        match futures_util::poll!(call.as_mut()) {
            std::task::Poll::Ready(done) => self.finish(&done),
            std::task::Poll::Pending => self.calls.push(call),
        }
        Ok(())
    }

    /// The body that refuses a command which came more often than the app allows; the client is asked to wait.
    fn too_often(&mut self, servcmd: &str) -> Option<Vec<u8>> {
        let (app, index) = (self.connection.app.as_ref()?, self.node.by_servcmd(servcmd)?);
        let now = self.node.chat.clock.millis();
        let TooOften(asked) = self.paces.take(&app.state().settings, (index, servcmd), now).err()?;
        if let Some(body) = asked {
            self.connection.push(&Push::new(overload::PUSHED, &body));
        }
        Some(encode_fail(commands::ALL[index].service, &Code::ServiceOverloaded.into()))
    }

    /// The running command of a frame, or the body that refuses it.
    fn admit(
        &self,
        request: &Request<'_>,
        payload: &Bytes,
        long: Option<OwnedSemaphorePermit>,
    ) -> Result<Pin<Box<dyn Future<Output = Done> + Send>>, Vec<u8>> {
        let service = request.servcmd.split('.').next().unwrap_or("");
        let refuse = |fail: Fail| encode_fail(service, &fail);
        let Some(app) = &self.connection.app else {
            // Even then the transport goes on: closing it would make the SDK give up.
            return Err(match &*request.servcmd {
                HEARTBEAT => encode(false, service, "alive", &Nothing {}).unwrap_or_default(),
                _ => refuse(Code::NoSuchApp.into()),
            });
        };
        let Some(index) = self.node.by_servcmd(&request.servcmd) else {
            return Err(refuse(Fail::with(Code::UnknownCommand, "there is no such command")));
        };
        let needs_login = commands::ALL[index].doors.needs_login();
        if needs_login && request.a2.is_empty() {
            return Err(refuse(Fail::with(Code::SigEmpty, "not logged in")));
        }
        let now = self.node.chat.clock.now();
        let caller = match self.connection.session(&request.a2, now) {
            Some(session) => Some(Caller::User(session)),
            None if needs_login => None,
            None => Some(Caller::Guest),
        };
        let body = payload.slice_ref(request.body.get().as_bytes());
        let link = Link {
            connection: self.connection.clone(),
            a2: request.a2.to_string(),
            identifier: request.identifier.to_string(),
            usersig: request.usersig.to_string(),
        };
        let (node, chat, app) = (self.node.clone(), self.node.chat.clone(), app.clone());
        let (servcmd, seq, ip) = (request.servcmd.to_string(), request.seq, self.connection.opening.source);
        Ok(Box::pin(async move {
            let caller = match caller {
                Some(it) => Ok(it),
                // The first frames after a reconnect come before the login that attaches the session.
                None => login::resolve(&chat, &app, &link.a2).await.map(Caller::User),
            };
            let answer = match caller {
                Ok(caller) => {
                    let cx = Cx { chat, app, caller, ip: Some(ip) };
                    node.run(index, Call { cx, body, link: Some(link), request: None }).await
                }
                Err(error) => node.refuse_at(index, error),
            };
            drop(long);
            (servcmd, seq, answer)
        }))
    }
}

/// The connection's bytes as the WebSocket protocol reads them; what it wants to say itself (pongs, the
/// answer to a close) is queued like any other frame.
struct Frames<'a> {
    connection: &'a Connection,
    came: &'a mut usize,
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.connection.socket.read(buffer)?;
        *self.came += read;
        Ok(read)
    }
}

impl Write for Frames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.connection.send(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
