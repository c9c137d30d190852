//! An app with people, their devices, and a push service that notes what it gets.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    apps::State,
    clock::Clock,
    groups::{self, First, Kind, MsgFlag, NewGroup, Role, membership, send as group_send},
    live::{Outlet, Push as Frame},
    login::{self, LoggedIn, Login},
    messages::{self, Hooked, Options, Outgoing, Sent},
    offline_push::{self, Attempt, Channel, DeviceToken, Dropped, Outcome, Push, PushSink, Report},
    random::Random,
    settings::Settings,
};
use proto::{
    Code,
    element::{self, Body},
};
use serde_json::{Value, json};
use store::{Db, PostgresOptions, testing};

pub const APP: u32 = 1_400_000_001;
pub const START: i64 = 1_767_225_600;
pub const IPHONE: i64 = 3;
pub const ANDROID: i64 = 2;
pub const WEB: i64 = 7;
const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const SIG_SECONDS: i64 = 86_400 * 60;

/// Notes every push and answers as it was told.
pub struct Service {
    pub got: Mutex<Vec<Push>>,
    answer: Mutex<fn(&Push) -> Report>,
}

pub fn fine(_: &Push) -> Report {
    Outcome::Sent.into()
}

pub fn busy(_: &Push) -> Report {
    Outcome::Later("status 503".to_owned(), None).into()
}

impl PushSink for Service {
    fn push<'a>(&'a self, _: &'a Arc<State>, push: &'a Push) -> Attempt<'a> {
        self.got.lock().unwrap().push(push.clone());
        let report = self.answer.lock().unwrap()(push);
        Box::pin(async move { report })
    }
}

impl Service {
    pub fn answer(&self, with: fn(&Push) -> Report) {
        *self.answer.lock().unwrap() = with;
    }
}

struct Page;

impl Outlet for Page {
    fn push(&self, _: &Frame) {}

    fn is_open(&self) -> bool {
        true
    }

    fn source(&self) -> std::net::IpAddr {
        std::net::Ipv4Addr::LOCALHOST.into()
    }
}

/// A client that logged in, and its connection.
pub struct Client {
    pub cx: Cx,
    logged_in: LoggedIn,
    outlet: Arc<dyn Outlet>,
}

pub struct World {
    pub db: Db,
    pub clock: Clock,
    pub cx: Cx,
    pub service: Arc<Service>,
    sent: u32,
}

/// Settings of an app whose devices are all served by one recording service.
fn settings() -> Settings {
    let mut settings = Settings::default();
    for (key, value) in [
        ("app.hmac_secrets", json!([SECRET])),
        ("push.channels", json!(["http", "apns", "fcm"])),
        ("push.http.url", json!("https://push.example.com")),
        ("push.http.without_token", json!(false)),
        ("push.apns.key_id", json!("KEY")),
        ("push.apns.team_id", json!("TEAM")),
        ("push.apns.topic", json!("com.example.chat")),
        ("push_all.min_interval_seconds", json!(0)),
    ] {
        settings.set(key, value).unwrap();
    }
    settings
}

pub fn body(text: &str) -> Arc<Body> {
    let raw = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]).to_string();
    Arc::new(Body::check(&raw, element::From::Admin).unwrap())
}

impl World {
    async fn open(db: Db) -> World {
        let clock = Clock::fixed(START * 1000);
        let service = Arc::new(Service { got: Mutex::default(), answer: Mutex::new(fine) });
        let cx = World::start(&db, &clock, &service).await;
        for user in ["alice", "bob", "carol"] {
            let nick = Some(format!("Nick of {user}"));
            accounts::import(&cx, Import { user: user.to_owned(), nick, face: None }).await.unwrap();
        }
        World { db, clock, cx, service, sent: 0 }
    }

