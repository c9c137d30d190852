//! Translation and speech: the services of a case, and services that listen on this machine.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use chat::{
    apps::State,
    language::{Answering, LanguageService, Question},
};
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
};

use crate::{
    clients::Client,
    history::call,
    place::{Engine, START, World},
    run::block_on,
    wire::{length, object},
};

/// The services of a case: they record what they are asked and answer as the case says.
pub struct Services {
    answers: Map<String, Value>,
    asked: Mutex<Vec<Value>>,
}

impl LanguageService for Services {
    fn ask<'a>(&'a self, _: &'a Arc<State>, it: &'a Question) -> Answering<'a> {
        let body: Value = serde_json::from_str(&it.body).expect("a body is JSON");
        self.asked.lock().unwrap().push(json!([it.kind.name(), body]));
        let answer = self.answers.get(it.kind.name()).cloned();
        Box::pin(async move {
            match answer {
                Some(Value::String(it)) if it == "silence" => Err("no answer in time".to_owned()),
                Some(Value::String(it)) => Ok(it.into()),
                Some(it) => Ok(it.to_string().into()),
                None => Err("the case names no answer".to_owned()),
            }
        })
    }
}

impl Services {
    pub fn connect(world: &World, answers: Map<String, Value>) -> Arc<Services> {
        let services = Arc::new(Services { answers, asked: Mutex::default() });
        world.chat().language.connect(services.clone());
        services
    }

    pub fn taken(&self) -> Vec<Value> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// A service that says the same to everybody, once it may.
struct Listening {
    url: String,
    got: Arc<Mutex<Vec<(String, String)>>>,
    count: Arc<AtomicUsize>,
    came: Arc<Notify>,
    may_answer: Arc<tokio::sync::Semaphore>,
}

impl Listening {
    /// `open`: answers at once; else only when it is told to.
    async fn start(answer: &str, open: bool) -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/language", listener.local_addr().unwrap());
        let (got, count, came) = (Arc::default(), Arc::default(), Arc::default());
        let may_answer = Arc::new(tokio::sync::Semaphore::new(if open { 1000 } else { 0 }));
        let it = Listening { url, got, count, came, may_answer };
        let (got, count, came, gate) =
            (it.got.clone(), it.count.clone(), it.came.clone(), it.may_answer.clone());
        let answer = answer.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let parts = (got.clone(), count.clone(), came.clone(), gate.clone());
                tokio::spawn(serve(stream, answer.clone(), parts));
            }
        });
        it
    }

    fn got(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap().clone()
    }

    /// Returns when so many have asked.
    async fn asked(&self, count: usize) {
        while self.count.load(Ordering::SeqCst) < count {
            self.came.notified().await;
        }
    }
}

type Parts = (Arc<Mutex<Vec<(String, String)>>>, Arc<AtomicUsize>, Arc<Notify>, Arc<tokio::sync::Semaphore>);

