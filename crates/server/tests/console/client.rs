//! A server in this process, and browsers that are signed in to it.

use std::{net::SocketAddr, sync::Arc};

use chat::{Chat, clock::Clock, console::Actor, console::Role, random::Random, settings::Settings};
use serde_json::{Value, json};
use server::{
    config::Limits,
    http::{self, Routes},
    listen::{self, Gate},
    node::Node,
};
use store::{
    Db, PostgresOptions,
    testing::{Folder, Postgres},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Duration, timeout},
};

pub const APP: u32 = 1_400_000_001;
pub const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
/// The first second of 2026 in UTC.
pub const START: i64 = 1_767_225_600;
pub const PASSWORD: &str = "correct horse battery";
/// Nothing here takes so long; what does is stuck.
const STUCK: Duration = Duration::from_secs(30);
const CONNECTIONS_MAX: usize = 200;

#[derive(Clone, Copy)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// One test for each engine; that of PostgreSQL does nothing where it is not installed.
macro_rules! on_both_engines {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                Box::pin(super::$name(crate::client::Site::open(crate::client::Engine::Sqlite).await.unwrap())).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if let Some(site) = crate::client::Site::open(crate::client::Engine::Postgres).await {
                    assert_eq!(site.chat().db.engine_name(), "PostgreSQL");
                    Box::pin(super::$name(site)).await;
                }
            })*
        }
    };
}
pub(crate) use on_both_engines;

pub struct Site {
    pub node: Arc<Node>,
    pub address: SocketAddr,
    pub stop: watch::Sender<bool>,
    _folder: Folder,
}

impl Site {
    pub async fn open(engine: Engine) -> Option<Site> {
        let folder = Folder::new().unwrap();
        let db = match engine {
            Engine::Sqlite => Db::open_sqlite(&folder.path().join("magpie.db")).unwrap(),
            Engine::Postgres => {
                let url = Postgres::shared()?.fresh_database();
                Db::open_postgres(&url, PostgresOptions { writers: 2, readers: 2 }).unwrap()
            }
        };
        let chat = Chat::open(db, Clock::fixed(START * 1000), Random::seeded(1)).await.unwrap();
        let mut settings = Settings::default();
        settings.set("app.hmac_secrets", json!([SECRET])).unwrap();
        Box::pin(chat.create_app(APP, settings)).await.unwrap();
        let node = Node::new(chat, Limits::default(), folder.path().to_owned());
        let (stop, stopping) = watch::channel(false);
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let gate = Gate::new(CONNECTIONS_MAX, node.metrics.clone());
        let (at, stopped) = (node.clone(), stopping.clone());
        let serve = move |stream, peer, permit| {
            http::serve(at.clone(), Routes::Main { metrics: true }, stream, peer, permit, stopped.clone())
        };
        tokio::spawn(listen::serve(listener, None, gate, stopping, serve));
        Some(Site { node, address, stop, _folder: folder })
    }

    pub fn chat(&self) -> &Arc<Chat> {
        &self.node.chat
    }

    pub fn advance(&self, seconds: i64) {
        self.chat().clock.advance(seconds * 1000);
    }

    pub fn nobody(&self) -> Browser {
        Browser { address: self.address, cookie: String::new(), token: String::new() }
    }

    /// Somebody new with this role, signed in by a one-time link.
    pub async fn browser(&self, name: &str, role: Role) -> Browser {
        let link = self.chat().add_operator(&Actor::command_line(), name, role).await.unwrap();
        let mut browser = self.nobody();
        let reply = browser.enter("setup", json!({ "token": link.token, "password": PASSWORD })).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        browser
    }

    pub async fn owner(&self) -> Browser {
        self.browser("root", Role::Owner).await
    }
}

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|it| panic!("{it}: {}", self.text))
    }

    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or("").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|it| it.split_once(": "));
        lines.find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1)
    }
}

/// What a browser keeps of the console.
#[derive(Clone)]
pub struct Browser {
    pub address: SocketAddr,
    pub cookie: String,
    pub token: String,
}

/// Percent-encodes one segment of a path or a value of a query.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|it| {
            if it.is_ascii_alphanumeric() || b"-._".contains(&it) {
                char::from(it).to_string()
            } else {
                format!("%{it:02X}")
            }
        })
        .collect()
}

impl Browser {
    /// A request with just these headers beside Host.
    pub async fn raw(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut stream = self.open(line, headers, body).await;
        let mut bytes = Vec::new();
        timeout(STUCK, stream.read_to_end(&mut bytes)).await.expect("the server answers").unwrap();
        reply(&bytes)
    }

    async fn open(&self, line: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut text = format!("{line} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        stream.write_all(format!("{text}\r\n{body}").as_bytes()).await.unwrap();
        stream
    }

    fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub async fn get(&self, path: &str) -> Reply {
        let cookie = format!("magpie_console={}", self.cookie);
        self.raw(&format!("GET /console/api/{path}"), &[("Cookie", &cookie)], "").await
    }

    /// Everything a good page sends, but for the headers that are named.
    pub async fn post_without(&self, without: &str, path: &str, body: &Value) -> Reply {
        let (cookie, origin) = (format!("magpie_console={}", self.cookie), self.origin());
        let headers = [
            ("Cookie", &*cookie),
            ("Origin", &*origin),
            ("X-Console-Token", &*self.token),
            ("Content-Type", "application/json"),
        ];
        let headers: Vec<_> = headers.into_iter().filter(|it| it.0 != without).collect();
        self.raw(&format!("POST /console/api/{path}"), &headers, &body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.post_without("", path, &body).await
    }

    /// Posts what signs in, and keeps what comes back.
    pub async fn enter(&mut self, path: &str, body: Value) -> Reply {
        let reply = self.post(path, body).await;
        if let Some(cookie) = reply.header("set-cookie") {
            let value = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
            value.clone_into(&mut self.cookie);
            self.token = reply.json()["token"].as_str().unwrap_or("").to_owned();
        }
        reply
    }

    /// A stream of events, with what came until a text stands there.
    pub async fn listen(&self, until: &str) -> (TcpStream, String) {
        let cookie = format!("magpie_console={}", self.cookie);
        let mut stream = self.open("GET /console/api/live", &[("Cookie", &cookie)], "").await;
        let mut bytes = Vec::new();
        while !String::from_utf8_lossy(&bytes).contains(until) {
            let read = timeout(STUCK, stream.read_buf(&mut bytes)).await.expect("an event comes").unwrap();
            if read == 0 {
                break;
            }
        }
        (stream, String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn reply(bytes: &[u8]) -> Reply {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").expect("there is a head");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = &bytes[end + 4..];
    let mut whole = Vec::new();
    if head.to_lowercase().contains("transfer-encoding: chunked") {
        while let Some(at) = body.windows(2).position(|it| it == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&body[..at]).unwrap(), 16).unwrap();
            whole.extend_from_slice(&body[at + 2..at + 2 + size]);
            body = &body[at + 4 + size..];
        }
    } else {
        whole.extend_from_slice(body);
    }
    Reply { status, head, text: String::from_utf8_lossy(&whole).into_owned() }
}
