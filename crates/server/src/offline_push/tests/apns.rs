//! Apple's push service, played by a server that speaks HTTP/2 over TLS as it does.

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
use hyper_util::rt::{TokioExecutor, TokioIo};
use p256::ecdsa::{Signature, VerifyingKey, signature::Verifier};
use rcgen::KeyPair;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::{Value, json};
use store::{Db, testing::Folder};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{APP, NOW, push, state};
use crate::offline_push::{Protocol, apns::Apns, wire};

const TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

/// A request as the service got it.
struct Got {
    method: String,
    path: String,
    version: String,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|it| it.0 == name);
        found.map_or_else(|| panic!("no {name} in {:?}", self.headers), |it| &it.1)
    }
}

/// What the service answers: status, Retry-After, body.
type Answers = fn(usize) -> (u16, Option<&'static str>, &'static str);

struct Apple {
    url: String,
    ca_file: String,
    got: Arc<Mutex<Vec<Got>>>,
    _folder: Folder,
}

impl Apple {
    async fn start(answers: Answers) -> Apple {
        let folder = Folder::new().unwrap();
        let made = crate::cli::make_certificates(folder.path(), &["localhost".to_owned()]).unwrap();
        let file = |ending: &str| {
            let path = made.iter().find(|it| it.file_name().is_some_and(|it| it == ending)).unwrap();
            path.display().to_string()
        };
        let chain = CertificateDer::pem_file_iter(file("localhost.crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key);
        let mut config = config.unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let got = Arc::new(Mutex::new(Vec::new()));
        let seen = got.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let seen = seen.clone();
                let serve = service_fn(move |it| answer(it, seen.clone(), answers));
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(stream), serve));
            }
        });
        Apple { url, ca_file: file("ca.crt"), got, _folder: folder }
    }
}

async fn answer(
    request: Request<Incoming>,
    seen: Arc<Mutex<Vec<Got>>>,
    answers: Answers,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let text = |it: &hyper::header::HeaderValue| it.to_str().unwrap().to_owned();
    let headers = head.headers.iter().map(|it| (it.0.to_string(), text(it.1))).collect();
    let body = body.collect().await.unwrap().to_bytes();
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(Got {
            method: head.method.to_string(),
            path: head.uri.path().to_owned(),
            version: format!("{:?}", head.version),
            headers,
            body: serde_json::from_slice(&body).unwrap(),
        });
        seen.len()
    };
    let (status, retry_after, text) = answers(number);
    let mut response = Response::builder().status(status);
    if let Some(seconds) = retry_after {
        response = response.header("retry-after", seconds);
    }
    Ok(response.body(Full::new(Bytes::from(text))).unwrap())
}

fn fine(_: usize) -> (u16, Option<&'static str>, &'static str) {
    (200, None, "")
}

struct Sender {
    apns: Apns,
    clock: Clock,
    key: KeyPair,
    keys: Keys,
    settings: Vec<(&'static str, Value)>,
    _folder: Folder,
}

impl Sender {
    async fn new(apple: &Apple) -> Sender {
        let folder = Folder::new().unwrap();
        let keys = Keys::of(&Db::open_sqlite(&folder.path().join("magpie.db")).unwrap());
        let key = KeyPair::generate().unwrap();
        keys.set(APP, Channel::Apns, Some(key.serialize_pem())).await.unwrap();
        let clock = Clock::fixed(NOW * 1000);
        let apns = Apns::new(clock.clone(), keys.clone(), wire(Protocol::Http2, true));
        let settings = vec![
            ("push.apns.url", Value::from(apple.url.as_str())),
            ("push.apns.key_id", "KEY1234567".into()),
            ("push.apns.team_id", "TEAM123456".into()),
            ("push.apns.topic", "com.example.chat".into()),
            ("push.tls.ca_file", apple.ca_file.as_str().into()),
        ];
        Sender { apns, clock, key, keys, settings, _folder: folder }
    }

