//! The client gateway: the Web SDK's protocol over WebSocket. `spec/client/transport.md`.

mod echo;
mod outbox;
mod overload;
mod reader;
mod serve;
mod socket;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use bytes::{Buf, Bytes};
use chat::{
    apps::App,
    clock::Clock,
    live::{Outlet, Push, Session},
};
use proto::frame;
use tokio::{
    net::TcpStream,
    sync::{Notify, RwLock},
};

#[doc(hidden)]
pub use echo::echo;
pub use outbox::Closed;
pub use serve::serve;
use socket::Socket;

use crate::{metrics::Metrics, node::Node};

/// Which frames a client reads. `spec/client/transport.md` 1 and 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Path `/binfo`.
    Binary,
    /// Path `/info`.
    Text,
}

/// What the URL of a socket tells.
#[derive(Clone, Debug)]
pub struct Opening {
    pub form: Form,
    pub app: u32,
    /// `instanceid`: one page of a browser, through all its reconnects.
    pub page: String,
    pub platform: i64,
    /// Whether the client can read compressed frames.
    pub compress: bool,
    pub source: IpAddr,
    /// How the client addressed this server: `https://host:port`.
    pub base_url: String,
}

/// Frames shorter than this are not worth compressing.
const COMPRESS_BYTES_MIN: usize = 4096;

/// One client connection: where its frames go, and which session it serves.
pub struct Connection {
    pub opening: Opening,
    /// The app of the URL; `None` for an id that is no app here.
    pub app: Option<Arc<App>>,
    pub(crate) socket: Socket,
    outbox: Mutex<outbox::Outbox>,
    /// Tells the connection's task that there is something to write, or to stop.
    pub(crate) wake: Notify,
    /// The session this connection was attached to by its last login, with the token it goes by.
    session: Mutex<Option<(Box<str>, Arc<Session>)>>,
    /// Unix second of the client's last frame.
    pub(crate) heard_at: AtomicI64,
    acks: Acks,
    /// Unix millisecond of the last push.
    pushed_at: AtomicI64,
    clock: Clock,
    metrics: Arc<Metrics>,
}

/// A connection that got no push for this long is quiet.
const QUIET_MILLIS: i64 = 5;

/// Acknowledgements of pushes. What a client missed is found in the store, so not every push is asked for
/// one: one in a while shows that the other end is still there, sooner than its silence would.
#[derive(Default)]
struct Acks {
    /// Unix second of the last push that asked.
    asked_at: AtomicI64,
    /// Whether that one is still unanswered.
    waiting: AtomicBool,
}

/// Least time between two pushes that ask to be acknowledged.
const ACK_EVERY_SECONDS: i64 = 10;
/// A client that has not acknowledged by then is gone.
const ACK_WITHIN_SECONDS: i64 = 20;

/// How far a connection is.
pub(crate) enum Progress {
    /// `backlog`: the socket did not take everything. `closing`: nothing more is read.
    Going {
        backlog: bool,
        closing: bool,
    },
    Ended(Closed),
}

impl Connection {
    fn new(
        node: &Node,
        opening: Opening,
        tcp: TcpStream,
        tls: Option<Box<rustls::ServerConnection>>,
    ) -> Connection {
        let app = node.chat.apps.get(opening.app);
        let may_compress = app.as_ref().is_none_or(|it| it.state().settings.connection_compress);
        Connection {
            app,
            opening: Opening { compress: opening.compress && may_compress, ..opening },
            socket: Socket::new(tcp, tls),
            outbox: Mutex::default(),
            wake: Notify::new(),
            session: Mutex::new(None),
            heard_at: AtomicI64::new(node.chat.clock.now()),
            acks: Acks::default(),
            pushed_at: AtomicI64::new(0),
            clock: node.chat.clock.clone(),
            metrics: node.metrics.clone(),
        }
    }

