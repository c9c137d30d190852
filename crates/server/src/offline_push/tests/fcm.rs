//! Firebase, played by a server with both of its addresses: access tokens and messages.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use bytes::Bytes;
use chat::{
    clock::Clock,
    offline_push::{Channel, Info, Outcome, Push, PushSink, Report, keys::Keys},
};
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use store::{Db, testing::Folder};
use tokio::net::TcpListener;

use super::{APP, NOW, push, state};
use crate::offline_push::{Protocol, check_key, fcm::Fcm, wire};

/// An RSA key that is used nowhere but here, and its public part.
const KEY: &str = include_str!("made_for_tests.pem");
const PUBLIC: &[u8] = include_bytes!("made_for_tests.public.der");

struct Got {
    path: String,
    authorization: String,
    kind: String,
    body: String,
}

/// What the request of this number and path is answered.
type Answers = fn(usize, &str) -> (u16, &'static str);

struct Firebase {
    url: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Firebase {
    async fn start(answers: Answers) -> Firebase {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = got.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let seen = seen.clone();
                let serve = service_fn(move |it| answer(it, seen.clone(), answers));
                let server = hyper::server::conn::http1::Builder::new();
                tokio::spawn(server.serve_connection(TokioIo::new(stream), serve));
            }
        });
        Firebase { url, got }
    }

    fn of(&self, path: &str) -> usize {
        self.got.lock().unwrap().iter().filter(|it| it.path == path).count()
    }
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Got>>>,
    answers: Answers,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let header = |name: &str| head.headers.get(name).map_or("", |it| it.to_str().unwrap()).to_owned();
    let path = head.uri.path().to_owned();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let number = {
        let mut seen = seen.lock().unwrap();
        let (authorization, kind) = (header("authorization"), header("content-type"));
        seen.push(Got { path: path.clone(), authorization, kind, body });
        seen.iter().filter(|it| it.path == path).count()
    };
    let (status, text) = answers(number, &path);
    Ok(Response::builder().status(status).body(Full::new(Bytes::from(text))).unwrap())
}

const TOKEN_PATH: &str = "/token";
const SEND_PATH: &str = "/v1/projects/chat-1/messages:send";
const GRANTED: (u16, &str) =
    (200, "{\"access_token\":\"ya29.x\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");

fn fine(_: usize, path: &str) -> (u16, &'static str) {
    if path == TOKEN_PATH { GRANTED } else { (200, "{\"name\":\"projects/chat-1/messages/1\"}") }
}

