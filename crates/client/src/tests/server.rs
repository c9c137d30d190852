//! A socket server for one connection, on a thread of its own.

use std::{
    net::TcpListener,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::JoinHandle,
};

use tungstenite::{Message, handshake::server::Request as Upgrade, handshake::server::Response};

/// Frames that a test may leave unread.
const SEEN_MAX: usize = 1024;

/// A request as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub servcmd: String,
    pub seq: u32,
    pub a2: String,
    pub tinyid: String,
    pub identifier: String,
    pub usersig: String,
    pub body: String,
}

pub struct Server {
    pub url: String,
    pub seen: Receiver<Seen>,
    pub thread: JoinHandle<End>,
}

/// How the connection ended, as the server saw it.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With a goodbye of the client.
    Goodbye,
    Lost,
    /// The script said so.
    Dropped,
}

/// What the server does about one request.
pub enum Reply {
    /// These frames, in this order.
    Frames(Vec<Vec<u8>>),
    /// Cut the connection.
    Drop,
}

/// The answer with the body `body`.
pub fn answer(to: &Seen, body: &str) -> Vec<u8> {
    proto::frame::answer(&to.servcmd, to.seq, body)
}

/// Starts a server whose answers are `script`'s. Heartbeats are answered without it. The first thing seen is
/// the path of the URL, as `servcmd`.
pub fn start(script: impl FnMut(&Seen) -> Reply + Send + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
    let (tell, seen) = sync_channel(SEEN_MAX);
    let thread = std::thread::spawn(move || serve(&listener, &tell, script));
    Server { url, seen, thread }
}

fn serve(listener: &TcpListener, tell: &SyncSender<Seen>, mut script: impl FnMut(&Seen) -> Reply) -> End {
    let (stream, _) = listener.accept().expect("a client comes");
    let mut path = String::new();
    #[expect(clippy::result_large_err, reason = "the protocol library says so")]
    let note_path = |request: &Upgrade, response: Response| {
        path = request.uri().to_string();
        Ok(response)
    };
    let mut socket = tungstenite::accept_hdr(stream, note_path).expect("it is a WebSocket");
    let empty = String::new;
    tell.send(Seen {
        servcmd: path,
        seq: 0,
        a2: empty(),
        tinyid: empty(),
        identifier: empty(),
        usersig: empty(),
        body: empty(),
    })
    .expect("the test listens");
    loop {
        let frame = match socket.read() {
            Ok(Message::Binary(it)) => it,
            Ok(Message::Close(_)) => {
                while socket.read().is_ok() {}
                return End::Goodbye;
            }
            Ok(other) => panic!("{other:?} is no frame"),
            Err(_) => return End::Lost,
        };
        let request = proto::frame::Request::parse(&frame).expect("it is a request");
        let seen = Seen {
            servcmd: request.servcmd.into_owned(),
            seq: request.seq,
            a2: request.a2.into_owned(),
            tinyid: request.tinyid.into_owned(),
            identifier: request.identifier.into_owned(),
            usersig: request.usersig.into_owned(),
            body: request.body.get().to_owned(),
        };
        if seen.servcmd == crate::wire::HEARTBEAT {
            let frame = answer(&seen, r#"{"ErrorCode":0}"#);
            if socket.send(Message::Binary(frame.into())).is_err() {
                return End::Lost;
            }
            continue;
        }
        let reply = script(&seen);
        // A test that has seen enough stops listening.
        let _ = tell.send(seen);
        let Reply::Frames(frames) = reply else { return End::Dropped };
        for frame in frames {
            if socket.send(Message::Binary(frame.into())).is_err() {
                return End::Lost;
            }
        }
    }
}
