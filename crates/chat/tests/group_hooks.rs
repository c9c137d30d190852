//! Messages to groups that wait for the answer of the app's backend: who waits behind whom.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use chat::{
    Caller, Chat, Cx,
    accounts::{self, Import},
    apps::State,
    clock::Clock,
    groups::{self, Kind, NewGroup, send},
    messages::Hooked,
    random::Random,
    settings::Settings,
    webhooks::{Attempt, Request, Transport},
};
use proto::element::{Body, From};
use serde_json::{Map, Value, json};
use store::{Db, PostgresOptions, testing};
use tokio::sync::{Notify, oneshot};

const APP: u32 = 1_400_000_001;
/// What the clock shows at first.
const START_MS: i64 = 1_767_225_600_000;

/// A question that was asked: the sender, the message's random number, and where the answer goes.
type Asked = (String, i64, oneshot::Sender<()>);

/// A backend that answers a question when it is told to.
#[derive(Default)]
struct Backend {
    asked: Mutex<Vec<Asked>>,
    news: Notify,
}

impl Transport for Backend {
    fn post<'a>(&'a self, _: &'a Arc<State>, request: &'a Request) -> Attempt<'a> {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let (sender, answered) = oneshot::channel();
        let from = body["From_Account"].as_str().unwrap().to_owned();
        self.asked.lock().unwrap().push((from, body["Random"].as_i64().unwrap(), sender));
        self.news.notify_one();
        Box::pin(async move {
            answered.await.unwrap();
            Ok(json!({"ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": ""}).to_string())
        })
    }
}

impl Backend {
    /// Waits until so many questions are open, and says of which messages.
    async fn open(&self, count: usize) -> Vec<(String, i64)> {
        loop {
            let asked: Vec<_> = self.asked.lock().unwrap().iter().map(|it| (it.0.clone(), it.1)).collect();
            if asked.len() >= count {
                return asked;
            }
            self.news.notified().await;
        }
    }

    fn answer(&self, from: &str) {
        let mut asked = self.asked.lock().unwrap();
        let place = asked.iter().position(|it| it.0 == from).unwrap();
        asked.remove(place).2.send(()).unwrap();
    }
}

async fn server(db: Db, backend: &Arc<Backend>) -> Cx {
    let chat = Chat::open(db, Clock::fixed(START_MS), Random::seeded(1)).await.unwrap();
    chat.webhooks.connect(backend.clone());
    let mut settings = Settings::default();
    settings.set("webhooks.url", "http://backend.example".into()).unwrap();
    settings.set("webhooks.commands", json!({"Group.CallbackBeforeSendMsg": true})).unwrap();
    Box::pin(chat.create_app(APP, settings)).await.unwrap();
    let app = chat.apps.get(APP).unwrap();
    let cx = Cx { chat, app, caller: Caller::Admin("administrator".into()), ip: None };
    for user in ["ann", "ben"] {
        accounts::import(&cx, Import { user: user.to_owned(), nick: None, face: None }).await.unwrap();
    }
    for group in ["team", "other"] {
        groups::make(&cx, new_group(group)).await.unwrap();
    }
    cx
}

fn new_group(id: &str) -> NewGroup {
    NewGroup {
        kind: Kind::Public,
        group_id: Some(id.to_owned()),
        owner: Some("ann".to_owned()),
        name: id.to_owned(),
        introduction: String::new(),
        notification: String::new(),
        face: String::new(),
        max_members: None,
        apply: None,
        invite: None,
        support_topic: false,
        custom: Map::new(),
        members: Vec::new(),
        imported_at: None,
    }
}

/// Sends in the background.
fn send(cx: &Cx, group: &str, from: &str, random: u32) -> tokio::task::JoinHandle<send::Sent> {
    send_with(cx, group, from, random, Hooked { before: true, after: true, robots: true })
}

