//! The life of one client connection: read frames, run commands, write answers and pushes.

use std::{
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use chat::{
    Caller, Cx,
    error::Error,
    live::{Outlet, Push},
    login,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use proto::{
    Code, Fail,
    frame::{FrameError, Request},
};
use store::Pending;
use tokio::{
    net::TcpStream,
    sync::{OwnedRwLockReadGuard, OwnedSemaphorePermit},
};

use super::{
    Closed, Connection, Link, Opening, Progress,
    overload::{self, Paces, TooOften},
    reader::{Got, Reader},
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
/// Commands of one connection that run at once; further frames wait in the socket.
const IN_FLIGHT_MAX: usize = 32;

const HEARTBEAT: &str = "heartbeat.alive";
const PUSH_ACK: &str = "openim.ws_msg_push_ack";

/// A finished command: which frame it answers, and the answer's body.
type Done = (String, u32, Vec<u8>);
type InFlight = FuturesUnordered<Pin<Box<dyn Future<Output = Done> + Send>>>;

/// Serves an upgraded connection until it ends. `read` is what came after the handshake already. What is left to do
/// then needs neither the connection nor its place.
pub async fn serve(
    node: Arc<Node>,
    opening: Opening,
    tcp: TcpStream,
    tls: Option<Box<rustls::ServerConnection>>,
    read: Bytes,
) -> Leaving {
    let connection = Arc::new(Connection::new(&node, opening, tcp, tls));
    let id = node.connections.add(&connection);
    node.metrics.sockets_opened.inc();
    let serving = Loop::new(&node, &connection, &read);
    // It is a part of the HTTP connection's buffer, which would stay as long as this connection.
    drop(read);
    let why = serving.run().await;
    node.connections.remove(id);
    node.metrics.sockets_closed.get_or_create(&ByReason { reason: why.name() }).inc();
    tracing::debug!(app = connection.opening.app, page = %connection.opening.page, reason = why.name(), "socket closed");
    let leaving = Leaving::start(&node, &connection, why).await;
    connection.finish(why).await;
    leaving
}

/// The session stays for the client to come back; that its connection is gone is being noted. When thousands lose theirs
/// at once, their notes take seconds, and meanwhile they come back and need the places.
pub struct Leaving {
    noted: Option<Pending<bool, Error>>,
    _until_noted: Option<OwnedRwLockReadGuard<()>>,
}

impl Leaving {
    async fn start(node: &Node, connection: &Arc<Connection>, why: Closed) -> Leaving {
        let (Some(session), Some(app)) = (connection.unbind(), &connection.app) else {
            return Leaving { noted: None, _until_noted: None };
        };
        let until_noted = node.connections.leaving.clone().read_owned().await;
        let outlet: Arc<dyn Outlet> = connection.clone();
        let noted = login::lose(&node.chat, app, &session, &outlet, why.loss());
        Leaving { noted, _until_noted: Some(until_noted) }
    }

    /// Returns when it is on disk.
    pub async fn done(self) {
        let Some(noted) = self.noted else { return };
        if let Err(error) = noted.await {
            tracing::error!(%error, "a lost connection could not be noted");
        }
    }
}

struct Loop<'a> {
    node: &'a Arc<Node>,
    connection: &'a Arc<Connection>,
    reader: Reader,
    calls: InFlight,
    /// Held while a long message arrives and is worked on.
    long: Option<OwnedSemaphorePermit>,
    paces: Paces,
}

impl<'a> Loop<'a> {
    fn new(node: &'a Arc<Node>, connection: &'a Arc<Connection>, read: &[u8]) -> Loop<'a> {
        let (reader, paces) = (Reader::new(read, FRAME_BYTES_MAX), Paces::default());
        Loop { node, connection, reader, calls: FuturesUnordered::new(), long: None, paces }
    }

    async fn run(mut self) -> Closed {
        loop {
            if let Err(why) = self.read().await {
                self.connection.end(why);
            }
            match self.connection.flush() {
                Progress::Ended(why) => return why,
                Progress::Going { backlog, closing } => self.wait(backlog, closing).await,
            }
        }
    }

    /// Waits until there is something to do.
    async fn wait(&mut self, backlog: bool, closing: bool) {
        let socket = &self.connection.socket;
        let may_read = !closing && self.calls.len() < IN_FLIGHT_MAX;
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
            let payload = match self.reader.next(self.connection)? {
                Got::Message { payload, .. } => payload,
                Got::Control => {
                    self.heard();
                    continue;
                }
                Got::Part(bytes) => return self.make_room(bytes),
            };
            self.heard();
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
        self.reader.set_bytes_max(most);
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
        let state = self.connection.app.as_ref()?.state();
        // Most apps limit nothing, and this is asked for every frame.
        if state.settings.limits_socket_commands.is_empty() {
            return None;
        }
        let (index, now) = (self.node.by_servcmd(servcmd)?, self.node.chat.clock.millis());
        let TooOften(asked) = self.paces.take(&state.settings, (index, servcmd), now).err()?;
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
