//! Who is connected to this node, and how pushes reach them.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use proto::{frame, platform::Platform};
use sha2::{Digest, Sha256};

/// Where the pushes of a session go: the connection it is attached to.
pub trait Outlet: Send + Sync {
    /// Queues the push; never blocks. A connection that cannot keep up is closed by its own bound.
    fn push(&self, push: &Push);
    /// False once it is closed or about to be: nothing may be attached to it any more.
    fn is_open(&self) -> bool;
    /// Where the connection comes from.
    fn source(&self) -> IpAddr;
}

/// A server frame, encoded at most once for each form and shared by all sockets that get it.
pub struct Push {
    json: Vec<u8>,
    /// The command and body that an acknowledgement can be asked in; only of events.
    events: Option<String>,
    binary: OnceLock<Bytes>,
    text: OnceLock<Bytes>,
    compressed: OnceLock<Bytes>,
}

impl Push {
    /// A push body, `{"EventArray":[…]}` and the like, under its command name.
    pub fn new(servcmd: &str, body: &str) -> Push {
        Push {
            json: frame::push(servcmd, 0, body),
            events: None,
            binary: OnceLock::new(),
            text: OnceLock::new(),
            compressed: OnceLock::new(),
        }
    }

    /// Events for `im_open_push.msg_push`, without an acknowledgement.
    pub fn events(events: &str) -> Push {
        let body = format!("{{\"EventArray\":[{events}]}}");
        Push { events: Some(events.to_owned()), ..Push::new(EVENTS, &body) }
    }

    /// The same with a request to acknowledge it, as JSON for one connection. `None` for what is no event.
    pub fn acknowledged(&self, session_data: u64) -> Option<Vec<u8>> {
        let events = self.events.as_ref()?;
        let body = format!("{{\"NeedAck\":1,\"SessionData\":\"{session_data}\",\"EventArray\":[{events}]}}");
        Some(frame::push(EVENTS, 0, body))
    }

    pub fn json(&self) -> &[u8] {
        &self.json
    }

    pub fn binary(&self) -> &Bytes {
        self.binary.get_or_init(|| frame::ws_frame(true, &self.json).into())
    }

    pub fn text(&self) -> &Bytes {
        self.text.get_or_init(|| frame::ws_frame(false, &self.json).into())
    }

    pub fn compressed(&self) -> &Bytes {
        self.compressed.get_or_init(|| frame::ws_frame(true, &frame::compress(&self.json)).into())
    }
}

/// The command under which events are pushed.
const EVENTS: &str = "im_open_push.msg_push";

/// SHA-256 of a session token: what the store and the tables know it by.
pub type TokenHash = [u8; 32];

pub fn token_hash(token: &str) -> TokenHash {
    Sha256::digest(token.as_bytes()).into()
}

/// One login instance of a user on one page or device.
pub struct Session {
    pub user: Arc<str>,
    /// The account's TinyId as it goes over the wire.
    pub tiny_id: Arc<str>,
    pub inst_id: i64,
    pub platform: Platform,
    pub page: Box<str>,
    pub hash: TokenHash,
    /// When its token ends; `i64::MAX` for never.
    pub expires_at: i64,
    ended: AtomicBool,
    /// Whether its app said that it is in the background.
    in_background: AtomicBool,
    /// The place of its last attachment among all of the app.
    attached_as: AtomicU64,
    outlet: Mutex<Option<Arc<dyn Outlet>>>,
    /// Held while a message is put into the queue of the store, so that one session's messages are
    /// stored in the order of their frames.
    pub send_order: tokio::sync::Mutex<()>,
}

impl Session {
    pub fn new(it: &store::sessions::Session, hash: TokenHash, tiny_id: &str, expires_at: i64) -> Session {
        Session {
            user: it.user.as_str().into(),
            tiny_id: tiny_id.into(),
            inst_id: it.inst_id,
            platform: Platform::from_number(it.platform),
            page: it.page.as_str().into(),
            hash,
            expires_at,
            ended: AtomicBool::new(false),
            in_background: AtomicBool::new(false),
            attached_as: AtomicU64::new(0),
            outlet: Mutex::new(None),
            send_order: tokio::sync::Mutex::new(()),
        }
    }

