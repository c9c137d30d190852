//! Random pushes to all users, beside a plain model of the rules, on both engines: tags and attributes that come and
//! go, users who come, leave and read, and a server that ends at any moment.
//!
//! The model fixes at once who gets a push. The store writes nothing for a user, and must find the same users later.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "shared/dice.rs"]
mod dice;
#[path = "pushes/model.rs"]
mod model;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    all_member_push::{self as pushes, Outgoing, Wanted},
    clock::Clock,
    conversations::{self, Cursor, Side},
    error::Error,
    live::{Outlet, Push},
    login::{self, LoggedIn, Login},
    messages,
    random::Random,
    settings::Settings,
};
use proto::element::{self, Body};
use serde_json::{Value, json};
use store::{Db, PostgresOptions, testing};

use dice::Dice;
use model::{Model, Pushed};

const APP: u32 = 1_400_000_001;
const SECRET: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const USERS: [&str; 5] = ["administrator", "ann", "ben", "cleo", "Zoë"];
const TAGS: [&str; 3] = ["a", "b", "家"];
const NAMES: [&str; 2] = ["city", "level"];
const VALUES: [&str; 2] = ["x", "y"];
const START: i64 = 1_767_225_600;
const SIG_SECONDS: i64 = 864_000;
const BROWSER: i64 = 7;
const ROUNDS: u64 = 6;
const OPERATIONS: usize = 150;

impl Dice {
    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.roll(all.len())]
    }

    fn some(&mut self, all: &[&'static str], one_in: usize) -> BTreeSet<String> {
        all.iter().filter(|_| self.one_in(one_in)).map(|it| (*it).to_owned()).collect()
    }

    fn values(&mut self) -> BTreeMap<String, String> {
        let names = self.some(&NAMES, 2);
        names.into_iter().map(|it| (it, self.of(&VALUES).to_owned())).collect()
    }
}

/// The texts that a page was pushed.
#[derive(Default)]
struct Page(Mutex<Vec<String>>);

impl Outlet for Page {
    fn push(&self, push: &Push) {
        let frame: Value = serde_json::from_slice(push.json()).unwrap();
        let texts = &frame["body"]["EventArray"][0]["C2cMsgArray"][0]["MsgBody"][0]["MsgContent"]["Text"];
        self.0.lock().unwrap().extend(texts.as_str().map(str::to_owned));
    }

    fn is_open(&self) -> bool {
        true
    }

    fn source(&self) -> std::net::IpAddr {
        std::net::Ipv4Addr::LOCALHOST.into()
    }
}

struct World {
    db: Db,
    clock: Clock,
    cx: Cx,
    dice: Dice,
    model: Model,
    pages: BTreeMap<&'static str, (LoggedIn, Arc<Page>)>,
}

async fn open(db: &Db, clock: &Clock, seed: u64) -> Arc<Chat> {
    Chat::open(db.clone(), clock.clone(), Random::seeded(seed)).await.unwrap()
}

fn admin(chat: Arc<Chat>) -> Cx {
    let app = chat.apps.get(APP).unwrap();
    Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None }
}

