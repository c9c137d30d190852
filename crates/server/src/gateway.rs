//! The client gateway: the Web SDK's protocol over WebSocket. `spec/client/transport.md`.

mod outbox;
mod serve;
mod socket;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use chat::{
    apps::App,
    live::{Outlet, Push, Session},
};
use proto::frame;
use tokio::sync::Notify;

pub use outbox::Closed;
pub use serve::serve;
use socket::Socket;

use crate::metrics::Metrics;

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
    metrics: Arc<Metrics>,
}

impl Connection {
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

    pub fn unbind(&self) -> Option<Arc<Session>> {
        self.session.lock().expect("no holder panics").take().map(|it| it.1)
    }

    pub fn bound(&self) -> Option<Arc<Session>> {
        self.session.lock().expect("no holder panics").as_ref().map(|it| it.1.clone())
    }

    /// Queues an answer.
    fn answer(&self, servcmd: &str, seq: u32, body: &[u8]) {
        let json = frame::answer(servcmd, seq, body);
        let frame = match self.opening.form {
            Form::Text => frame::ws_frame(false, &json),
            Form::Binary if self.opening.compress && json.len() >= COMPRESS_BYTES_MIN => {
                frame::ws_frame(true, &frame::compress(&json))
            }
            Form::Binary => frame::ws_frame(true, &json),
        };
        self.send(frame.into());
    }

    /// Queues a frame, header included. Over the bound the connection is given up: the client comes back
    /// and finds what it missed in the store.
    fn send(&self, frame: Bytes) {
        let mut outbox = self.outbox.lock().expect("no holder panics");
        match outbox.push(frame) {
            outbox::Pushed::First => {
                drop(outbox);
                self.wake.notify_one();
            }
            outbox::Pushed::Behind => {}
            outbox::Pushed::Dropped => {
                drop(outbox);
                self.metrics.pushes_dropped.inc();
                self.wake.notify_one();
            }
        }
    }
}

impl Outlet for Connection {
    fn push(&self, push: &Push) {
        self.metrics.pushes_sent.inc();
        let frame = match self.opening.form {
            Form::Text => push.text(),
            Form::Binary if self.opening.compress && push.json().len() >= COMPRESS_BYTES_MIN => {
                push.compressed()
            }
            Form::Binary => push.binary(),
        };
        self.send(frame.clone());
    }

    fn close(&self) {
        self.outbox.lock().expect("no holder panics").close(Closed::Server);
        self.wake.notify_one();
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

    /// Gives up connections that have not been heard of for the time their app allows.
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
            if timeout > 0 && now - connection.heard_at.load(Ordering::Relaxed) > timeout {
                connection.outbox.lock().expect("no holder panics").close(Closed::Silent);
                connection.wake.notify_one();
            }
        }
    }

    /// Closes every connection, so that clients come back somewhere else.
    pub fn close_all(&self) {
        self.all().iter().for_each(|it| it.close());
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
