//! Random operations on real conversations, beside a plain model of the rules, on both engines.
//!
//! The model keeps a list of messages and recomputes everything from it; the store must agree on histories,
//! unread counts and conversation lists, for every user, after every few operations.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "shared/dice.rs"]
mod dice;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    clock::Clock,
    conversations::{self, Cursor, Wanted, Which},
    error::Error,
    messages::{self, Change, Named, Options, Outgoing, Range, Sync},
    random::Random,
    settings::Settings,
};
use dice::Dice;
use proto::{Code, MsgKey, element};
use store::{Db, PostgresOptions, testing};

const APP: u32 = 1_400_000_001;
const USERS: [&str; 4] = ["administrator", "ann", "ben", "Zoë"];
const START: i64 = 1_767_225_600;
const ROUNDS: u64 = 10;
const OPERATIONS: usize = 60;
/// Longer than any round.
const LIFE_SECONDS: i64 = 604_800_000;

impl Dice {
    fn one_in(&mut self, n: usize) -> bool {
        self.roll(n) == 0
    }

    fn two_users(&mut self) -> (&'static str, &'static str) {
        let one = self.roll(USERS.len());
        let other = (one + 1 + self.roll(USERS.len() - 1)) % USERS.len();
        (USERS[one], USERS[other])
    }
}

#[derive(Clone, Debug)]
struct Message {
    from: &'static str,
    to: &'static str,
    key: MsgKey,
    text: String,
    counts: bool,
    may_be_last: bool,
    recalled: bool,
    hidden_from: BTreeSet<&'static str>,
}

#[derive(Default)]
struct Model {
    messages: Vec<Message>,
    read_at: BTreeMap<(&'static str, &'static str), i64>,
    /// Pairs that ever had a message, kept or not: only they have a read time.
    known: BTreeSet<(&'static str, &'static str)>,
}

impl Model {
    fn between<'a>(&'a self, owner: &'a str, peer: &'a str) -> Vec<&'a Message> {
        let ours = |it: &&Message| (it.from, it.to) == (owner, peer) || (it.from, it.to) == (peer, owner);
        let mut found: Vec<_> =
            self.messages.iter().filter(ours).filter(|it| !it.hidden_from.contains(owner)).collect();
        found.sort_by_key(|it| (it.key.time, it.key.seq, it.key.random));
        found
    }

    fn history(&self, owner: &str, peer: &str) -> Vec<(String, String, bool)> {
        let items = self.between(owner, peer).into_iter();
        items.map(|it| (it.key.to_string(), it.text.clone(), it.recalled)).collect()
    }

    fn unread(&self, owner: &'static str, peer: &'static str) -> i64 {
        let read_at = self.read_at.get(&(owner, peer)).copied().unwrap_or(0);
        let counts = |it: &&Message| it.from == peer && it.counts && !it.recalled && it.key.time > read_at;
        self.between(owner, peer).into_iter().filter(counts).count() as i64
    }

    /// (peer, time of the last message), newest first.
    fn list(&self, owner: &str) -> Vec<(String, i64)> {
        let last = |peer: &str| {
            self.between(owner, peer).into_iter().rfind(|it| it.may_be_last).map(|it| it.key.time)
        };
        let peers = USERS.iter().filter(|it| **it != owner);
        let mut list: Vec<_> = peers.filter_map(|peer| Some(((*peer).to_owned(), last(peer)?))).collect();
        list.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        list
    }

    fn has_key(&self, one: &str, other: &str, key: MsgKey) -> bool {
        let ours = |it: &Message| (it.from, it.to) == (one, other) || (it.from, it.to) == (other, one);
        self.messages.iter().any(|it| it.key == key && ours(it))
    }

    fn met(&mut self, one: &'static str, other: &'static str) {
        self.known.extend([(one, other), (other, one)]);
    }
}

struct World {
    cx: Cx,
    dice: Dice,
    model: Model,
    sent: u32,
}