    async fn send(&self, push: &Push) -> Report {
        self.apns.push(&state(&self.settings), push).await
    }

    /// The claims of a pass that carries this app's signature.
    fn claims(&self, authorization: &str) -> (Value, Value) {
        let pass = authorization.strip_prefix("bearer ").unwrap();
        let (signed, signature) = pass.rsplit_once('.').unwrap();
        let (head, claims) = signed.split_once('.').unwrap();
        let read = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).unwrap();
        let public = VerifyingKey::from_sec1_bytes(self.key.public_key_raw()).unwrap();
        let signature = Signature::from_slice(&read(signature)).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
        (serde_json::from_slice(&read(head)).unwrap(), serde_json::from_slice(&read(claims)).unwrap())
    }
}

fn to_apple(info: Info) -> Push {
    let mut push = push(Channel::Apns, info);
    push.devices[0].token = TOKEN.to_owned();
    push
}

#[tokio::test]
async fn a_device_gets_one_request_over_http_2_with_all_that_the_sender_said() {
    let apple = Apple::start(fine).await;
    let sender = Sender::new(&apple).await;
    let info = Info {
        title: "T".to_owned(),
        ext: "{\"room\":1}".to_owned(),
        apple_title: "Apple T".to_owned(),
        subtitle: "S".to_owned(),
        apple_sound: "bell.caf".to_owned(),
        apple_image: "https://example.com/i.png".to_owned(),
        interruption: "time-sensitive".to_owned(),
        collapse_id: "room-1".to_owned(),
        is_mutable: true,
        ..Info::default()
    };
    assert_eq!(sender.send(&to_apple(info)).await, Outcome::Sent.into());
    assert_eq!(sender.send(&to_apple(Info::default())).await, Outcome::Sent.into());
    let got = apple.got.lock().unwrap();
    let one = &got[0];
    assert_eq!((&*one.method, &*one.version), ("POST", "HTTP/2.0"));
    assert_eq!(one.path, format!("/3/device/{TOKEN}"));
    for (name, expected) in [
        ("apns-topic", "com.example.chat"),
        ("apns-push-type", "alert"),
        ("apns-priority", "10"),
        ("apns-expiration", "1767225660"),
        ("apns-collapse-id", "room-1"),
        ("content-type", "application/json"),
    ] {
        assert_eq!(one.header(name), expected, "{name}");
    }
    let (head, claims) = sender.claims(one.header("authorization"));
    assert_eq!(head, json!({"alg": "ES256", "kid": "KEY1234567", "typ": "JWT"}));
    assert_eq!(claims, json!({"iss": "TEAM123456", "iat": NOW}));
    let expected = json!({
        "aps": {
            "alert": {"title": "Apple T", "subtitle": "S", "body": "Alice: hi"},
            "sound": "bell.caf",
            "badge": 4,
            "mutable-content": 1,
            "interruption-level": "time-sensitive",
        },
        "ext": "{\"room\":1}",
        "image": "https://example.com/i.png",
    });
    assert_eq!(one.body, expected);
    let plain = json!({"aps": {"alert": {"body": "Alice: hi"}, "sound": "default", "badge": 4}});
    assert_eq!(got[1].body, plain);
    assert_eq!(
        got[1].header("apns-collapse-id"),
        "push_1400000001_3",
        "one that comes twice replaces itself"
    );
}

#[tokio::test]
async fn a_silent_push_is_of_its_own_type() {
    let apple = Apple::start(fine).await;
    let sender = Sender::new(&apple).await;
    let mut push = to_apple(Info { is_silent: true, ..Info::default() });
    let mut notice = (*push.notice).clone();
    notice.text = String::new();
    (push.notice, push.badge) = (Arc::new(notice), None);
    assert_eq!(sender.send(&push).await.outcome, Outcome::Sent);
    let got = apple.got.lock().unwrap();
    assert_eq!((got[0].header("apns-push-type"), got[0].header("apns-priority")), ("background", "5"));
    assert_eq!(got[0].body, json!({"aps": {"content-available": 1}}));
}

