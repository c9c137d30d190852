//! Clients that remember what they are pushed.

use std::sync::{Arc, Mutex};

use chat::{
    Caller,
    live::{Outlet, Push, Session},
    login::{self, Login},
};
use serde_json::{Value, json};

use crate::place::World;

/// Most pushes use this command, so a case names only others.
const USUAL: &str = "im_open_push.msg_push";
/// `platform` of a browser.
const WEB: i64 = 7;

#[derive(Default)]
struct Recorder(Mutex<Vec<Value>>);

impl Outlet for Recorder {
    fn push(&self, push: &Push) {
        let frame: Value = serde_json::from_slice(push.json()).expect("a push is JSON");
        self.0.lock().unwrap().push(frame);
    }

    fn is_open(&self) -> bool {
        true
    }

    fn source(&self) -> std::net::IpAddr {
        std::net::Ipv4Addr::LOCALHOST.into()
    }
}

pub struct Client {
    pub name: String,
    pub token: String,
    session: Arc<Session>,
    outlet: Arc<Recorder>,
    /// Frames that were taken already.
    taken: Mutex<Vec<Value>>,
}

impl Client {
    /// Logs in under a name like `alice`, `alice/2` (another page) or `alice@2` (another platform).
    pub async fn login(world: &World, name: &str) -> Client {
        let user = name.split(['/', '@']).next().unwrap_or_default().to_owned();
        let platform = name.split_once('@').map_or(WEB, |it| it.1.parse().expect("a number"));
        let outlet = Arc::new(Recorder::default());
        let sig = world.sig(&user);
        let wanted = Login { user, sig, page: name.to_owned(), platform, outlet: outlet.clone() };
        let done = login::login(world.chat(), &world.app(), wanted).await.expect("the login works");
        Client {
            name: name.to_owned(),
            token: done.token,
            session: done.session,
            outlet,
            taken: Mutex::default(),
        }
    }

    /// Makes a call over this client's session, as the gateway does.
    pub async fn call(&self, world: &World, service: &str, command: &str, body: String) -> Vec<u8> {
        let servcmd = format!("{service}.{command}");
        let index = world.node.by_servcmd(&servcmd).unwrap_or_else(|| panic!("no client may call {servcmd}"));
        match login::resolve(world.chat(), &world.app(), &self.token).await {
            Ok(session) => {
                let cx = world.cx(Caller::User(session));
                world
                    .node
                    .run(index, server::command::Call { cx, body: body.into(), link: None, request: None })
                    .await
            }
            Err(error) => world.node.refuse_at(index, error),
        }
    }

    /// Its connection breaks; the session stays.
    pub async fn lose(&self, world: &World) {
        let outlet: Arc<dyn Outlet> = self.outlet.clone();
        login::detach(world.chat(), &world.app(), &self.session, &outlet, login::Loss::LinkClosed)
            .await
            .expect("it is noted");
    }

    /// It is there again, by its token.
    pub async fn come_back(&mut self, world: &World) {
        let (app, outlet) = (world.app(), self.outlet.clone());
        let done = login::reattach(world.chat(), &app, &self.token, outlet).await;
        self.session = done.expect("the session lives");
    }

    /// What it was pushed since the last call of this: events of the usual command, and for others the command
    /// with the whole body.
    pub fn take_pushes(&self) -> Vec<Value> {
        let frames = std::mem::take(&mut *self.outlet.0.lock().unwrap());
        self.taken.lock().unwrap().extend(frames.iter().cloned());
        let mut out = Vec::new();
        for frame in frames {
            match (frame["head"]["servcmd"].as_str(), frame["body"]["EventArray"].as_array()) {
                (Some(USUAL), Some(events)) => out.extend(events.iter().cloned()),
                (Some(other), _) => out.push(json!({ other: frame["body"] })),
                (None, _) => out.push(frame),
            }
        }
        out
    }

    /// The member of this name in the newest push that has one.
    pub fn last_pushed(&self, name: &str) -> Option<Value> {
        let waiting = self.outlet.0.lock().unwrap();
        let taken = self.taken.lock().unwrap();
        waiting.iter().rev().chain(taken.iter().rev()).find_map(|it| member(it, name))
    }
}

/// The member of this name, wherever it stands.
fn member(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(map) => map.get(name).cloned().or_else(|| map.values().find_map(|it| member(it, name))),
        Value::Array(list) => list.iter().find_map(|it| member(it, name)),
        _ => None,
    }
}
