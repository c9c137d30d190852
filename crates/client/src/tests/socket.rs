//! [`Client`] against a server that says what the test wants.

use serde_json::json;

use super::server::{End, Reply, Seen, answer, start};
use crate::{Client, Error, LoggedIn, Text, client::PUSHES_MAX};

const INSTANCE: &str = "0123456789abcdef0123456789abcdef";
const OK: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"ErrorInfo":""}"#;
const LOGIN: &str = r#"{"ErrorCode":0,"A2Key":"token","TinyId":"144115","InstId":9}"#;

fn fine(seen: &Seen) -> Vec<u8> {
    answer(seen, if seen.servcmd == crate::wire::LOGIN { LOGIN } else { OK })
}

fn push(body: &str) -> Vec<u8> {
    proto::frame::push("im_open_push.msg_push", 0, body)
}

fn message(number: usize) -> String {
    format!(
        r#"{{"NeedAck":0,"EventArray":[{{"Event":9,"C2cMsgArray":[{{"From_Account":"bob","MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":"{number}"}}}}]}}]}}]}}"#
    )
}

#[tokio::test]
async fn the_token_of_the_login_proves_later_calls() {
    let server = start(|seen| Reply::Frames(vec![fine(seen)]));
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    let session = client.login("alice", "sig").await.expect("it logs in");
    let expected =
        LoggedIn { user: "alice".into(), a2: "token".into(), tiny_id: "144115".into(), inst_id: 9 };
    assert_eq!(session, expected);
    client.call("openim.getmsg", &json!({ "SyncFlag": 0 })).await.expect("it is answered");
    client.logout().await.expect("it logs out");
    client.relogin(&session).await.expect("it logs in again");
    client.close().await;

    let seen: Vec<_> = server.seen.iter().collect();
    let path = &seen[0].servcmd;
    let start = "/binfo?sdkappid=7&instanceid=0123456789abcdef0123456789abcdef&random=";
    assert!(path.starts_with(start) && path.contains("&platform=7&host=linux&version="), "{path}");
    let heads: Vec<_> =
        seen[1..].iter().map(|it| [&*it.servcmd, &it.identifier, &it.usersig, &it.a2, &it.tinyid]).collect();
    assert_eq!(
        heads,
        [
            ["im_open_status.wslogin", "alice", "sig", "", ""],
            ["openim.getmsg", "", "", "token", "144115"],
            ["im_open_status.wslogout", "", "", "token", "144115"],
            ["im_open_status.wslogin", "", "", "token", "144115"],
        ]
    );
    assert_eq!(server.thread.join().expect("the server is sound"), End::Goodbye);
}

