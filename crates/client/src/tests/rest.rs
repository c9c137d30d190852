//! [`Rest`] against a server that says what the test wants.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;

use crate::{Error, Rest};

struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
}

/// Answers every request with what `answer` makes of its body: the whole HTTP answer. An empty one closes
/// the connection, as does one that says so.
fn start(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let connections = Arc::new(AtomicUsize::new(0));
    let (count, answer) = (connections.clone(), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
            let answer = answer.clone();
            std::thread::spawn(move || serve(stream, &*answer));
        }
    });
    Server { url, connections }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> String) {
    let mut reader = BufReader::new(stream.try_clone().expect("it is open"));
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if let Some(it) = line.to_lowercase().strip_prefix("content-length:") {
                length = it.trim().parse().expect("it is a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the body is whole");
        let answer = answer(&String::from_utf8_lossy(&body));
        if stream.write_all(answer.as_bytes()).is_err() || answer.is_empty() || answer.contains("close") {
            return;
        }
    }
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn rest(server: &Server) -> Rest {
    Rest::with_connections(&server.url, 7, "administrator", "key", 2).expect("the address is one")
}

#[tokio::test]
async fn calls_share_the_kept_connections() {
    let server = start(|body| ok(&format!(r#"{{"ErrorCode":0,"Of":{body}}}"#)));
    let rest = rest(&server);
    for number in 0..5 {
        let answer = rest.call("a/b", &json!({ "n": number })).await.expect("it is answered");
        assert_eq!(answer["Of"]["n"], number);
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 1, "one after the other needs one");
    let calls: Vec<_> = (0..20)
        .map(|number| {
            let rest = rest.clone();
            tokio::spawn(async move { rest.call("a/b", &json!({ "n": number })).await })
        })
        .collect();
    for (number, call) in calls.into_iter().enumerate() {
        let answer = call.await.expect("it is not cancelled").expect("it is answered");
        assert_eq!(answer["Of"]["n"], number);
    }
    assert!(server.connections.load(Ordering::Relaxed) <= 2, "never more than it may have");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced() {
    let server = start(|_| ok(r#"{"ErrorCode":0}"#).replace("200 OK\r\n", "200 OK\r\nConnection: close\r\n"));
    let rest = rest(&server);
    for _ in 0..3 {
        rest.call("a/b", &json!({})).await.expect("it is answered");
    }
    assert_eq!(server.connections.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let server = start(|body| match body {
        "1" => ok(r#"{"ActionStatus":"FAIL","ErrorCode":90012,"ErrorInfo":"whom?"}"#),
        "2" => "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "3" => ok("no JSON"),
        "4" => ok("{}"),
        _ => String::new(),
    });
    let rest = rest(&server);
    let mut errors = Vec::new();
    for number in 1..=5 {
        errors.push(rest.call("a/b", &json!(number)).await.expect_err("it fails"));
    }
    assert!(matches!(&errors[0], Error::Refused { code: 90012, info } if info == "whom?"), "{errors:?}");
    assert!(matches!(errors[1], Error::Status(503)), "{errors:?}");
    assert!(matches!(errors[2], Error::Malformed(_)), "{errors:?}");
    assert!(matches!(errors[3], Error::Malformed(_)), "{errors:?}");
    assert!(matches!(errors[4], Error::Http(_)), "a call that may have been carried out is not repeated");
    let raw = rest.call_raw("a/b", "1").await.expect("a refusal is an answer too");
    assert!(raw.starts_with(b"{\"ActionStatus\":\"FAIL\""));
}
