//! The operator's own service.

use std::sync::{Arc, Mutex};

use base64::prelude::{BASE64_STANDARD, Engine};
use chat::{
    clock::Clock,
    offline_push::{Channel, Info, Outcome, Place, Push, PushSink, Report},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{NOW, device, push, state};
use crate::{
    digest::mac,
    offline_push::{Protocol, http::Http, wire},
    webhooks::signing_key,
};

/// A service that gives every request the same answer, and keeps the requests as they came.
struct Service {
    url: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn start(answer: &str) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/push", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.to_owned(), got.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = vec![0; 64 * 1024];
                while let Ok(count @ 1..) = stream.read(&mut buffer).await {
                    seen.lock().unwrap().push(String::from_utf8_lossy(&buffer[..count]).into_owned());
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        break;
                    }
                }
            }
        });
        Service { url, got }
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

async fn post(url: &str, allow_local: bool, push: &Push) -> Report {
    let http = Http::new(Clock::fixed(NOW * 1000), wire(Protocol::Http1, allow_local));
    http.push(&state(&[("push.http.url", url.into())]), push).await
}

#[tokio::test]
async fn a_user_s_push_is_one_signed_post() {
    let service = Service::start(&answer("200 OK", "", "{}")).await;
    let info = Info { title: "T".to_owned(), ext: "{}".to_owned(), ..Info::default() };
    let mut push = push(Channel::Http, info);
    push.devices.push(device(""));
    assert_eq!(post(&service.url, true, &push).await, Outcome::Sent.into());
    let got = service.got.lock().unwrap().concat();
    let (head, body) = got.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /push HTTP/1.1\r\n"), "{head}");
    let header = |name: &str| {
        let line = head.lines().find_map(|it| it.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name} in {head}")).trim().to_owned()
    };
    let id = header("webhook-id:");
    assert_eq!(header("content-type:"), "application/json");
    assert_eq!(header("webhook-timestamp:"), NOW.to_string());
    let signed = mac(&signing_key(&state(&[])), format!("{id}.{NOW}.{body}").as_bytes());
    assert_eq!(header("webhook-signature:"), format!("v1,{}", BASE64_STANDARD.encode(signed)));
    let expected = json!({
        "PushId": id,
        "SdkAppid": 1_400_000_001,
        "Kind": "C2C",
        "To_Account": "bob",
        "From_Account": "alice",
        "From_AccountNick": "Alice",
        "MsgTime": NOW,
        "MsgSeq": 5,
        "MsgRandom": 9,
        "Title": "T",
        "Desc": "Alice: hi",
        "Ext": "{}",
        "Badge": 4,
        "ExpiresAt": NOW + 60,
        "OfflinePushInfo": {"Title": "T", "Unknown": {"a": 1}},
        "Devices": [{"Platform": "iOS", "TokenID": "token-of-bob"}, {"Platform": "iOS"}],
    });
    assert_eq!(serde_json::from_str::<Value>(body).unwrap(), expected);
    assert_eq!(id, "push_1400000001_3_81b637d8fcd2c6da");
}

#[tokio::test]
async fn a_group_is_named_and_a_badge_that_stays_is_left_out() {
    let service = Service::start(&answer("204 No Content", "", "")).await;
    let mut push = push(Channel::Http, Info::default());
    let mut notice = (*push.notice).clone();
    notice.place = Place::Group {
        id: "@TGS#_club".to_owned(),
        name: "Club".to_owned(),
        topic: Some(("@TGS#_club@TOPIC#_1".to_owned(), "Cars".to_owned())),
    };
    notice.raw_info = String::new();
    (push.notice, push.badge) = (Arc::new(notice), None);
    assert_eq!(post(&service.url, true, &push).await.outcome, Outcome::Sent);
    let got = service.got.lock().unwrap().concat();
    let body: Value = serde_json::from_str(got.split_once("\r\n\r\n").unwrap().1).unwrap();
    for (name, expected) in [
        ("Kind", "Group"),
        ("GroupId", "@TGS#_club"),
        ("GroupName", "Club"),
        ("TopicId", "@TGS#_club@TOPIC#_1"),
        ("TopicName", "Cars"),
    ] {
        assert_eq!(body[name], expected, "{name}");
    }
    assert!(body.get("Badge").is_none() && body.get("OfflinePushInfo").is_none(), "{body}");
}

#[tokio::test]
async fn the_status_says_whether_it_is_tried_again() {
    let later = |seconds| Outcome::Later(String::new(), seconds);
    for (status, headers, expected) in [
        ("200 OK", "", Outcome::Sent),
        ("202 Accepted", "", Outcome::Sent),
        ("400 Bad Request", "", Outcome::Failed(String::new())),
        ("404 Not Found", "", Outcome::Failed(String::new())),
        ("302 Found", "Location: http://127.0.0.1:1/\r\n", Outcome::Failed(String::new())),
        ("408 Request Timeout", "", later(None)),
        ("429 Too Many Requests", "Retry-After: 30\r\n", later(Some(30))),
        ("429 Too Many Requests", "Retry-After: tomorrow\r\n", later(None)),
        ("500 Internal Server Error", "", later(None)),
        ("503 Service Unavailable", "Retry-After: 7\r\n", later(Some(7))),
    ] {
        let service = Service::start(&answer(status, headers, "{}")).await;
        let found = post(&service.url, true, &push(Channel::Http, Info::default())).await.outcome;
        let found = match found {
            Outcome::Later(_, seconds) => later(seconds),
            Outcome::Failed(_) => Outcome::Failed(String::new()),
            Outcome::Sent => Outcome::Sent,
        };
        assert_eq!(found, expected, "{status} {headers}");
    }
}

#[tokio::test]
async fn the_service_names_tokens_that_are_dead() {
    let service = Service::start(&answer("200 OK", "", r#"{"InvalidTokens":["a","b"]}"#)).await;
    let found = post(&service.url, true, &push(Channel::Http, Info::default())).await;
    assert_eq!(found, Report { outcome: Outcome::Sent, dead: vec!["a".to_owned(), "b".to_owned()] });
}

#[tokio::test]
async fn this_machine_is_out_of_reach_unless_the_operator_allows_it() {
    let service = Service::start(&answer("200 OK", "", "{}")).await;
    for url in [service.url.clone(), service.url.replace("127.0.0.1", "localhost")] {
        let found = post(&url, false, &push(Channel::Http, Info::default())).await;
        let Outcome::Later(why, None) = found.outcome else { panic!("{url}: {found:?}") };
        assert!(why.contains("webhooks.allow_local"), "{why}");
    }
    assert!(service.got.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_service_that_says_nothing_or_too_much_is_tried_again() {
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n{}", "x".repeat(70_000));
    for bytes in ["", &*long, "SSH-2.0-whatever\r\n"] {
        let service = Service::start(bytes).await;
        let mut push = push(Channel::Http, Info::default());
        push.timeout = std::time::Duration::from_millis(if bytes.is_empty() { 50 } else { 2000 });
        let found = post(&service.url, true, &push).await;
        assert!(matches!(found.outcome, Outcome::Later(..)), "{found:?}");
    }
}