    async fn start(db: &Db, clock: &Clock, service: &Arc<Service>) -> Cx {
        let chat = Chat::open(db.clone(), clock.clone(), Random::seeded(clock.now() as u64)).await.unwrap();
        if chat.apps.get(APP).is_none() {
            Box::pin(chat.create_app(APP, settings())).await.unwrap();
        }
        chat.start().await.unwrap();
        for channel in Channel::ALL {
            chat.offline_pushes.connect(channel, service.clone());
        }
        let app = chat.apps.get(APP).unwrap();
        Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None }
    }

    /// The server ends without a goodbye and starts again.
    pub async fn crash(&mut self) {
        self.cx = World::start(&self.db, &self.clock, &self.service).await;
    }

    pub async fn set(&self, key: &str, value: Value) {
        Box::pin(self.cx.chat.change_app(APP, vec![(key.to_owned(), value)])).await.unwrap();
    }

    pub async fn login(&self, user: &str, platform: i64) -> Client {
        let outlet: Arc<dyn Outlet> = Arc::new(Page);
        let wanted = Login {
            user: user.to_owned(),
            sig: proto::usersig::sign_hmac(SECRET, APP, user, self.clock.now(), SIG_SECONDS, None),
            page: format!("{user} on {platform}"),
            platform,
            outlet: outlet.clone(),
        };
        let logged_in = login::login(&self.cx.chat, &self.cx.app, wanted).await.unwrap();
        let cx = Cx { caller: Caller::User(logged_in.session.clone()), ..self.cx.clone() };
        Client { cx, logged_in, outlet }
    }

    /// A device that gave its token and lost its connection.
    pub async fn away(&self, user: &str, platform: i64) -> Client {
        let client = self.login(user, platform).await;
        client.give_token(&format!("token of {user} on {platform}")).await;
        client.lose_connection().await;
        client
    }

    pub async fn send_with(
        &mut self,
        from: &str,
        to: &str,
        text: &str,
        change: impl FnOnce(&mut Outgoing),
    ) -> Sent {
        self.sent += 1;
        let mut it = Outgoing {
            from: from.to_owned(),
            to: to.to_owned(),
            seq: None,
            random: self.sent,
            client_time: None,
            body: body(text),
            cloud: String::new(),
            push_info: String::new(),
            options: Options { life_seconds: 604_800, ..Options::default() },
        };
        change(&mut it);
        messages::send(&self.cx, it, Code::C2cToUnknown).await.unwrap()
    }

    pub async fn send(&mut self, from: &str, to: &str, text: &str) -> Sent {
        self.send_with(from, to, text, |_| {}).await
    }

    pub async fn group(&self, kind: Kind, id: &str, members: &[&str]) {
        let first = |it: &&str| First {
            user: (*it).to_owned(),
            role: Role::Member,
            flag: None,
            card: String::new(),
            custom: serde_json::Map::new(),
        };
        let new = NewGroup {
            kind,
            group_id: Some(id.to_owned()),
            owner: Some("alice".to_owned()),
            name: "Team".to_owned(),
            introduction: String::new(),
            notification: String::new(),
            face: String::new(),
            max_members: None,
            apply: None,
            invite: None,
            support_topic: kind == Kind::Community,
            custom: serde_json::Map::new(),
            members: members.iter().map(first).collect(),
            imported_at: None,
        };
        groups::make(&self.cx, new).await.unwrap();
    }

    pub async fn say_with(
        &mut self,
        group: &str,
        text: &str,
        change: impl FnOnce(&mut group_send::Outgoing),
    ) -> i64 {
        self.sent += 1;
        let mut it = group_send::Outgoing {
            group: group.to_owned(),
            topic: None,
            from: "alice".to_owned(),
            random: self.sent,
            priority: 2,
            client: None,
            body: body(text),
            cloud: String::new(),
            push_info: String::new(),
            mentions: Vec::new(),
            targets: Vec::new(),
            options: group_send::Options::default(),
            hooks: Hooked::default(),
        };
        change(&mut it);
        group_send::send(&self.cx, it).await.unwrap().seq
    }

    pub async fn say(&mut self, group: &str, text: &str) -> i64 {
        self.say_with(group, text, |_| {}).await
    }

    pub async fn receive_option(&self, group: &str, topic: Option<&str>, user: &str, flag: MsgFlag) {
        let change = membership::Change {
            user: user.to_owned(),
            role: None,
            flag: Some(flag),
            card: None,
            custom: serde_json::Map::new(),
            mute: None,
            topic: topic.map(str::to_owned),
        };
        membership::change_member(&self.cx, group, change).await.unwrap();
    }

    /// What the service got since this was called last, after everything that is due went out.
    pub async fn pushes(&self) -> Vec<Push> {
        self.cx.chat.deliver_waiting_offline_pushes().await.unwrap();
        let mut got = std::mem::take(&mut *self.service.got.lock().unwrap());
        got.sort_by(|one, other| (&one.to, &one.id).cmp(&(&other.to, &other.id)));
        got
    }

    /// The same as users and texts.
    pub async fn pushed(&self) -> Vec<(String, String)> {
        self.pushes().await.into_iter().map(|it| (it.to, it.notice.text.clone())).collect()
    }

    /// The users who got something.
    pub async fn told(&self) -> Vec<String> {
        self.pushes().await.into_iter().map(|it| it.to).collect()
    }

    pub fn dropped(&self, why: Dropped) -> u64 {
        self.cx.app.pushes.numbers.dropped(why)
    }

    /// How many rows the outbox has.
    pub async fn rows(&self) -> i64 {
        self.db.read(|tx| store::offline_pushes::count(tx, APP, 1000)).await.unwrap()
    }

    pub async fn tokens(&self) -> BTreeMap<String, String> {
        let mut tokens = BTreeMap::new();
        for user in ["alice", "bob", "carol"] {
            let found = self.db.read(move |tx| store::push_tokens::devices(tx, APP, user, 0)).await.unwrap();
            let found: Vec<_> = found.into_iter().map(|it| it.token).filter(|it| !it.is_empty()).collect();
            if !found.is_empty() {
                tokens.insert(user.to_owned(), found.join(" "));
            }
        }
        tokens
    }
}