impl World {
    async fn open(db: Db, seed: u64) -> World {
        let clock = Clock::fixed(START * 1000);
        let chat = open(&db, &clock, seed).await;
        let mut settings = Settings::default();
        for (key, value) in [
            ("app.hmac_secrets", json!([SECRET])),
            ("push_all.min_interval_seconds", json!(0)),
            ("push_all.per_day", json!(OPERATIONS)),
        ] {
            settings.set(key, value).unwrap();
        }
        Box::pin(chat.create_app(APP, settings)).await.unwrap();
        let cx = admin(chat);
        for user in USERS {
            accounts::import(&cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
        }
        let names = (0..).zip(NAMES.map(str::to_owned)).collect();
        pushes::set_attribute_names(&cx, names).await.unwrap();
        let model = Model::new(&USERS);
        World { db, clock, cx, dice: Dice(seed), model, pages: BTreeMap::new() }
    }

    async fn step(&mut self) {
        match self.dice.roll(20) {
            0..4 => self.mark().await,
            4..6 => self.unmark().await,
            6..11 => self.push().await,
            11..14 => self.come().await,
            14 => self.leave().await,
            15 | 16 => self.read().await,
            17 => self.end_and_start().await,
            18 => drop(self.cx.chat.prune_pushes().await.unwrap()),
            _ => {
                let most = if self.dice.one_in(10) { 900 } else { 30 };
                self.clock.advance(1000 * (1 + self.dice.roll(most) as i64));
            }
        }
        if self.dice.one_in(2) {
            self.deliver().await;
        }
        self.cx.chat.resume_pushes().await.unwrap();
        self.model.resume(self.clock.now());
        self.compare_pages();
    }

    async fn mark(&mut self) {
        let user = self.dice.of(&USERS);
        if self.dice.one_in(2) {
            let tags = self.dice.some(&TAGS, 2);
            let items = vec![(user.to_owned(), tags.iter().cloned().collect())];
            pushes::add_tags(&self.cx, items).await.unwrap();
            self.model.user(user).tags.extend(tags);
        } else {
            let values = self.dice.values();
            let items = vec![(user.to_owned(), values.clone().into_iter().collect())];
            pushes::set_attributes(&self.cx, items).await.unwrap();
            self.model.user(user).attributes.extend(values);
        }
    }

    async fn unmark(&mut self) {
        let user = self.dice.of(&USERS);
        match self.dice.roll(5) {
            0..2 => {
                let tags = self.dice.some(&TAGS, 2);
                let items = vec![(user.to_owned(), tags.iter().cloned().collect())];
                pushes::remove_tags(&self.cx, items).await.unwrap();
                self.model.user(user).tags.retain(|it| !tags.contains(it));
            }
            2..4 => {
                let names = self.dice.some(&NAMES, 2);
                let items = vec![(user.to_owned(), names.iter().cloned().collect())];
                pushes::remove_attributes(&self.cx, items).await.unwrap();
                self.model.user(user).attributes.retain(|name, _| !names.contains(name));
            }
            _ => {
                pushes::remove_all_tags(&self.cx, vec![user.to_owned()]).await.unwrap();
                self.model.user(user).tags.clear();
            }
        }
    }

    async fn push(&mut self) {
        let (every, some) = (self.dice.some(&TAGS, 4), self.dice.some(&TAGS, 4));
        let wanted = match self.dice.roll(3) {
            0 => Wanted::Tags { every: Vec::new(), some: Vec::new() },
            1 => Wanted::Tags { every: every.into_iter().collect(), some: some.into_iter().collect() },
            _ => Wanted::Attributes { every: self.dice.values(), some: self.dice.values() },
        };
        let life_seconds = if self.dice.one_in(3) { 0 } else { 1 + self.dice.roll(60) as i64 };
        let from = self.dice.of(&["administrator", "ann"]);
        let (text, now) = (format!("push {}", self.model.pushes.len()), self.clock.now());
        let raw = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]).to_string();
        let pushed = Pushed {
            from,
            time: now,
            until: if life_seconds == 0 { 0 } else { now + life_seconds },
            audience: self.model.audience(from, &wanted),
            text,
        };
        let outgoing = Outgoing {
            from: from.to_owned(),
            random: self.model.pushes.len() as u32,
            life_seconds,
            body: Arc::new(Body::check(&raw, element::From::Admin).unwrap()),
            wanted,
            push_info: String::new(),
        };
        pushes::push(&self.cx, outgoing).await.unwrap();
        self.model.push(pushed);
        if self.dice.one_in(6) {
            self.end_and_start().await;
        }
    }

    async fn deliver(&mut self) {
        self.cx.chat.deliver_waiting_pushes().await;
        self.model.deliver();
    }

    /// The user's page is opened, or opened anew.
    async fn come(&mut self) {
        let (user, now, page) = (self.dice.of(&USERS), self.clock.now(), Arc::new(Page::default()));
        let wanted = Login {
            user: user.to_owned(),
            sig: proto::usersig::sign_hmac(SECRET, APP, user, now, SIG_SECONDS, None),
            page: user.to_owned(),
            platform: BROWSER,
            outlet: page.clone(),
        };
        let done = login::login(&self.cx.chat, &self.cx.app, wanted).await.unwrap();
        self.pages.insert(user, (done, page));
        self.model.come(user);
    }

    async fn leave(&mut self) {
        let user = self.dice.of(&USERS);
        if let Some((it, page)) = self.pages.remove(user) {
            let outlet: Arc<dyn Outlet> = page;
            login::detach(&self.cx.chat, &self.cx.app, &it.session, &outlet, login::Loss::LinkClosed)
                .await
                .unwrap();
            self.model.leave(user);
        }
    }

    fn as_user(&self, user: &str) -> Option<Cx> {
        let caller = Caller::User(self.pages.get(user)?.0.session.clone());
        Some(Cx { caller, ..self.cx.clone() })
    }

    async fn read(&mut self) {
        let (user, peer) = (self.dice.of(&USERS), self.dice.of(&["administrator", "ann"]));
        let Some(cx) = self.as_user(user).filter(|_| user != peer) else { return };
        let now = self.clock.now();
        match self.dice.one_in(2) {
            true => messages::set_read(&cx, user, peer, now, true).await.unwrap(),
            false => {
                let which = conversations::Which::Peer(peer.to_owned());
                conversations::delete(&cx, user, &which, false).await.unwrap();
            }
        }
        self.model.read(user, peer, now);
    }

    /// The process ends without warning, and another begins.
    async fn end_and_start(&mut self) {
        let chat = open(&self.db, &self.clock, self.dice.0).await;
        chat.start().await.unwrap();
        self.cx = admin(chat);
        self.pages.clear();
        self.model.end_and_start(self.clock.now());
        // Most pages that were open come back at once.
        for _ in USERS {
            self.come().await;
        }
    }

    fn compare_pages(&self) {
        for (user, (_, page)) in &self.pages {
            assert_eq!(*page.0.lock().unwrap(), self.model.user_at(user).told, "what {user} was pushed");
        }
    }

    /// What each user finds at its login: unread messages, counts, conversations, what it reads of them.
    async fn compare(&self) {
        let now = self.clock.now();
        for user in USERS {
            let unread = self.model.unread(user, now);
            let found = messages::unsynced(&self.cx, user).await.unwrap();
            assert_eq!(by_sender(&found.messages), unread, "unread messages of {user}");
            let counts: BTreeMap<_, _> = found.counts.into_iter().collect();
            let wanted = unread.iter().map(|(from, texts)| (from.clone(), texts.len() as i64)).collect();
            assert_eq!(counts, wanted, "counts of {user}");
            assert_eq!(self.listed(user).await, last_of(&unread), "conversations of {user}");
            let Some(cx) = self.as_user(user) else { continue };
            for (peer, texts) in self.model.alive(user, now) {
                let page = messages::page(&cx, user, &peer, messages::Range::ALL, 100).await.unwrap();
                let read: Vec<_> = page.messages.iter().map(|it| text(&it.body)).collect();
                assert_eq!(read, texts, "what {user} reads of {peer}");
            }
        }
    }

    async fn listed(&self, user: &str) -> BTreeMap<String, String> {
        let wanted =
            conversations::Wanted { pinned_apart: true, empty: false, pinned_paged: true, labels: false };
        let page = conversations::page(&self.cx, user, Cursor::default(), wanted).await.unwrap().unwrap();
        let last = |it: &conversations::Entry| match &it.side {
            Side::Peer(peer) => text(&peer.last.as_ref().unwrap().body),
            Side::Group(_) => String::new(),
        };
        page.entries.iter().map(|it| (it.which.id().to_owned(), last(it))).collect()
    }
}

