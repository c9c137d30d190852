//! Delivery of webhooks to a backend that fails in every way, with the server stopped in the middle, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    apps::State,
    clock::Clock,
    profiles,
    random::Random,
    settings::Settings,
    webhooks::{Attempt, Failure, Request, Transport, deliver},
};
use serde_json::{Value, json};
use store::{Db, PostgresOptions, testing};

const APP: u32 = 1_400_000_001;
const USERS: [&str; 6] = ["ann", "ben", "cleo", "dora", "emil", "fay"];
const EVENTS_EACH: usize = 12;
/// Longest time that a test waits for what must come.
const WAIT: Duration = Duration::from_secs(40);

/// What the backend does with the attempt of this number, counted from 1.
type Mood = fn(usize) -> Result<String, Failure>;

struct Backend {
    mood: Mutex<Mood>,
    /// Event ids with user and number, in the order in which they were accepted.
    accepted: Mutex<Vec<(String, String, u64)>>,
    attempts: Mutex<usize>,
}

impl Backend {
    fn new(mood: Mood) -> Arc<Backend> {
        let (accepted, attempts) = (Mutex::default(), Mutex::default());
        Arc::new(Backend { mood: Mutex::new(mood), accepted, attempts })
    }

    fn change(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn attempts(&self) -> usize {
        *self.attempts.lock().unwrap()
    }

    /// The numbers that each user's events had, in the order of their acceptance; repetitions are left out.
    fn by_user(&self) -> BTreeMap<String, Vec<u64>> {
        let (mut seen, mut by_user) = (BTreeSet::new(), BTreeMap::<_, Vec<_>>::new());
        for (id, user, number) in self.accepted.lock().unwrap().iter() {
            if seen.insert(id.clone()) {
                by_user.entry(user.clone()).or_default().push(*number);
            }
        }
        by_user
    }

    fn count(&self) -> usize {
        self.by_user().values().map(Vec::len).sum()
    }

    async fn has(&self, count: usize) {
        let all = async {
            while self.count() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(WAIT, all).await.unwrap_or_else(|_| panic!("only {} of {count}", self.count()));
    }
}

impl Transport for Backend {
    fn post<'a>(&'a self, _: &'a Arc<State>, request: &'a Request) -> Attempt<'a> {
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap();
            *attempts += 1;
            *attempts
        };
        let mood = *self.mood.lock().unwrap();
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let answer = mood(attempt)?;
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let user = body["From_Account"].as_str().unwrap().to_owned();
            let number = body["ProfileItem"][0]["Value"].as_u64().unwrap();
            self.accepted.lock().unwrap().push((request.event_id.clone().unwrap(), user, number));
            Ok(answer)
        })
    }
}

fn fine(_: usize) -> Result<String, Failure> {
    Ok("{}".to_owned())
}

fn dead(_: usize) -> Result<String, Failure> {
    Err(Failure::Unreachable("connection refused".to_owned()))
}

fn moody(attempt: usize) -> Result<String, Failure> {
    match attempt % 11 {
        2 => Err(Failure::TimedOut),
        5 => Err(Failure::Rejected("status 500".to_owned())),
        7 => Err(Failure::Unreachable("connection reset".to_owned())),
        _ => fine(attempt),
    }
}