impl Client {
    pub async fn give_token(&self, token: &str) {
        let it = DeviceToken { token: token.to_owned(), ..DeviceToken::default() };
        offline_push::set_token(&self.cx, it).await.unwrap();
    }

    pub async fn lose_connection(&self) {
        login::detach(
            &self.cx.chat,
            &self.cx.app,
            &self.logged_in.session,
            &self.outlet,
            login::Loss::LinkClosed,
        )
        .await
        .unwrap();
    }

    pub async fn come_back(&self) -> Client {
        let (chat, app, outlet) = (&self.cx.chat, &self.cx.app, self.outlet.clone());
        let session = login::reattach(chat, app, &self.logged_in.token, outlet.clone()).await.unwrap();
        let logged_in = LoggedIn { token: self.logged_in.token.clone(), session: session.clone() };
        Client { cx: Cx { caller: Caller::User(session), ..self.cx.clone() }, logged_in, outlet }
    }

    pub async fn log_out(&self) {
        let (chat, app) = (&self.cx.chat, &self.cx.app);
        login::end(chat, app, &self.logged_in.session, login::End::LoggedOut).await.unwrap();
    }
}

/// Runs a test on SQLite, and on PostgreSQL where there is one.
pub fn on_both<F: Future<Output = ()>>(test: fn(World) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = testing::Folder::new().unwrap();
    let db = Db::open_sqlite(&folder.path().join("magpie.db")).unwrap();
    runtime.block_on(async { Box::pin(test(Box::pin(World::open(db)).await)).await });
    if let Some(postgres) = testing::Postgres::shared() {
        let options = PostgresOptions { writers: 2, readers: 2 };
        let db = Db::open_postgres(&postgres.fresh_database(), options).unwrap();
        runtime.block_on(async { Box::pin(test(Box::pin(World::open(db)).await)).await });
    }
}

pub fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect()
}