fn account() -> Value {
    json!({
        "type": "service_account",
        "project_id": "chat-1",
        "private_key_id": "k1",
        "private_key": KEY,
        "client_email": "push@chat-1.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

struct Sender {
    fcm: Fcm,
    clock: Clock,
    settings: Vec<(&'static str, Value)>,
    _folder: Folder,
}

impl Sender {
    async fn new(firebase: &Firebase) -> Sender {
        let folder = Folder::new().unwrap();
        let keys = Keys::of(&Db::open_sqlite(&folder.path().join("magpie.db")).unwrap());
        keys.set(APP, Channel::Fcm, Some(account().to_string())).await.unwrap();
        let clock = Clock::fixed(NOW * 1000);
        let fcm = Fcm::new(clock.clone(), keys, wire(Protocol::Any, true));
        let settings = vec![
            ("push.fcm.url", Value::from(firebase.url.as_str())),
            ("push.fcm.token_url", format!("{}{TOKEN_PATH}", firebase.url).into()),
            ("push.fcm.channel_id", "chat".into()),
        ];
        Sender { fcm, clock, settings, _folder: folder }
    }

    async fn send(&self, push: &Push) -> Report {
        self.fcm.push(&state(&self.settings), push).await
    }
}

fn to_firebase(info: Info) -> Push {
    push(Channel::Fcm, info)
}

#[tokio::test]
async fn a_signed_assertion_is_traded_for_an_access_token() {
    let firebase = Firebase::start(fine).await;
    let sender = Sender::new(&firebase).await;
    assert_eq!(sender.send(&to_firebase(Info::default())).await, Outcome::Sent.into());
    let got = firebase.got.lock().unwrap();
    assert_eq!((&*got[0].path, &*got[0].kind), (TOKEN_PATH, "application/x-www-form-urlencoded"));
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let assertion = got[0].body.strip_prefix(grant).unwrap();
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let read = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
    let verify = webpki::ring::RSA_PKCS1_2048_8192_SHA256;
    verify.verify_signature(PUBLIC, signed.as_bytes(), &read(signature)).unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    let head: Value = serde_json::from_slice(&read(head)).unwrap();
    assert_eq!(head, json!({"alg": "RS256", "kid": "k1", "typ": "JWT"}));
    let claims: Value = serde_json::from_slice(&read(claims)).unwrap();
    let expected = json!({
        "iss": "push@chat-1.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": "https://oauth2.googleapis.com/token",
        "iat": NOW,
        "exp": NOW + 3600,
    });
    assert_eq!(claims, expected);
    assert_eq!((&*got[1].path, &*got[1].authorization), (SEND_PATH, "Bearer ya29.x"));
}

#[tokio::test]
async fn a_device_gets_one_message_with_all_that_the_sender_said() {
    let firebase = Firebase::start(fine).await;
    let sender = Sender::new(&firebase).await;
    let info = Info {
        title: "T".to_owned(),
        ext: "E".to_owned(),
        android_sound: "bell".to_owned(),
        android_channel: "news".to_owned(),
        android_image: "https://example.com/i.png".to_owned(),
        collapse_id: "room-1".to_owned(),
        ..Info::default()
    };
    sender.send(&to_firebase(info)).await;
    sender.send(&Push { badge: None, ..to_firebase(Info::default()) }).await;
    let got = firebase.got.lock().unwrap();
    let sent: Vec<Value> = got
        .iter()
        .filter(|it| it.path == SEND_PATH)
        .map(|it| {
            assert_eq!(it.kind, "application/json");
            serde_json::from_str(&it.body).unwrap()
        })
        .collect();
    let expected = json!({"message": {
        "token": "token-of-bob",
        "notification": {"title": "T", "body": "Alice: hi"},
        "data": {"ext": "E", "sender": "alice"},
        "android": {
            "collapse_key": "room-1",
            "priority": "HIGH",
            "ttl": "60s",
            "notification": {
                "channel_id": "news",
                "sound": "bell",
                "image": "https://example.com/i.png",
                "tag": "push_1400000001_3",
                "notification_count": 4,
            },
        },
    }});
    assert_eq!(sent[0], expected);
    let plain = json!({"message": {
        "token": "token-of-bob",
        "notification": {"body": "Alice: hi"},
        "data": {"sender": "alice"},
        "android": {
            "collapse_key": "push_1400000001_3",
            "priority": "HIGH",
            "ttl": "60s",
            "notification": {"channel_id": "chat", "sound": "default", "tag": "push_1400000001_3"},
        },
    }});
    assert_eq!(sent[1], plain);
}

#[tokio::test]
async fn an_access_token_is_kept_until_shortly_before_its_end() {
    let firebase = Firebase::start(fine).await;
    let sender = Sender::new(&firebase).await;
    for (seconds, asked) in [(0, 1), (3478, 1), (1, 2)] {
        sender.clock.advance(seconds * 1000);
        sender.send(&to_firebase(Info::default())).await;
        assert_eq!(firebase.of(TOKEN_PATH), asked);
    }
}

#[tokio::test]
async fn an_access_token_that_is_not_taken_is_asked_for_anew() {
    let firebase = Firebase::start(|number, path| match (number, path) {
        (1, SEND_PATH) => (401, "{\"error\":{\"status\":\"UNAUTHENTICATED\"}}"),
        _ => fine(number, path),
    })
    .await;
    let sender = Sender::new(&firebase).await;
    let first = sender.send(&to_firebase(Info::default())).await.outcome;
    assert!(matches!(first, Outcome::Later(_, None)), "{first:?}");
    assert_eq!(sender.send(&to_firebase(Info::default())).await.outcome, Outcome::Sent);
    assert_eq!(firebase.of(TOKEN_PATH), 2);
}

const UNREGISTERED: &str = "{\"error\":{\"code\":404,\"status\":\"NOT_FOUND\",\"details\":[{\"@type\":\
    \"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"UNREGISTERED\"}]}}";

#[tokio::test]
async fn what_firebase_says_decides_what_becomes_of_push_and_token() {
    let answers: [(Answers, bool, bool); 6] = [
        (|_, path| if path == TOKEN_PATH { GRANTED } else { (404, UNREGISTERED) }, true, false),
        (|_, path| if path == TOKEN_PATH { GRANTED } else { (404, "{}") }, false, false),
        (|_, path| if path == TOKEN_PATH { GRANTED } else { (400, "{}") }, false, false),
        (|_, path| if path == TOKEN_PATH { GRANTED } else { (429, "{}") }, false, true),
        (|_, path| if path == TOKEN_PATH { (503, "") } else { (200, "{}") }, false, true),
        (
            |_, path| if path == TOKEN_PATH { (400, "{\"error\":\"invalid_grant\"}") } else { (200, "{}") },
            false,
            false,
        ),
    ];
    for (answers, is_dead, is_later) in answers {
        let firebase = Firebase::start(answers).await;
        let sender = Sender::new(&firebase).await;
        let found = sender.send(&to_firebase(Info::default())).await;
        assert_eq!(!found.dead.is_empty(), is_dead, "{found:?}");
        assert_eq!(matches!(found.outcome, Outcome::Later(..)), is_later, "{found:?}");
        assert_eq!(matches!(found.outcome, Outcome::Failed(_)), !is_later, "{found:?}");
    }
}

#[test]
fn an_account_that_cannot_be_used_is_refused_without_showing_it() {
    check_key(Channel::Fcm, &account().to_string()).unwrap();
    let with = |name: &str, value: Value| {
        let mut it = account();
        it[name] = value;
        it.to_string()
    };
    for text in [
        "secret".to_owned(),
        "{\"private_key\":\"secret\"}".to_owned(),
        with("private_key", "secret".into()),
        with("project_id", "../secret".into()),
        with("project_id", "".into()),
    ] {
        let error = format!("{:#}", check_key(Channel::Fcm, &text).unwrap_err());
        assert!(!error.contains("secret"), "{error}");
    }
    assert!(check_key(Channel::Apns, KEY).is_err(), "an RSA key does not sign ES256");
}