    /// Whether it was ended by logout, kick or expiry; its token is dead then.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(crate) fn set_in_background(&self, is: bool) {
        self.in_background.store(is, Ordering::Release);
    }

    /// Where its connection comes from, if it has one.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        self.outlet().map(|it| it.source())
    }

    fn attached_by(&self, number: u64) -> bool {
        self.attached_as.load(Ordering::Acquire) <= number
    }

    fn outlet(&self) -> Option<Arc<dyn Outlet>> {
        self.outlet.lock().expect("no holder panics").clone()
    }
}

/// What attaching a session came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    /// The user had no session attached before.
    First,
    Further,
    /// The connection is gone already, and the session is detached again.
    Lost,
}

const SHARDS: usize = 16;
/// Users that are noted as gone between two looks; those beyond it are found at the next start.
const GONE_MAX: usize = 200_000;

/// Receive options of the online members of each group.
type Rooms = HashMap<i64, HashMap<Arc<str>, i64>>;
type Users = HashMap<Arc<str>, Online>;

/// A user with at least one session here.
#[derive(Default)]
struct Online {
    sessions: Vec<Arc<Session>>,
    /// Numbers of the groups whose events the user gets.
    groups: Vec<i64>,
    /// Grows with each group the user leaves: what was read of its groups before is wrong then.
    left: u64,
}

/// The online members of a group, each with its receive option.
pub(crate) type Seats = Vec<(Arc<str>, i64)>;

/// The attached sessions of one app.
#[derive(Default)]
pub struct Live {
    users: [Mutex<Users>; SHARDS],
    tokens: [Mutex<HashMap<TokenHash, Arc<Session>>>; SHARDS],
    users_online: AtomicI64,
    /// How many times a session was attached.
    attachments: AtomicU64,
    /// Online members by group. Locked after `users` where both are.
    rooms: [Mutex<Rooms>; SHARDS],
    /// Users with groups whose last session went, until somebody takes them from here.
    gone: Mutex<Vec<Arc<str>>>,
}

impl Live {
    fn shard(&self, user: &str) -> &Mutex<Users> {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        &self.users[hasher.finish() as usize % SHARDS]
    }

    fn by_hash(&self, hash: &TokenHash) -> &Mutex<HashMap<TokenHash, Arc<Session>>> {
        &self.tokens[hash[0] as usize % SHARDS]
    }

    pub fn by_token(&self, hash: &TokenHash) -> Option<Arc<Session>> {
        self.by_hash(hash).lock().expect("no holder panics").get(hash).cloned()
    }

    /// The attached sessions of a user.
    pub fn of(&self, user: &str) -> Vec<Arc<Session>> {
        let users = self.shard(user).lock().expect("no holder panics");
        users.get(user).map(|it| it.sessions.clone()).unwrap_or_default()
    }

    pub fn is_online(&self, user: &str) -> bool {
        self.shard(user).lock().expect("no holder panics").contains_key(user)
    }

    /// Whether somebody looks at the user's chats: a session is attached whose app is not in the background.
    pub fn is_in_foreground(&self, user: &str) -> bool {
        let users = self.shard(user).lock().expect("no holder panics");
        let looks = |it: &Arc<Session>| !it.in_background.load(Ordering::Acquire);
        users.get(user).is_some_and(|it| it.sessions.iter().any(looks))
    }

    /// Users with a session attached here.
    pub fn users_online(&self) -> i64 {
        self.users_online.load(Ordering::Relaxed)
    }