fn text(body: &str) -> String {
    let body: Value = serde_json::from_str(body).unwrap();
    body[0]["MsgContent"]["Text"].as_str().unwrap().to_owned()
}

fn by_sender(items: &[String]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for item in items {
        let item: Value = serde_json::from_str(item).unwrap();
        let from = item["From_Account"].as_str().unwrap().to_owned();
        found.entry(from).or_default().push(text(&item["MsgBody"].to_string()));
    }
    found
}

fn last_of(unread: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, String> {
    unread.iter().map(|(from, texts)| (from.clone(), texts.last().unwrap().clone())).collect()
}

async fn live(open: impl Fn() -> Db) -> Result<(), Error> {
    let (mut told, mut waited, mut resumed) = (0, 0, 0);
    for seed in 0..ROUNDS {
        let mut world = World::open(open(), seed).await;
        for step in 1..=OPERATIONS {
            world.step().await;
            if step % 5 == 0 {
                world.compare().await;
                let now = world.clock.now();
                waited += USERS.iter().map(|it| world.model.unread(it, now).len()).sum::<usize>();
            }
        }
        told += world.model.times_told;
        resumed += world.model.times_resumed;
    }
    // A round in which nothing was pushed proves nothing.
    assert!(told > 100 && waited > 100 && resumed > 10, "told {told}, waited {waited}, resumed {resumed}");
    Ok(())
}

#[tokio::test]
async fn pushes_reach_whom_the_model_says_on_sqlite() {
    let folder = testing::Folder::new().unwrap();
    live(|| folder.database()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pushes_reach_whom_the_model_says_on_postgresql() {
    let Some(postgres) = testing::Postgres::shared() else { return };
    let done = live(|| {
        let open = || Db::open_postgres(&postgres.fresh_database(), PostgresOptions::default());
        tokio::task::block_in_place(open).unwrap()
    });
    done.await.unwrap();
}