/// Takes in one request, and closes after the answer.
async fn serve(mut stream: TcpStream, answer: String, (got, count, came, gate): Parts) {
    let mut received = Vec::new();
    let (head, body) = loop {
        if !matches!(stream.read_buf(&mut received).await, Ok(1..)) {
            return;
        }
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && length(head).is_some_and(|it| body.len() >= it)
        {
            break (head.to_lowercase(), body.to_owned());
        }
    };
    got.lock().unwrap().push((head, body));
    count.fetch_add(1, Ordering::SeqCst);
    came.notify_one();
    let Ok(pass) = gate.acquire().await else { return };
    pass.forget();
    _ = stream.write_all(answer.as_bytes()).await;
    _ = stream.shutdown().await;
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server that asks over HTTP, and alice.
async fn scene(settings: Value, allow_local: bool) -> (World, Client) {
    let world = World::new(Engine::Sqlite, START, &object(settings)).await;
    server::language::connect(world.chat(), allow_local);
    call(&world, "im_open_login_svc/account_import", json!({"UserID": "alice"})).await;
    let alice = Client::login(&world, "alice").await;
    (world, alice)
}

async fn translate(world: &World, who: &Client, texts: Value) -> Value {
    let body = json!({"Source": "en", "Target": "zh", "SourceText": texts}).to_string();
    let answer = who.call(world, "im_open_translate", "ws_batch_trans_text", body).await;
    serde_json::from_slice(&answer).unwrap()
}

fn code(answer: &Value) -> i64 {
    assert_eq!(answer["ErrorCode"], 0, "{answer}");
    answer["CmdErrorCode"]["ErrorCode"].as_i64().unwrap()
}

pub fn a_service_gets_one_signed_post() -> Result<(), String> {
    block_on(async {
        let service = Listening::start(&http("200 OK", r#"{"TargetText":["你好"]}"#), true).await;
        let (world, alice) = scene(json!({"translate.url": service.url}), true).await;
        let answer = translate(&world, &alice, json!(["hello"])).await;
        assert_eq!((code(&answer), &answer["TargetText"]), (0, &json!(["你好"])));
        let got = service.got();
        let [(head, body)] = &*got else { return Err(format!("{got:?}")) };
        assert!(head.starts_with("post /language http/1.1\r\n"), "{head}");
        for name in ["webhook-id: ", "webhook-timestamp: 1767225600", "webhook-signature: v1,"] {
            assert!(head.contains(name), "{name} in {head}");
        }
        let id = answer["RequestId"].as_str().unwrap();
        assert!(head.contains(id), "the answer is named as the request was: {head}");
        let asked = json!({"SdkAppId": 1_400_000_001, "UserId": "alice", "Source": "en", "Target": "zh", "SourceText": ["hello"]});
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), asked);
        Ok(())
    })
}

pub fn a_service_that_fails_is_told_as_such() -> Result<(), String> {
    let long = format!("{{\"TargetText\":[\"{}\"]}}", "x".repeat(256 * 1024));
    let fits = format!("{{\"TargetText\":[\"{}\"]}}", "x".repeat(200 * 1024));
    let table = [
        (http("200 OK", &fits), 0),
        (http("200 OK", &long), 60008),
        (http("204 No Content", ""), 60008),
        (http("302 Found", r#"{"TargetText":["a"]}"#), 60008),
        (http("400 Bad Request", r#"{"TargetText":["a"]}"#), 60008),
        (http("500 Internal Server Error", ""), 60008),
        (http("200 OK", "rubbish"), 60008),
        (http("200 OK", "[]"), 60008),
        (http("200 OK", r#"[["a"]]"#), 60008),
        (http("200 OK", r#"{"TargetText":"a"}"#), 60008),
        (http("200 OK", r#"{"TargetText":[1]}"#), 60008),
        (http("200 OK", r#"{"TargetText":["a","b"]}"#), 60008),
        (http("200 OK", r#"{"TargetText":[]}"#), 60008),
        ("SSH-2.0-whatever\r\n".to_owned(), 60008),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{\"Ta".to_owned(), 60008),
    ];
    block_on(async {
        for (said, expected) in table {
            let service = Listening::start(&said, true).await;
            let settings = json!({"translate.url": service.url, "translate.timeout_ms": 2000});
            let (world, alice) = scene(settings, true).await;
            let answer = translate(&world, &alice, json!(["hello"])).await;
            let shown = &said[..said.len().min(80)];
            assert_eq!(code(&answer), expected, "{shown}");
            assert_eq!(answer["TargetText"].as_array().unwrap().len(), usize::from(expected == 0), "{shown}");
            assert_eq!(service.got().len(), 1, "it is asked once: {shown}");
        }
        // Nobody listens, and nobody answers.
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let silent = Listening::start("", false).await;
        for (url, millis) in [(format!("http://{closed}/"), 10_000), (silent.url.clone(), 50)] {
            let (world, alice) =
                scene(json!({"translate.url": url, "translate.timeout_ms": millis}), true).await;
            assert_eq!(code(&translate(&world, &alice, json!(["hello"])).await), 60008, "{url}");
        }
        Ok(())
    })
}

pub fn only_so_many_are_asked_at_once() -> Result<(), String> {
    block_on(async {
        let service = Listening::start(&http("200 OK", r#"{"TargetText":["a"]}"#), false).await;
        let (world, alice) =
            scene(json!({"translate.url": service.url, "translate.max_parallel": 5}), true).await;
        let ask = |who| translate(&world, who, json!(["hello"]));
        let bob = Client::login(&world, "bob").await;
        let waiting = async { tokio::join!(ask(&alice), ask(&alice), ask(&alice), ask(&alice), ask(&bob)) };
        let beyond = async {
            service.asked(5).await;
            let answers = [code(&ask(&alice).await), code(&ask(&bob).await)];
            service.may_answer.add_permits(100);
            answers
        };
        let (done, beyond) = tokio::join!(waiting, beyond);
        assert_eq!(beyond, [60018, 60018]);
        for it in [&done.0, &done.1, &done.2, &done.3, &done.4] {
            assert_eq!(code(it), 0);
        }
        assert_eq!(code(&ask(&alice).await), 0, "places are given back");
        Ok(())
    })
}

pub fn this_machine_must_be_allowed() -> Result<(), String> {
    block_on(async {
        let service = Listening::start(&http("200 OK", r#"{"TargetText":["a"]}"#), true).await;
        for url in [service.url.clone(), service.url.replace("127.0.0.1", "localhost")] {
            let (world, alice) = scene(json!({"translate.url": url}), false).await;
            assert_eq!(code(&translate(&world, &alice, json!(["hello"])).await), 60008, "{url}");
        }
        assert!(service.got().is_empty());
        Ok(())
    })
}

pub fn a_slow_one_keeps_nobody_waiting() -> Result<(), String> {
    use crate::files::Scene;
    block_on(async {
        let service = Listening::start(&http("200 OK", r#"{"TargetText":["a"]}"#), false).await;
        let mut scene = Scene::new(json!({"translate.url": service.url})).await;
        server::language::connect(scene.world.chat(), true);
        let token = scene.wire.login(&scene.world, "alice").await;
        let head = json!({"a2": token, "servcmd": "im_open_translate.ws_batch_trans_text", "seq": 77});
        let body = json!({"Source": "en", "Target": "zh", "SourceText": ["hello"]});
        scene.wire.send(json!({"head": head, "body": body}).to_string()).await;
        service.asked(1).await;
        let beat = scene.wire.ask("heartbeat.alive", object(json!({"a2": token})), "{}").await;
        assert_eq!(beat["ErrorCode"], 0, "{beat}");
        service.may_answer.add_permits(1);
        let late = scene.wire.json().await;
        assert_eq!((&late["head"]["seq"], &late["body"]["TargetText"]), (&json!(77), &json!(["a"])));
        Ok(())
    })
}

pub fn abilities_follow_the_services() -> Result<(), String> {
    /// The last digit is that of bit 0.
    fn bit(bits: &str, bit: usize) -> u8 {
        bits.as_bytes()[bits.len() - 1 - bit]
    }
    block_on(async {
        let (world, alice) = scene(json!({}), true).await;
        let asked = async || {
            let body = "{}".to_owned();
            let answer = alice.call(&world, "im_sdk_config_mgr", "fetch_imsdk_purchase_bitsv2", body).await;
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let bits = answer["str_purchase_bits"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
            (bit(&bits, 38), bit(&bits, 39))
        };
        assert_eq!(asked().await, (b'0', b'0'));
        for (key, value, expected) in [
            ("translate.url", "https://translate.example", (b'1', b'0')),
            ("speech.url", "https://speech.example", (b'1', b'1')),
            ("translate.url", "", (b'0', b'1')),
        ] {
            let changes = vec![(key.to_owned(), value.into())];
            world.chat().change_app(crate::place::APP, changes).await.map_err(|it| it.to_string())?;
            assert_eq!(asked().await, expected, "{key}={value}");
        }
        Ok(())
    })
}