    /// The session that `token` stands for, if this connection serves it and it is alive.
    pub fn session(&self, token: &str, now: i64) -> Option<Arc<Session>> {
        let session = self.session.lock().expect("no holder panics");
        let (mine, session) = session.as_ref()?;
        (&**mine == token && !session.has_ended() && now <= session.expires_at).then(|| session.clone())
    }

    /// Notes that this connection serves a session now; the one it served before.
    pub fn bind(&self, token: &str, session: &Arc<Session>) -> Option<Arc<Session>> {
        let mut mine = self.session.lock().expect("no holder panics");
        mine.replace((token.into(), session.clone())).map(|it| it.1)
    }

    /// Whether anybody is logged in here.
    fn is_bound(&self) -> bool {
        self.session.lock().expect("no holder panics").is_some()
    }

    pub fn unbind(&self) -> Option<Arc<Session>> {
        self.session.lock().expect("no holder panics").take().map(|it| it.1)
    }

    pub fn bound(&self) -> Option<Arc<Session>> {
        self.session.lock().expect("no holder panics").as_ref().map(|it| it.1.clone())
    }

    /// The client has acknowledged a push.
    fn acknowledged(&self) {
        self.acks.waiting.store(false, Ordering::Relaxed);
    }

    fn owes_acknowledgement(&self, now: i64) -> bool {
        let asked_at = self.acks.asked_at.load(Ordering::Relaxed);
        self.acks.waiting.load(Ordering::Relaxed) && now - asked_at > ACK_WITHIN_SECONDS
    }

    /// The push with a request to acknowledge it, when it is time for one.
    fn asking(&self, push: &Push) -> Option<Bytes> {
        let (now, asked_at) = (self.clock.now(), self.acks.asked_at.load(Ordering::Relaxed));
        if self.acks.waiting.load(Ordering::Relaxed) || now - asked_at < ACK_EVERY_SECONDS {
            return None;
        }
        let json = push.acknowledged(now.unsigned_abs())?;
        self.acks.asked_at.store(now, Ordering::Relaxed);
        self.acks.waiting.store(true, Ordering::Relaxed);
        Some(self.encode(&json))
    }

    fn encode(&self, json: &[u8]) -> Bytes {
        match self.opening.form {
            Form::Text => frame::ws_frame(false, json).into(),
            Form::Binary if self.opening.compress && json.len() >= COMPRESS_BYTES_MIN => {
                frame::ws_frame(true, &frame::compress(json)).into()
            }
            Form::Binary => frame::ws_frame(true, json).into(),
        }
    }

    /// Queues an answer.
    fn answer(&self, servcmd: &str, seq: u32, body: &[u8]) {
        self.send(self.encode(&frame::answer(servcmd, seq, body)));
    }

    /// Queues a push; on a quiet connection it is written at once, which spares the task a wake-up. On a busy
    /// one the task writes several by one call.
    fn send_push(&self, frame: Bytes) {
        let now = self.clock.millis();
        let quiet = now - self.pushed_at.swap(now, Ordering::Relaxed) > QUIET_MILLIS;
        self.queue(frame, quiet);
    }

    /// Nothing more is taken in for the client; the connection's task does the rest.
    fn end(&self, why: Closed) {
        self.outbox.lock().expect("no holder panics").close(why);
        self.wake.notify_one();
    }

    /// Writes what waits, as much as the socket takes. Only when the server stops is it waited for a client that
    /// takes its time, and only as long as the server waits: whoever else ends may be one that never reads.
    fn flush(&self) -> Progress {
        let mut outbox = self.outbox.lock().expect("no holder panics");
        let Ok(backlog) = outbox.flush(&self.socket) else {
            outbox.close(Closed::Client);
            return Progress::Ended(Closed::Client);
        };
        match outbox.closed() {
            Some(why) if !backlog || why != Closed::Server => Progress::Ended(why),
            closed => Progress::Going { backlog, closing: closed.is_some() },
        }
    }

    /// The last thing done with a connection: lets the client see why it ended.
    async fn finish(&self, why: Closed) {
        if why.is_refusal() {
            self.socket.linger().await;
        }
    }

