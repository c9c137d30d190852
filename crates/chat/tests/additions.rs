//! Extensions of a message under random changes, beside a plain model, on both engines: what is read at once, and
//! what a client puts together from what it reads now and then.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "shared/dice.rs"]
mod dice;
#[path = "shared/session.rs"]
mod session;

use std::{collections::BTreeMap, sync::Arc};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    additions::{
        Named,
        extensions::{self, Given, Op},
    },
    clock::Clock,
    messages::{self, Options, Outgoing},
    random::Random,
    settings::Settings,
};
use dice::Dice;
use proto::{Code, MsgKey, element};
use session::session;
use store::{Db, PostgresOptions, testing};

const APP: u32 = 1_400_000_001;
const START: i64 = 1_767_225_600;
const ROUNDS: u64 = 8;
const CHANGES: usize = 150;
/// Few, so that changes meet.
const KEYS: usize = 12;
/// Longer than a change costs of its minute.
const STEP_MILLIS: i64 = 400;

/// What a client holds: its pairs as it knows them, and the newest change that it read.
struct Client {
    cx: Cx,
    pairs: BTreeMap<String, (String, i64)>,
    read: i64,
}

impl Client {
    fn new(cx: &Cx, user: &str, inst_id: i64) -> Client {
        Client {
            cx: Cx { caller: session((APP, START), user, inst_id), ..cx.clone() },
            pairs: BTreeMap::new(),
            read: 0,
        }
    }

    /// Reads on as the Web SDK does: from the change after the last one, and drops what was cleared.
    async fn read_on(&mut self, key: MsgKey) {
        let mut from = self.read;
        loop {
            let page = extensions::page(&self.cx, named(key), from).await.unwrap();
            for it in &page.pairs {
                self.pairs.insert(it.key.clone(), (it.value.clone(), it.seq));
            }
            self.pairs.retain(|_, it| it.1 > page.clear_seq);
            self.read = page.latest_seq;
            if page.is_complete {
                return;
            }
            from = page.pairs.last().expect("an incomplete page has pairs").seq + 1;
        }
    }

    /// The pairs that it shows.
    fn shown(&self) -> BTreeMap<String, String> {
        let live = self.pairs.iter().filter(|it| !it.1.0.is_empty());
        live.map(|(key, (value, _))| (key.clone(), value.clone())).collect()
    }
}

fn named(key: MsgKey) -> Named {
    Named::OneToOne(messages::Named { from: "ann".to_owned(), to: "ben".to_owned(), key })
}

async fn open(db: Db, seed: u64) -> (Cx, MsgKey) {
    let chat = Chat::open(db, Clock::fixed(START * 1000), Random::seeded(seed)).await.unwrap();
    chat.create_app(APP, Settings::default()).await.unwrap();
    let app = chat.apps.get(APP).unwrap();
    let cx = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
    for user in ["ann", "ben"] {
        accounts::import(&cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
    }
    let json = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"vote"}}]"#;
    let outgoing = Outgoing {
        from: "ann".to_owned(),
        to: "ben".to_owned(),
        seq: Some(1),
        random: 1,
        client_time: None,
        body: Arc::new(element::Body::check(json, element::From::Admin).unwrap()),
        cloud: String::new(),
        push_info: String::new(),
        options: Options { extensible: true, life_seconds: 604_800, ..Options::default() },
    };
    let sent = messages::send(&cx, outgoing, Code::C2cToUnknown).await.unwrap();
    (cx, sent.key)
}

/// Changes by a backend and by two clients, each of which knows only what it read.
async fn round(db: Db, seed: u64) -> usize {
    let (admin, key) = open(db, seed).await;
    let mut clients = [Client::new(&admin, "ann", 1), Client::new(&admin, "ben", 2)];
    let (mut dice, mut model, mut refused) = (Dice(seed), BTreeMap::<String, String>::new(), 0);
    for step in 0..CHANGES {
        admin.chat.clock.advance(STEP_MILLIS);
        let who = dice.roll(3);
        let op = [Op::Set, Op::Set, Op::Set, Op::Delete, Op::Delete, Op::Clear][dice.roll(6)];
        let op = if op == Op::Clear && dice.roll(4) > 0 { Op::Set } else { op };
        let known = |name: &str| clients.get(who).and_then(|it| it.pairs.get(name)).map_or(0, |it| it.1);
        let first = dice.roll(KEYS);
        let names: Vec<_> = (0..=dice.roll(4)).map(|it| format!("key {}", (first + it) % KEYS)).collect();
        let given = names.iter().map(|name| {
            let value = if op == Op::Set { format!("value {step}") } else { String::new() };
            Given { key: name.clone(), value, seq: known(name) }
        });
        let cx = clients.get(who).map_or(&admin, |it| &it.cx);
        let done = extensions::change(cx, named(key), op, given.collect()).await.unwrap();
        match op {
            Op::Clear => model.clear(),
            Op::Set | Op::Delete => {
                for (name, it) in names.iter().zip(&done.outcomes) {
                    let is_live = model.contains_key(name);
                    match it.code {
                        0 if op == Op::Set => drop(model.insert(name.clone(), it.value.clone())),
                        0 => drop(model.remove(name).expect("only what is there is deleted")),
                        23001 => refused += 1,
                        code => assert_eq!((code, is_live), (23004, false), "{name} in step {step}"),
                    }
                    assert!(it.code != 23001 || who < 2, "a backend was refused in step {step}");
                }
                // The answer brings the client up to date with the pairs of its call.
                if let Some(client) = clients.get_mut(who) {
                    for it in done.outcomes {
                        client.pairs.insert(it.key, (it.value, it.seq));
                    }
                }
            }
        }
        let all = extensions::page(&admin, named(key), 0).await.unwrap();
        let all: BTreeMap<_, _> = all.pairs.into_iter().map(|it| (it.key, it.value)).collect();
        assert_eq!(all, model, "all that is there in step {step}");
        for client in &mut clients {
            if dice.roll(5) == 0 {
                client.read_on(key).await;
                assert_eq!(client.shown(), model, "what a client put together in step {step}");
            }
        }
    }
    // Who has just read is never refused.
    let ann = &mut clients[0];
    ann.read_on(key).await;
    let given = (0..KEYS).map(|it| {
        let name = format!("key {it}");
        let seq = ann.pairs.get(&name).map_or(0, |it| it.1);
        Given { key: name, value: "last".to_owned(), seq }
    });
    let done = extensions::change(&ann.cx, named(key), Op::Set, given.collect()).await.unwrap();
    assert!(done.outcomes.iter().all(|it| it.code == 0), "round {seed}");
    refused
}

async fn rounds(open: impl Fn() -> Db) {
    let mut refused = 0;
    for seed in 0..ROUNDS {
        refused += Box::pin(round(open(), seed)).await;
    }
    assert!(refused > 50, "the rounds are of no use: {refused} conflicts");
}

#[tokio::test]
async fn extensions_are_what_the_model_says_on_sqlite() {
    let folder = testing::Folder::new().unwrap();
    rounds(|| folder.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn extensions_are_what_the_model_says_on_postgresql() {
    let Some(postgres) = testing::Postgres::shared() else { return };
    rounds(|| {
        let open = || Db::open_postgres(&postgres.fresh_database(), PostgresOptions::default());
        tokio::task::block_in_place(open).unwrap()
    })
    .await;
}