fn send_with(
    cx: &Cx,
    group: &str,
    from: &str,
    random: u32,
    hooks: Hooked,
) -> tokio::task::JoinHandle<send::Sent> {
    let body = r#"[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}}]"#;
    let it = send::Outgoing {
        group: group.to_owned(),
        topic: None,
        from: from.to_owned(),
        random,
        priority: 2,
        client: None,
        body: Arc::new(Body::check(body, From::Admin).unwrap()),
        cloud: String::new(),
        push_info: String::new(),
        mentions: Vec::new(),
        targets: Vec::new(),
        options: send::Options::default(),
        hooks,
    };
    let cx = cx.clone();
    tokio::spawn(async move { send::send(&cx, it).await.unwrap() })
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
fn later_messages_of_the_same_sender_in_the_same_group_wait_and_nothing_else_does() {
    on_both(|db| async {
        let backend = Arc::new(Backend::default());
        let cx = server(db, &backend).await;
        let first = send(&cx, "team", "ann", 1);
        backend.open(1).await;
        let second = send(&cx, "team", "ann", 2);
        let of_another = send(&cx, "team", "ben", 3);
        backend.open(2).await;
        let elsewhere = send(&cx, "other", "ann", 4);
        let asked = backend.open(3).await;
        let names: Vec<_> = asked.iter().map(|it| (it.0.as_str(), it.1)).collect();
        assert_eq!(names, [("ann", 1), ("ben", 3), ("ann", 4)], "the second is not asked about yet");
        backend.answer("ben");
        assert_eq!(of_another.await.unwrap().seq, 1, "a number is taken after the answer");
        backend.answer("ann");
        assert_eq!(first.await.unwrap().seq, 2);
        backend.open(2).await;
        backend.answer("ann");
        backend.answer("ann");
        assert_eq!(elsewhere.await.unwrap().seq, 1);
        assert_eq!(second.await.unwrap().seq, 3);
    });
}

#[test]
fn a_message_sent_again_while_the_first_waits_gets_its_answer_and_is_not_asked_about() {
    on_both(|db| async {
        let backend = Arc::new(Backend::default());
        let cx = server(db, &backend).await;
        let first = send(&cx, "team", "ann", 1);
        backend.open(1).await;
        let again = send(&cx, "team", "ann", 1);
        let of_another = send(&cx, "team", "ben", 2);
        backend.open(2).await;
        backend.answer("ann");
        let first = first.await.unwrap();
        assert_eq!((first.seq, again.await.unwrap()), (1, first));
        backend.answer("ben");
        assert_eq!(of_another.await.unwrap().seq, 2);
        assert!(backend.asked.lock().unwrap().is_empty(), "nobody else was asked about");
    });
}

#[test]
fn a_message_that_forbids_the_question_does_not_overtake_one_that_waits_for_its_answer() {
    on_both(|db| async {
        let backend = Arc::new(Backend::default());
        let cx = server(db, &backend).await;
        let first = send(&cx, "team", "ann", 1);
        backend.open(1).await;
        let second = send_with(&cx, "team", "ann", 2, Hooked::default());
        let of_another = send_with(&cx, "team", "ben", 3, Hooked::default());
        assert_eq!(of_another.await.unwrap().seq, 1, "others do not wait");
        backend.answer("ann");
        assert_eq!(first.await.unwrap().seq, 2);
        assert_eq!(second.await.unwrap().seq, 3);
    });
}

#[test]
fn a_message_has_the_time_at_which_the_answer_came() {
    on_both(|db| async {
        let backend = Arc::new(Backend::default());
        let cx = server(db, &backend).await;
        let first = send(&cx, "team", "ann", 1);
        backend.open(1).await;
        cx.chat.clock.advance(3000);
        let of_another = send_with(&cx, "team", "ben", 2, Hooked::default()).await.unwrap();
        backend.answer("ann");
        let first = first.await.unwrap();
        assert_eq!((first.time, first.seq), (START_MS / 1000 + 3, 2));
        assert_eq!(
            (of_another.time, of_another.seq),
            (START_MS / 1000 + 3, 1),
            "times grow with the numbers"
        );
    });
}
