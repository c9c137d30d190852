//! Files over real HTTP: what goes up, what comes down, and what does not.

pub mod downloads;
pub mod objects;
pub mod pictures;
pub mod thumbnails;
pub mod uploads;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Value, json};
use server::node::Node;

use crate::{
    history::call,
    place::{APP, Engine, START, World},
    run::block_on,
    wire::{Connection, Server, Wire, length, object},
};

pub const IMAGE: i64 = 1;
pub const OTHER: i64 = 255;

/// A server, and alice with a socket on it.
pub struct Scene {
    pub world: World,
    pub node: Arc<Node>,
    pub server: Server,
    pub wire: Wire,
}

/// Where a promised file goes up and comes down.
#[derive(Clone)]
pub struct Paths {
    pub upload: String,
    pub download: String,
}

pub struct Reply {
    pub status: u16,
    /// In small letters.
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        let mut lines = self.head.split("\r\n").filter_map(|it| it.split_once(": "));
        lines.find(|it| it.0 == name).map_or("", |it| it.1)
    }
}

impl Scene {
    pub async fn new(settings: Value) -> Scene {
        Scene::with(Engine::Sqlite, settings).await
    }

    pub async fn with(engine: Engine, settings: Value) -> Scene {
        let world = World::new(engine, START, &object(settings)).await;
        let node = world.node.clone();
        Scene::on(world, node).await
    }

    pub async fn on(world: World, node: Arc<Node>) -> Scene {
        call(&world, "im_open_login_svc/account_import", json!({"UserID": "alice"})).await;
        let server = Server::start(&node);
        let wire = Wire::browser(server.address, "alice").await;
        Scene { world, node, server, wire }
    }

    pub async fn command(&mut self, servcmd: &str, body: Value) -> Value {
        let head = object(json!({"identifier": "alice", "usersig": self.world.sig("alice")}));
        self.wire.ask(servcmd, head, &body.to_string()).await
    }

    pub async fn promise(&mut self, kind: i64, name: &str) -> Paths {
        let answer = self.command("im_cos_msg.pre_sig", json!({"file_type": kind, "file_name": name})).await;
        let path = |field: &str| {
            let url = answer[field].as_str().unwrap_or_else(|| panic!("{answer}"));
            url.strip_prefix("http://x").expect("the host of the socket").to_owned()
        };
        Paths { upload: path("upload_url"), download: path("download_url") }
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Reply {
        let mut connection = Connection::open(self.server.address).await;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
        connection.send(head).await;
        connection.send(body).await;
        reply(&mut connection, method).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, "", b"").await
    }

    pub async fn put(&self, path: &str, body: &[u8]) -> u16 {
        self.ask("PUT", path, "Content-Type: image/png\r\n", body).await.status
    }

    /// A file that is there.
    pub async fn stored(&mut self, name: &str, media_type: &str, body: &[u8]) -> Paths {
        let paths = self.promise(OTHER, name).await;
        let reply = self.ask("PUT", &paths.upload, &format!("Content-Type: {media_type}\r\n"), body).await;
        assert_eq!(reply.status, 200, "{name} goes up");
        paths
    }

    /// A picture that is there, as a client sends it.
    pub async fn picture(&mut self, name: &str, body: &[u8]) -> Paths {
        let paths = self.promise(IMAGE, name).await;
        assert_eq!(self.put(&paths.upload, body).await, 200, "{name} goes up");
        paths
    }

    /// Files below the folder of uploads, finished or not.
    pub fn blobs(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&Node::files_dir(&self.node.data_dir), &mut found);
        found
    }
}

pub async fn reply(connection: &mut Connection, method: &str) -> Reply {
    let head = connection.until("\r\n\r\n").await.to_lowercase();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    let length = if method == "HEAD" { 0 } else { length(&head).unwrap_or(0) };
    Reply { status, body: connection.take(length).await, head }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

/// Does the same on each engine that is installed.
pub fn on_each_engine<F: Future<Output = Result<(), String>>>(
    work: impl Fn(Engine) -> F,
) -> Result<(), String> {
    let mut engines = vec![Engine::Sqlite];
    if store::testing::Postgres::shared().is_some() {
        engines.push(Engine::Postgres);
    }
    engines.into_iter().try_for_each(|engine| block_on(work(engine)))
}

/// The path of a file that is not there, of this app.
pub fn no_such(name: &str) -> String {
    format!("/file/{APP}/{}/{name}", "0".repeat(32))
}

/// `Ok` when they are equal, else what was expected of what.
#[expect(clippy::needless_pass_by_value, reason = "most of what is compared is made for it")]
pub fn equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {found:?}")) }
}