    /// Queues a frame, header included. Over the bound the connection is given up: the client comes back
    /// and finds what it missed in the store.
    fn send(&self, frame: Bytes) {
        self.queue(frame, false);
    }

    fn queue(&self, mut frame: Bytes, at_once: bool) {
        let mut outbox = self.outbox.lock().expect("no holder panics");
        if at_once && outbox.is_idle() {
            // What the socket does not take now, errors included, is the task's business.
            let written = self.socket.write_plain(&frame).unwrap_or(0);
            if written == frame.len() {
                return;
            }
            frame.advance(written);
        }
        let pushed = outbox.push(frame);
        drop(outbox);
        match pushed {
            outbox::Pushed::First => self.wake.notify_one(),
            outbox::Pushed::Behind => {}
            outbox::Pushed::Dropped => {
                self.metrics.pushes_dropped.inc();
                self.wake.notify_one();
            }
        }
    }
}

impl Outlet for Connection {
    fn push(&self, push: &Push) {
        self.metrics.pushes_sent.inc();
        if let Some(frame) = self.asking(push) {
            return self.send_push(frame);
        }
        let frame = match self.opening.form {
            Form::Text => push.text(),
            Form::Binary if self.opening.compress && push.json().len() >= COMPRESS_BYTES_MIN => {
                push.compressed()
            }
            Form::Binary => push.binary(),
        };
        self.send_push(frame.clone());
    }

    fn is_open(&self) -> bool {
        self.outbox.lock().expect("no holder panics").closed().is_none()
    }

    fn source(&self) -> IpAddr {
        self.opening.source
    }
}

/// The connection a call came over, and how its frame identified itself.
#[derive(Clone)]
pub struct Link {
    pub connection: Arc<Connection>,
    pub a2: String,
    pub identifier: String,
    pub usersig: String,
}

const SHARDS: usize = 16;

/// All open connections of the node.
#[derive(Default)]
pub struct Connections {
    open: [Mutex<HashMap<u64, Arc<Connection>>>; SHARDS],
    /// Read by whoever notes the loss of a connection, for as long as that takes.
    leaving: Arc<RwLock<()>>,
    next: AtomicU64,
}

impl Connections {
    fn add(&self, connection: &Arc<Connection>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.shard(id).lock().expect("no holder panics").insert(id, connection.clone());
        id
    }

    fn remove(&self, id: u64) {
        self.shard(id).lock().expect("no holder panics").remove(&id);
    }

    fn shard(&self, id: u64) -> &Mutex<HashMap<u64, Arc<Connection>>> {
        &self.open[id as usize % SHARDS]
    }

    /// Gives up connections that have not been heard of for the time their app allows, or do not acknowledge.
    pub fn drop_silent(&self, now: i64) {
        for connection in self.all() {
            let web = connection.opening.platform;
            let timeout = connection.app.as_ref().map_or(SILENCE_SECONDS, |app| {
                let state = app.state();
                match proto::Platform::from_number(web) {
                    proto::Platform::Web => state.settings.connection_web_timeout_seconds,
                    _ => state.settings.connection_native_timeout_seconds,
                }
            });
            let silent = timeout > 0 && now - connection.heard_at.load(Ordering::Relaxed) > timeout;
            if silent || connection.owes_acknowledgement(now) {
                connection.end(Closed::Silent);
            }
        }
    }

    /// Returns when the loss of every connection that has ended is noted.
    pub async fn settled(&self) {
        drop(self.leaving.write().await);
    }

    /// Closes every connection, so that clients come back somewhere else.
    pub fn close_all(&self) {
        self.all().iter().for_each(|it| it.end(Closed::Server));
    }

    fn all(&self) -> Vec<Arc<Connection>> {
        let shards = self.open.iter();
        shards
            .flat_map(|it| it.lock().expect("no holder panics").values().cloned().collect::<Vec<_>>())
            .collect()
    }
}

/// For connections that belong to no app.
const SILENCE_SECONDS: i64 = 60;