    /// Number of attached sessions of each platform, by the name that `query_online_status` has for it.
    pub fn count_by_platform(&self) -> HashMap<&'static str, i64> {
        let mut counts: HashMap<_, _> = Platform::ALL.iter().map(|it| (it.status_name(), 0)).collect();
        for shard in &self.tokens {
            for session in shard.lock().expect("no holder panics").values() {
                *counts.entry(session.platform.status_name()).or_insert(0) += 1;
            }
        }
        counts
    }

    /// Attaches the session to a connection; an older connection of the same session is left behind silently.
    pub(crate) fn attach(&self, session: &Arc<Session>, outlet: &Arc<dyn Outlet>) -> Attached {
        *session.outlet.lock().expect("no holder panics") = Some(outlet.clone());
        session.attached_as.store(self.attachments.fetch_add(1, Ordering::AcqRel) + 1, Ordering::Release);
        self.by_hash(&session.hash).lock().expect("no holder panics").insert(session.hash, session.clone());
        let mut users = self.shard(&session.user).lock().expect("no holder panics");
        let online = users.entry(session.user.clone()).or_insert_with(|| {
            self.users_online.fetch_add(1, Ordering::Relaxed);
            Online::default()
        });
        let sessions = &mut online.sessions;
        let is_first = sessions.is_empty();
        sessions.retain(|it| it.hash != session.hash);
        sessions.push(session.clone());
        drop(users);
        // The connection may have ended while the login was on its way to the disk.
        if !outlet.is_open() && self.detach(session, Some(outlet)) {
            return Attached::Lost;
        }
        if is_first { Attached::First } else { Attached::Further }
    }

    /// Takes the session out. With `from`, only if it is still attached to that connection.
    pub(crate) fn detach(&self, session: &Session, from: Option<&Arc<dyn Outlet>>) -> bool {
        {
            let mut outlet = session.outlet.lock().expect("no holder panics");
            let same = match (&*outlet, from) {
                (None, _) => false,
                (Some(_), None) => true,
                (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            };
            if !same {
                return false;
            }
            *outlet = None;
        }
        self.by_hash(&session.hash).lock().expect("no holder panics").remove(&session.hash);
        let mut users = self.shard(&session.user).lock().expect("no holder panics");
        if let Some(online) = users.get_mut(&session.user) {
            online.sessions.retain(|it| it.hash != session.hash);
            if online.sessions.is_empty() {
                let groups = std::mem::take(&mut online.groups);
                groups.iter().for_each(|it| self.vacate(*it, &session.user));
                if !groups.is_empty() {
                    self.note_gone(&session.user);
                }
                users.remove(&session.user);
                self.users_online.fetch_sub(1, Ordering::Relaxed);
            }
        }
        true
    }

    fn note_gone(&self, user: &Arc<str>) {
        let mut gone = self.gone.lock().expect("no holder panics");
        if gone.len() < GONE_MAX {
            gone.push(user.clone());
        }
    }

    /// Users with groups that went offline since the last call.
    pub(crate) fn take_gone(&self) -> Vec<Arc<str>> {
        std::mem::take(&mut *self.gone.lock().expect("no holder panics"))
    }

    /// Ends a session for good: its last push, if any, then nothing any more.
    pub(crate) fn end(&self, hash: &TokenHash, last: Option<&Push>) {
        let Some(session) = self.by_token(hash) else { return };
        session.ended.store(true, Ordering::Release);
        let outlet = session.outlet();
        if self.detach(&session, None)
            && let (Some(outlet), Some(push)) = (outlet, last)
        {
            outlet.push(push);
        }
    }

    /// Pushes to every session of the user but the instance `except`. Returns how many there were.
    pub fn push(&self, user: &str, except: Option<i64>, push: impl FnOnce() -> Push) -> usize {
        let outlets = self.outlets(user, except);
        if outlets.is_empty() {
            return 0;
        }
        let push = push();
        outlets.iter().for_each(|it| it.push(&push));
        outlets.len()
    }

    fn outlets(&self, user: &str, except: Option<i64>) -> Vec<Arc<dyn Outlet>> {
        let users = self.shard(user).lock().expect("no holder panics");
        let Some(online) = users.get(user) else { return Vec::new() };
        online.sessions.iter().filter(|it| Some(it.inst_id) != except).filter_map(|it| it.outlet()).collect()
    }

    /// The same with a frame that others get too. Returns how many sessions there were.
    pub fn push_shared(&self, user: &str, except: Option<i64>, push: &Push) -> usize {
        let outlets = self.outlets(user, except);
        outlets.iter().for_each(|it| it.push(push));
        outlets.len()
    }

    fn room(&self, group: i64) -> &Mutex<Rooms> {
        &self.rooms[group.unsigned_abs() as usize % SHARDS]
    }

    fn vacate(&self, group: i64, user: &str) {
        let mut rooms = self.room(group).lock().expect("no holder panics");
        if let Some(room) = rooms.get_mut(&group) {
            room.remove(user);
            if room.is_empty() {
                rooms.remove(&group);
            }
        }
    }

    /// The user gets a group's events from now on, if it is online here.
    pub(crate) fn enter(&self, group: i64, user: &str, flag: i64) {
        let mut users = self.shard(user).lock().expect("no holder panics");
        let Some((name, online)) = users.get_key_value(user).map(|it| it.0.clone()).zip(users.get_mut(user))
        else {
            return;
        };
        if !online.groups.contains(&group) {
            online.groups.push(group);
        }
        let mut rooms = self.room(group).lock().expect("no holder panics");
        rooms.entry(group).or_default().insert(name, flag);
    }

    pub(crate) fn leave(&self, group: i64, user: &str) {
        let mut users = self.shard(user).lock().expect("no holder panics");
        if let Some(online) = users.get_mut(user) {
            online.groups.retain(|it| *it != group);
            online.left += 1;
            self.vacate(group, user);
        }
    }

    /// Ends a group.
    pub(crate) fn close(&self, group: i64) {
        for (user, _) in self.seats(group) {
            self.leave(group, &user);
        }
    }

    /// The online members of a group.
    pub(crate) fn seats(&self, group: i64) -> Seats {
        let rooms = self.room(group).lock().expect("no holder panics");
        rooms
            .get(&group)
            .map(|it| it.iter().map(|(user, flag)| (user.clone(), *flag)).collect())
            .unwrap_or_default()
    }

    /// How many members of a group are online here.
    pub fn seated(&self, group: i64) -> usize {
        self.room(group).lock().expect("no holder panics").get(&group).map_or(0, HashMap::len)
    }

    /// How often the user left a group since it came online; `None` for who is not.
    pub(crate) fn times_left(&self, user: &str) -> Option<u64> {
        self.shard(user).lock().expect("no holder panics").get(user).map(|it| it.left)
    }

    /// Enters groups that were read when the user had left so often; false when it left another meanwhile.
    pub(crate) fn enter_all(&self, user: &str, left: u64, groups: &[(i64, i64)]) -> bool {
        let mut users = self.shard(user).lock().expect("no holder panics");
        let Some((name, online)) = users.get_key_value(user).map(|it| it.0.clone()).zip(users.get_mut(user))
        else {
            return true;
        };
        if online.left != left {
            return false;
        }
        let known: std::collections::HashSet<i64> = online.groups.iter().copied().collect();
        for (group, flag) in groups {
            if !known.contains(group) {
                online.groups.push(*group);
            }
            let mut rooms = self.room(*group).lock().expect("no holder panics");
            rooms.entry(*group).or_default().insert(name.clone(), *flag);
        }
        true
    }

    /// The number of the latest attachment.
    pub(crate) fn attachments(&self) -> u64 {
        self.attachments.load(Ordering::Acquire)
    }

    /// Users with a session whose attachment has at most this number.
    pub(crate) fn attached_by(&self, number: u64) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        for shard in &self.users {
            let users = shard.lock().expect("no holder panics");
            let is_meant = |it: &Online| it.sessions.iter().any(|it| it.attached_by(number));
            found.extend(users.iter().filter(|it| is_meant(it.1)).map(|it| it.0.clone()));
        }
        found
    }

    /// Pushes to the user's sessions whose attachment has at most this number.
    pub(crate) fn push_attached_by(&self, number: u64, user: &str, push: impl FnOnce() -> Push) {
        let sessions = self.of(user);
        let outlets: Vec<_> =
            sessions.iter().filter(|it| it.attached_by(number)).filter_map(|it| it.outlet()).collect();
        if !outlets.is_empty() {
            let push = push();
            outlets.iter().for_each(|it| it.push(&push));
        }
    }

    /// Pushes one frame to every session of the app.
    pub fn push_all(&self, push: &Push) {
        for shard in &self.tokens {
            let outlets: Vec<_> =
                shard.lock().expect("no holder panics").values().filter_map(|it| it.outlet()).collect();
            outlets.iter().for_each(|it| it.push(push));
        }
    }
}