#[tokio::test]
async fn answers_find_their_calls_in_any_order() {
    let mut first = None;
    let server = start(move |seen| match first.take() {
        None => {
            first = Some(seen.clone());
            // The right number for another command, and the right command with another number, answer nothing.
            let other = proto::frame::answer("a.other", seen.seq, OK);
            let off = proto::frame::answer(&seen.servcmd, seen.seq + 1000, OK);
            Reply::Frames(vec![other, off])
        }
        Some(first) => Reply::Frames(
            [seen, &first].map(|it| answer(it, &format!(r#"{{"ErrorCode":0,"Of":{}}}"#, it.body))).to_vec(),
        ),
    });
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    let (one, two) = (json!({ "call": 1 }), json!({ "call": 2 }));
    let (first, second) = tokio::join!(client.call("a.b", &one), client.call("a.b", &two));
    assert_eq!(first.expect("it is answered")["Of"], one);
    assert_eq!(second.expect("it is answered")["Of"], two);
}

#[tokio::test]
async fn a_refusal_has_its_code_and_its_words() {
    let server = start(|seen| {
        Reply::Frames(vec![answer(seen, r#"{"ActionStatus":"FAIL","ErrorCode":20003,"ErrorInfo":"who?"}"#)])
    });
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    let error = client.send_message("nobody", "hi").await.expect_err("it is refused");
    assert_eq!((error.code(), error.to_string().as_str()), (Some(20003), "refused with 20003: who?"));
    let error = client.login("alice", "sig").await.expect_err("it is refused");
    assert_eq!(error.code(), Some(20003));
}

#[tokio::test]
async fn a_sent_message_is_the_users_and_has_its_key() {
    let server = start(|seen| {
        let sent = r#"{"ErrorCode":0,"MsgTime":1800000000,"MsgKey":"1_2_1800000000"}"#;
        Reply::Frames(vec![if seen.servcmd == "openim.sendmsg" { answer(seen, sent) } else { fine(seen) }])
    });
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    client.login("alice", "sig").await.expect("it logs in");
    let mut sent = Vec::new();
    for text in ["\"hi\"\n", "again"] {
        sent.push(client.send_message("bob", text).await.expect("it is taken"));
    }
    assert_eq!((sent[0].time, sent[0].key.as_str()), (1_800_000_000, "1_2_1800000000"));
    assert!(sent[1].seq > sent[0].seq, "numbers tell the order");
    client.close().await;
    let bodies: Vec<serde_json::Value> = server
        .seen
        .iter()
        .filter(|it| it.servcmd == "openim.sendmsg")
        .map(|it| serde_json::from_str(&it.body).expect("it is JSON"))
        .collect();
    for (body, (sent, text)) in bodies.iter().zip(sent.iter().zip(["\"hi\"\n", "again"])) {
        assert_eq!((&body["From_Account"], &body["To_Account"]), (&json!("alice"), &json!("bob")));
        assert_eq!((&body["MsgSeq"], &body["MsgRandom"]), (&json!(sent.seq), &json!(sent.random)));
        assert_eq!(body["MsgBody"][0]["MsgContent"]["Text"], text);
    }
    assert_eq!(bodies.len(), 2);
}

#[tokio::test]
async fn pushes_are_read_in_order_and_acknowledged_where_that_is_wanted() {
    let wanted = message(2).replace(r#""NeedAck":0"#, r#""NeedAck":1,"SessionData":"s\"d""#);
    let server = start(move |seen| {
        let pushes = vec![
            push(&message(1)),
            proto::frame::compress(&push(&wanted)),
            push(&message(3).replace(r#""From_Account":"bob""#, r#""IsSyncMsg":1,"To_Account":"alice""#)),
            fine(seen),
        ];
        Reply::Frames(if seen.servcmd == "a.b" { pushes } else { vec![fine(seen)] })
    });
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    client.call("a.b", &json!({})).await.expect("it is answered");
    for (from, text) in [("bob", "1"), ("bob", "2"), ("alice", "3")] {
        let push = client.next_push().await.expect("it is there");
        assert_eq!(push.servcmd, "im_open_push.msg_push");
        assert_eq!(push.texts(), [Text { from: from.into(), text: text.into() }]);
    }
    client.close().await;
    let acks: Vec<_> = server.seen.iter().filter(|it| it.servcmd == "openim.ws_msg_push_ack").collect();
    assert_eq!(acks.iter().map(|it| &*it.body).collect::<Vec<_>>(), [r#"{"SessionData":"s\"d"}"#]);
}

#[tokio::test]
async fn pushes_that_nobody_reads_close_the_connection() {
    let server = start(|_| Reply::Frames((0..=PUSHES_MAX).map(|it| push(&message(it))).collect()));
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    let error = client.call("a.b", &json!({})).await.expect_err("it has no answer");
    assert_eq!(error.to_string(), "the connection is closed: too many pushes were not read");
    for number in 0..PUSHES_MAX {
        let push = client.next_push().await.expect("it came before the end");
        assert_eq!(push.texts()[0].text, number.to_string());
    }
    assert!(matches!(client.next_push().await, Err(Error::Closed(_))));
    assert_eq!(server.thread.join().expect("the server is sound"), End::Lost);
}

#[tokio::test]
async fn whoever_waits_learns_that_the_server_is_gone() {
    let server = start(|_| Reply::Drop);
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    let (call, push) = tokio::join!(client.call_text("a.b", "{}"), client.next_push());
    assert!(matches!(call, Err(Error::Closed(_))), "{call:?}");
    assert!(matches!(push, Err(Error::Closed(_))), "{push:?}");
    let later = client.heartbeat().await;
    assert!(matches!(later, Err(Error::Closed(_))), "{later:?}");
    assert_eq!(server.thread.join().expect("the server is sound"), End::Dropped);
}

#[tokio::test]
async fn a_client_that_is_dropped_says_goodbye() {
    let server = start(|seen| Reply::Frames(vec![fine(seen)]));
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    client.heartbeat().await.expect("it is answered");
    drop(client);
    let end = tokio::task::spawn_blocking(|| server.thread.join()).await.expect("it is not cancelled");
    assert_eq!(end.expect("the server is sound"), End::Goodbye);
}

#[tokio::test]
async fn big_frames_pass() {
    const CALLS: usize = 40;
    const BYTES: usize = 300_000;
    let server = start(|seen| Reply::Frames(vec![fine(seen)]));
    let client = Client::connect(&server.url, 7, INSTANCE).await.expect("it connects");
    for _ in 0..CALLS {
        let body = json!({ "Text": "x".repeat(BYTES) });
        client.call("a.b", &body).await.expect("it is answered");
        assert!(server.seen.try_iter().all(|it| it.body.is_empty() || it.body.len() > BYTES));
    }
}

#[tokio::test]
async fn what_is_no_socket_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("ws://{}", listener.local_addr().expect("it is bound"));
    let thread = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut request = [0; 1024];
        let length = stream.read(&mut request).expect("it asks");
        stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").expect("it is answered");
        length
    });
    let error = Client::connect(&url, 7, INSTANCE).await.err().expect("there is no socket");
    assert!(matches!(error, Error::Handshake(_)), "{error:?}");
    assert!(thread.join().expect("the server is sound") > 0);
    let error = Client::connect(&url, 7, INSTANCE).await.err().expect("nobody listens any more");
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}