#[tokio::test]
async fn a_pass_is_kept_for_forty_minutes() {
    let apple = Apple::start(fine).await;
    let sender = Sender::new(&apple).await;
    for seconds in [0, 2399, 1] {
        sender.clock.advance(seconds * 1000);
        sender.send(&to_apple(Info::default())).await;
    }
    let got = apple.got.lock().unwrap();
    let passes: Vec<_> = got.iter().map(|it| it.header("authorization")).collect();
    assert_eq!(passes[0], passes[1]);
    assert_ne!(passes[1], passes[2]);
    assert_eq!(sender.claims(passes[2]).1["iat"], NOW + 2400);
}

#[tokio::test]
async fn a_pass_that_apple_does_not_take_is_made_anew() {
    let apple = Apple::start(|number| match number {
        1 => (403, None, "{\"reason\":\"ExpiredProviderToken\"}"),
        _ => fine(number),
    })
    .await;
    let sender = Sender::new(&apple).await;
    let first = sender.send(&to_apple(Info::default())).await;
    assert!(matches!(first.outcome, Outcome::Later(_, None)), "{first:?}");
    sender.clock.advance(1000);
    assert_eq!(sender.send(&to_apple(Info::default())).await.outcome, Outcome::Sent);
    let got = apple.got.lock().unwrap();
    assert_ne!(got[0].header("authorization"), got[1].header("authorization"));
}

#[tokio::test]
async fn what_apple_says_decides_what_becomes_of_push_and_token() {
    let answers: [(Answers, bool, Option<Option<i64>>); 6] = [
        (|_| (410, None, "{\"reason\":\"Unregistered\",\"timestamp\":1}"), true, None),
        (|_| (400, None, "{\"reason\":\"BadDeviceToken\"}"), true, None),
        (|_| (400, None, "{\"reason\":\"PayloadEmpty\"}"), false, None),
        (|_| (413, None, "{\"reason\":\"PayloadTooLarge\"}"), false, None),
        (|_| (429, Some("20"), "{\"reason\":\"TooManyRequests\"}"), false, Some(Some(20))),
        (|_| (503, None, "{\"reason\":\"ServiceUnavailable\"}"), false, Some(None)),
    ];
    for (answers, is_dead, later) in answers {
        let apple = Apple::start(answers).await;
        let sender = Sender::new(&apple).await;
        let found = sender.send(&to_apple(Info::default())).await;
        let expected = if is_dead { vec![TOKEN.to_owned()] } else { Vec::new() };
        assert_eq!(found.dead, expected, "{found:?}");
        match (later, &found.outcome) {
            (Some(seconds), Outcome::Later(_, asked)) => assert_eq!(*asked, seconds),
            (None, Outcome::Failed(_)) => {}
            _ => panic!("{found:?}"),
        }
    }
}

#[tokio::test]
async fn without_a_key_or_with_a_token_of_other_kind_nothing_is_sent() {
    let apple = Apple::start(fine).await;
    let sender = Sender::new(&apple).await;
    let mut push = to_apple(Info::default());
    for token in ["", "../../admin", "a b", "a\r\nb"] {
        push.devices[0].token = token.to_owned();
        let found = sender.send(&push).await.outcome;
        assert!(matches!(found, Outcome::Failed(_)), "{token:?}: {found:?}");
    }
    let sender = Sender::new(&apple).await;
    sender.keys.set(APP, Channel::Apns, None).await.unwrap();
    let Outcome::Failed(why) = sender.send(&to_apple(Info::default())).await.outcome else {
        panic!("no key")
    };
    assert!(why.contains("magpie push key apns"), "{why}");
    assert!(apple.got.lock().unwrap().is_empty());
}