fn body(text: &str) -> element::Body {
    let json = format!(r#"[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{text}"}}}}]"#);
    element::Body::check(&json, element::From::Admin).expect("a text element is good")
}

impl World {
    async fn open(db: Db, seed: u64) -> World {
        let chat = Chat::open(db, Clock::fixed(START * 1000), Random::seeded(seed)).await.unwrap();
        chat.create_app(APP, Settings::default()).await.unwrap();
        let app = chat.apps.get(APP).unwrap();
        let cx = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
        for user in USERS {
            accounts::import(&cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
        }
        World { cx, dice: Dice(seed), model: Model::default(), sent: 0 }
    }

    async fn step(&mut self) {
        match self.dice.roll(10) {
            0..4 => self.send().await,
            4 => self.import().await,
            5 => self.read().await,
            6 => self.recall().await,
            7 => self.delete().await,
            8 => self.modify().await,
            _ => self.cx.chat.clock.advance(1000 * self.dice.roll(4000) as i64),
        }
    }

    fn outgoing(&mut self, from: &str, to: &str, options: Options) -> Outgoing {
        self.sent += 1;
        Outgoing {
            from: from.to_owned(),
            to: to.to_owned(),
            // Few numbers, so that keys meet.
            seq: Some(self.dice.roll(5) as u32),
            random: self.dice.roll(3) as u32,
            client_time: None,
            body: Arc::new(body(&format!("text {}", self.sent))),
            cloud: String::new(),
            push_info: String::new(),
            options,
        }
    }

    async fn send(&mut self) {
        let (from, to) = self.dice.two_users();
        let options = Options {
            sync: if self.dice.one_in(4) { Sync::Nothing } else { Sync::Keep },
            online_only: self.dice.one_in(8),
            life_seconds: LIFE_SECONDS,
            no_unread: self.dice.one_in(5),
            no_last: self.dice.one_in(5),
            ..Options::default()
        };
        let outgoing = self.outgoing(from, to, options);
        let sent = messages::send(&self.cx, outgoing, Code::C2cToUnknown).await.unwrap();
        self.model.met(from, to);
        if options.online_only || self.model.has_key(from, to, sent.key) {
            return;
        }
        let hidden_from = (options.sync == Sync::Nothing).then_some(from).into_iter().collect();
        self.model.messages.push(Message {
            from,
            to,
            key: sent.key,
            text: format!("text {}", self.sent),
            counts: !options.no_unread,
            may_be_last: !options.no_last,
            recalled: false,
            hidden_from,
        });
    }

    async fn import(&mut self) {
        let (from, to) = self.dice.two_users();
        let live = self.dice.one_in(2);
        let outgoing = self.outgoing(from, to, Options { life_seconds: LIFE_SECONDS, ..Options::default() });
        let time = START - 5000 + self.dice.roll(10_000) as i64;
        let key = MsgKey { seq: outgoing.seq.unwrap(), random: outgoing.random, time };
        messages::import(&self.cx, outgoing, time, live).await.unwrap();
        self.model.met(from, to);
        if !self.model.has_key(from, to, key) {
            self.model.messages.push(Message {
                from,
                to,
                key,
                text: format!("text {}", self.sent),
                counts: live,
                may_be_last: true,
                recalled: false,
                hidden_from: BTreeSet::new(),
            });
        }
    }

    async fn read(&mut self) {
        let (owner, peer) = self.dice.two_users();
        let now = self.cx.chat.clock.now();
        let until = now - self.dice.roll(3000) as i64 + 500;
        messages::set_read(&self.cx, owner, peer, until, true).await.unwrap();
        if self.model.known.contains(&(owner, peer)) {
            let at = self.model.read_at.entry((owner, peer)).or_insert(0);
            *at = (*at).max(until.min(now));
        }
    }

    /// The index of any message, if there is one.
    fn pick(&mut self) -> Option<usize> {
        (!self.model.messages.is_empty()).then(|| self.dice.roll(self.model.messages.len()))
    }

    fn named(&self, index: usize) -> Named {
        let it = &self.model.messages[index];
        Named { from: it.from.to_owned(), to: it.to.to_owned(), key: it.key }
    }

    async fn recall(&mut self) {
        let Some(index) = self.pick() else { return };
        let done = messages::recall(&self.cx, self.named(index)).await;
        let was = std::mem::replace(&mut self.model.messages[index].recalled, true);
        match done {
            Ok(()) => assert!(!was, "a message was recalled twice"),
            Err(Error::Fail(it)) => assert_eq!((it.number, was), (20023, true)),
            Err(error) => panic!("{error}"),
        }
    }

    async fn delete(&mut self) {
        let Some(index) = self.pick() else { return };
        let it = self.model.messages[index].clone();
        let owner = if self.dice.one_in(2) { it.from } else { it.to };
        let peer = if owner == it.from { it.to } else { it.from };
        messages::delete_own(&self.cx, owner, peer, vec![it.key]).await.unwrap();
        self.model.messages[index].hidden_from.insert(owner);
    }

    async fn modify(&mut self) {
        let Some(index) = self.pick() else { return };
        self.sent += 1;
        let text = format!("text {}", self.sent);
        let change = Change { body: Some(body(&text)), cloud: None, version: None };
        let recalled = self.model.messages[index].recalled;
        match messages::modify(&self.cx, self.named(index), change).await {
            Ok(_) => {
                assert!(!recalled, "a recalled message was modified");
                self.model.messages[index].text = text;
            }
            Err(Error::Fail(it)) => assert_eq!((it.number, recalled), (20026, true)),
            Err(error) => panic!("{error}"),
        }
    }

    /// Everything that anybody can see is what the model says.
    async fn compare(&self) {
        for owner in USERS {
            let mut total = 0;
            for peer in USERS.into_iter().filter(|it| *it != owner) {
                assert_eq!(
                    self.history(owner, peer).await,
                    self.model.history(owner, peer),
                    "{owner} and {peer}"
                );
                let unread = messages::count_unread(&self.cx, owner, vec![peer.to_owned()]).await.unwrap();
                let expected = self.model.unread(owner, peer);
                assert_eq!(unread, [Some(expected)], "unread of {owner} from {peer}");
                total += expected;
            }
            assert_eq!(messages::count_all_unread(&self.cx, owner).await.unwrap(), total, "all of {owner}");
            assert_eq!(self.list(owner).await, self.model.list(owner), "list of {owner}");
        }
    }

    /// Page by page, so that paging is tested as well.
    async fn history(&self, owner: &str, peer: &str) -> Vec<(String, String, bool)> {
        let (mut range, mut all) = (Range::ALL, Vec::new());
        loop {
            let page = messages::page(&self.cx, owner, peer, range, 3).await.unwrap();
            let Some(first) = page.messages.first() else { break };
            range.before = first.place();
            let items = page.messages.iter().map(|it| {
                let key = MsgKey { seq: it.seq as u32, random: it.random as u32, time: it.time };
                let body: serde_json::Value = serde_json::from_str(&it.body).unwrap();
                let text = body[0]["MsgContent"]["Text"].as_str().unwrap().to_owned();
                (key.to_string(), text, it.has(messages::flag::RECALLED))
            });
            all.splice(0..0, items.collect::<Vec<_>>());
            if page.complete {
                break;
            }
        }
        all
    }

    async fn list(&self, owner: &str) -> Vec<(String, i64)> {
        let wanted = Wanted { pinned_apart: true, empty: false, pinned_paged: true, labels: false };
        let page = conversations::page(&self.cx, owner, Cursor::default(), wanted).await.unwrap().unwrap();
        let peer = |it: conversations::Entry| match it.which {
            Which::Peer(peer) => (peer, it.time),
            Which::Group(group) => panic!("the group {group} is in the list"),
        };
        page.entries.into_iter().map(peer).collect()
    }
}

async fn live(open: impl Fn() -> Db) {
    for seed in 0..ROUNDS {
        let mut world = World::open(open(), seed).await;
        for step in 0..OPERATIONS {
            world.step().await;
            if step % 6 == 5 {
                world.compare().await;
            }
        }
        assert!(world.model.messages.len() > 10, "round {seed} is of no use");
    }
}

#[tokio::test]
async fn conversations_are_what_the_model_says_on_sqlite() {
    let folder = testing::Folder::new().unwrap();
    Box::pin(live(|| folder.database())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_are_what_the_model_says_on_postgresql() {
    let Some(postgres) = testing::Postgres::shared() else { return };
    Box::pin(live(|| {
        let open = || Db::open_postgres(&postgres.fresh_database(), PostgresOptions::default());
        tokio::task::block_in_place(open).unwrap()
    }))
    .await;
}
