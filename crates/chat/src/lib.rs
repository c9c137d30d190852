//! The domain: what the product does, free of HTTP, of sockets and of SQL.
//!
//! `spec/concepts/` has the rules; each module names its page. Nothing here reads the time or draws random
//! numbers but [`clock`] and [`random`].

pub mod accounts;
pub mod additions;
pub mod all_member_push;
pub mod apps;
pub mod blobs;
pub mod clock;
pub mod console;
pub mod conversations;
pub mod do_not_disturb;
pub mod error;
pub mod exports;
pub mod fan_out;
pub mod files;
pub mod follow;
pub mod groups;
pub mod language;
pub mod limits;
pub mod live;
pub mod login;
pub mod messages;
pub mod mute;
pub mod offline_push;
pub mod presence;
pub mod profiles;
pub mod random;
pub mod relations;
pub mod retention;
pub mod robots;
pub mod search;
pub mod settings;
pub mod signatures;
mod signed;
pub mod sources;
pub mod statistics;
pub mod status;
mod text;
pub mod webhooks;
pub mod zone;

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::Arc,
};

use all_member_push::Deliveries;
use apps::{App, Apps};
use clock::Clock;
use error::Error;
use fan_out::FanOut;
use files::{Makings, Uploads};
use groups::live_rooms::{Absent, Away};
use live::Session;
use messages::Recent;
use offline_push::OfflinePushes;
use random::Random;
use status::{Absences, Announcements};
use store::{Db, Outbox, StoreError};
use webhooks::Webhooks;

/// One node of the server: everything that lives as long as the process.
pub struct Chat {
    pub db: Db,
    pub clock: Clock,
    pub random: Random,
    pub apps: Apps,
    pub fan_out: FanOut,
    pub webhooks: Webhooks,
    pub console: console::Console,
    pub offline_pushes: OfflinePushes,
    pub language: language::Language,
    pub(crate) recent: Recent,
    pub(crate) announcements: Announcements,
    pub(crate) absences: Absences,
    pub(crate) away: Away,
    pub(crate) deliveries: Deliveries,
    pub(crate) uploads: Uploads,
    pub thumbnails: Makings,
    pub(crate) absent: Absent,
    pub(crate) retention: retention::Progress,
}

impl Chat {
    /// Opens the domain over a store: reads the apps, and what was sent last, so that a message sent again
    /// after a restart is recognised.
    pub async fn open(db: Db, clock: Clock, random: Random) -> Result<Arc<Chat>, StoreError> {
        let recent = Recent::load(&db, clock.now()).await?;
        let (webhooks, offline_pushes) = (Webhooks::default(), OfflinePushes::default());
        let wake = (webhooks.waker(), offline_pushes.waker());
        db.on_posted(move |outbox| match outbox {
            Outbox::Webhooks => wake.0.notify_one(),
            Outbox::OfflinePushes => wake.1.notify_one(),
        });
        let fan_out = FanOut::start(&db).map_err(|it| StoreError::Unavailable(it.to_string()))?;
        let chat = Arc::new(Chat {
            db,
            clock,
            random,
            apps: Apps::default(),
            fan_out,
            webhooks,
            console: console::Console::default(),
            offline_pushes,
            language: language::Language::default(),
            recent,
            announcements: Announcements::default(),
            absences: Absences::default(),
            away: Away::default(),
            deliveries: Deliveries::default(),
            uploads: Uploads::default(),
            thumbnails: Makings::default(),
            absent: Absent::default(),
            retention: retention::Progress::default(),
        });
        chat.refresh_apps().await?;
        Ok(chat)
    }

    /// Called once by a server that starts: nobody is connected yet, whatever the store says.
    pub async fn start(self: &Arc<Chat>) -> Result<(), Error> {
        let (now, chat, apps) = (self.clock.now(), self.clone(), self.apps.all());
        self.absences.look_in_store();
        self.find_interrupted_pushes().await?;
        let done = self.db.write(0, move |tx| {
            login::tell_left_behind(tx, &chat, &apps)?;
            Ok::<_, Error>(store::sessions::detach_all(tx, now)?)
        });
        done.await
    }

    /// Whether the database answers.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.db.read(|tx| store::apps::version(tx).map(drop)).await
    }

    /// Forgets sessions that ended or lie unused for long. Called from time to time.
    pub async fn prune_sessions(&self) -> Result<u64, StoreError> {
        const STEP: i64 = 1000;
        let now = self.clock.now();
        let (mut hours, mut days) = (0, 0);
        for app in self.apps.all() {
            let state = app.state();
            hours = hours.max(state.settings.login_kick_memory_hours);
            days = days.max(state.settings.login_session_idle_days);
        }
        let (ended, unused) = (now - hours * 3600, now - days * 86_400);
        self.db.write(0, move |tx| store::sessions::prune(tx, ended, unused, STEP)).await
    }
}

/// Who calls a command.
#[derive(Clone)]
pub enum Caller {
    /// A backend, by REST, as this administrator.
    Admin(Arc<str>),
    /// A client, by its session.
    User(Arc<Session>),
    /// A client before its login.
    Guest,
}

impl Caller {
    /// The acting user, empty before a login.
    pub fn user(&self) -> &str {
        match self {
            Caller::Admin(it) => it,
            Caller::User(it) => &it.user,
            Caller::Guest => "",
        }
    }

    /// The instance that made the call, which is not told of what it did itself.
    pub fn instance(&self) -> Option<i64> {
        match self {
            Caller::User(it) => Some(it.inst_id),
            Caller::Admin(_) | Caller::Guest => None,
        }
    }
}

/// What a command works with: the node, the app, and who calls.
#[derive(Clone)]
pub struct Cx {
    pub chat: Arc<Chat>,
    pub app: Arc<App>,
    pub caller: Caller,
    /// Where the call came from; a job has no such place.
    pub ip: Option<IpAddr>,
}

impl Cx {
    pub fn is_admin(&self) -> bool {
        matches!(self.caller, Caller::Admin(_))
    }
}

/// The key under which writes about one user, or one conversation, keep their order.
pub(crate) fn shard(app: u32, id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (app, id).hash(&mut hasher);
    hasher.finish()
}