async fn server(db: &Db, backend: &Arc<Backend>, more: &[(&str, Value)]) -> Cx {
    let chat = Chat::open(db.clone(), Clock::system(), Random::seeded(1)).await.unwrap();
    chat.webhooks.connect(backend.clone());
    if chat.apps.get(APP).is_none() {
        let mut settings = Settings::default();
        settings.set("webhooks.url", "http://backend.example".into()).unwrap();
        settings.set("webhooks.commands", json!({"Profile.CallbackPortraitSet": true})).unwrap();
        more.iter().for_each(|(key, value)| settings.set(key, value.clone()).unwrap());
        Box::pin(chat.create_app(APP, settings)).await.unwrap();
    }
    let app = chat.apps.get(APP).unwrap();
    let cx = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
    for user in USERS {
        accounts::import(&cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
    }
    cx
}

/// Each user's level is set to one number after the other, each of which is an event.
async fn make_events(cx: &Cx, from: usize, count: usize) {
    for number in from..from + count {
        for user in USERS {
            let level = vec![("Tag_Profile_IM_Level".to_owned(), number.to_string())];
            profiles::set(cx, user, level).await.unwrap();
        }
    }
}

fn numbers(count: usize) -> BTreeMap<String, Vec<u64>> {
    USERS.iter().map(|it| ((*it).to_owned(), (0..count as u64).collect())).collect()
}

/// Runs a test on SQLite, and on PostgreSQL where there is one.
fn on_both<F: Future<Output = ()>>(test: fn(Db) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = testing::Folder::new().unwrap();
    runtime.block_on(test(Db::open_sqlite(&folder.path().join("magpie.db")).unwrap()));
    if let Some(postgres) = testing::Postgres::shared() {
        let options = PostgresOptions { writers: 2, readers: 2 };
        runtime.block_on(test(Db::open_postgres(&postgres.fresh_database(), options).unwrap()));
    }
}

#[test]
fn every_event_arrives_in_the_order_of_its_user_whatever_the_backend_does() {
    on_both(|db| async move {
        let backend = Backend::new(moody);
        let cx = server(&db, &backend, &[]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        make_events(&cx, 0, EVENTS_EACH).await;
        backend.has(USERS.len() * EVENTS_EACH).await;
        delivery.abort();
        assert_eq!(backend.by_user(), numbers(EVENTS_EACH));
    });
}

#[test]
fn what_was_committed_before_a_crash_is_delivered_after_it() {
    on_both(|db| async move {
        let backend = Backend::new(fine);
        for round in 0..4 {
            let cx = server(&db, &backend, &[]).await;
            let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
            make_events(&cx, round * EVENTS_EACH, EVENTS_EACH).await;
            // It stops wherever it is.
            delivery.abort();
        }
        let cx = server(&db, &backend, &[]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        backend.has(USERS.len() * EVENTS_EACH * 4).await;
        delivery.abort();
        assert_eq!(backend.by_user(), numbers(EVENTS_EACH * 4));
    });
}

#[test]
fn a_dead_backend_is_left_alone_and_gets_everything_when_it_is_back() {
    on_both(|db| async move {
        let backend = Backend::new(dead);
        let cx = server(&db, &backend, &[]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        make_events(&cx, 0, 50).await;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        assert!(backend.attempts() < 20, "{} attempts", backend.attempts());
        backend.change(fine);
        backend.has(USERS.len() * 50).await;
        delivery.abort();
        assert_eq!(backend.by_user(), numbers(50));
    });
}

#[test]
fn nothing_is_delivered_while_it_is_paused_and_a_replay_delivers_once_more() {
    on_both(|db| async move {
        let backend = Backend::new(fine);
        let cx = server(&db, &backend, &[("webhooks.paused", true.into())]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        make_events(&cx, 0, 2).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(backend.attempts(), 0);
        cx.chat.change_app(APP, vec![("webhooks.paused".to_owned(), false.into())]).await.unwrap();
        backend.has(USERS.len() * 2).await;
        let again = async {
            // What is not written down as delivered yet is not replayed.
            while cx.chat.replay_webhooks(APP, (0, i64::MAX), false).await.unwrap() < 12 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            while backend.attempts() < 24 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(WAIT, again).await.unwrap();
        delivery.abort();
        assert_eq!(backend.by_user(), numbers(2), "under the ids that they had");
    });
}

#[test]
fn an_app_may_have_what_waited_forgotten_at_a_restart() {
    on_both(|db| async move {
        let backend = Backend::new(fine);
        let cx = server(&db, &backend, &[("webhooks.delivery", "memory".into())]).await;
        make_events(&cx, 0, 2).await;
        let cx = server(&db, &backend, &[]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        tokio::time::sleep(Duration::from_millis(300)).await;
        make_events(&cx, 2, 1).await;
        backend.has(USERS.len()).await;
        delivery.abort();
        assert!(backend.by_user().values().all(|it| *it == [2]), "{:?}", backend.by_user());
    });
}

#[test]
fn more_than_may_wait_is_left_out_and_counted() {
    on_both(|db| async move {
        let backend = Backend::new(dead);
        let cx = server(&db, &backend, &[("webhooks.max_waiting", 12.into())]).await;
        let delivery = tokio::spawn(deliver::run(cx.chat.clone()));
        make_events(&cx, 0, 3).await;
        let counted = async {
            while cx.app.hooks.waiting() < 12 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(WAIT, counted).await.unwrap();
        make_events(&cx, 3, 2).await;
        let dropped = cx.app.hooks.numbers.dropped.load(std::sync::atomic::Ordering::Relaxed);
        delivery.abort();
        assert_eq!(dropped, 12);
    });
}
