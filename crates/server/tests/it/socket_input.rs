//! The client socket as no good client uses it. A bad frame is dropped, answered or ends its own connection; a
//! well-behaved neighbour notices nothing, and nothing changes in the store.

use serde_json::{Value, json};
use server::config::Limits;

use crate::{
    place::{APP, Engine, START, World},
    run::block_on,
    wire::{BINARY, CLOSE, Connection, PING, PONG, Server, TEXT, Wire, masked, object},
};

const BINARY_PATH: &str = "/binfo?sdkappid=1400000001&instanceid=mallory&platform=7";
const TEXT_PATH: &str = "/info?sdkappid=1400000001&instanceid=mallory&platform=7";
const HEARTBEAT: &str = r#"{"head":{"servcmd":"heartbeat.alive","seq":7},"body":{}}"#;
/// The longest message of a client.
const MESSAGE_BYTES_MAX: usize = 128 << 10;
const CONTINUATION: u8 = 0;

/// A server with alice on it, who is well-behaved and has one message of bob.
struct Scene {
    world: World,
    server: Server,
    alice: Wire,
    token: String,
}

impl Scene {
    async fn new() -> Scene {
        Box::pin(Scene::make()).await
    }

    async fn make() -> Scene {
        let world = World::with_limits(Engine::Sqlite, START, &object(json!({})), Limits::default()).await;
        let server = Server::start(&world.node);
        let mut bob = Wire::browser(server.address, "bob").await;
        let bob_token = bob.login(&world, "bob").await;
        let mut alice = Wire::browser(server.address, "alice").await;
        let token = alice.login(&world, "alice").await;
        let mut scene = Scene { world, server, alice, token };
        let sent =
            bob.ask("openim.sendmsg", object(json!({ "a2": bob_token })), &message("alice", 1, "kept")).await;
        assert_eq!(sent["ErrorCode"], 0, "{sent}");
        scene.still_fine("nothing").await.unwrap();
        scene
    }

    fn a2(&self) -> serde_json::Map<String, Value> {
        object(json!({ "a2": self.token }))
    }

    async fn still_fine(&mut self, after: &str) -> Result<(), String> {
        let head = self.a2();
        let beat = self.alice.ask("heartbeat.alive", head.clone(), "{}").await;
        let history = self.alice.ask("openim.getroammsg", head, r#"{"Peer_Account":"bob"}"#).await;
        let text = &history["MsgList"][0]["MsgBody"][0]["MsgContent"]["Text"];
        if beat["ErrorCode"] != 0 || history["MsgCnt"] != 1 || text != "kept" {
            return Err(format!("after {after} alice gets {beat} and {history}"));
        }
        if self.world.node.metrics.panics.get() > 0 {
            return Err(format!("{after} makes the server panic"));
        }
        Ok(())
    }

    /// A connection whose client is nobody yet.
    async fn stranger(&self, path: &str) -> Wire {
        Wire::open(self.server.address, path).await
    }
}

fn message(to: &str, random: u32, text: &str) -> String {
    json!({ "To_Account": to, "MsgSeq": random, "MsgRandom": random,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }] })
    .to_string()
}

/// Both paths take both kinds of frame and answer in their own kind.
pub fn each_path_answers_in_its_kind() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        for (path, answered_in) in [
            (BINARY_PATH, BINARY),
            (TEXT_PATH, TEXT),
            ("//binfo?sdkappid=1400000001", BINARY),
            ("/chat/info?sdkappid=1400000001", TEXT),
        ] {
            let mut wire = it.stranger(path).await;
            for sent_in in [BINARY, TEXT] {
                wire.connection.send(masked(sent_in, true, HEARTBEAT.as_bytes())).await;
                let (opcode, _) = wire.frame().await.ok_or(format!("{path} closes on opcode {sent_in}"))?;
                if opcode != answered_in {
                    return Err(format!("{path} answers opcode {sent_in} with {opcode}"));
                }
            }
        }
        it.still_fine("frames of both kinds").await
    })
}

/// What breaks the WebSocket protocol ends the connection.
pub fn broken_frames_close_their_connection() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let unmasked = [&[0x82, HEARTBEAT.len() as u8][..], HEARTBEAT.as_bytes()].concat();
        let mut reserved = masked(BINARY, true, HEARTBEAT.as_bytes());
        reserved[0] |= 0x40;
        let huge = [&[0x82, 0xff][..], &u64::MAX.to_be_bytes(), &[1, 2, 3, 4]].concat();
        let rows: Vec<(&str, Vec<u8>)> = vec![
            ("a frame without a mask", unmasked),
            ("a reserved bit", reserved),
            ("an unknown opcode", masked(3, true, b"x")),
            ("an unknown control opcode", masked(11, true, b"x")),
            ("a long ping", masked(PING, true, &[b'x'; 126])),
            ("a ping in parts", masked(PING, false, b"x")),
            ("a continuation of nothing", masked(CONTINUATION, true, b"x")),
            (
                "a message within a message",
                [masked(BINARY, false, b"x"), masked(BINARY, true, b"x")].concat(),
            ),
            ("a text that is no UTF-8", masked(TEXT, true, b"\xff\xfe")),
            ("a message over the limit", masked(BINARY, true, &vec![b' '; MESSAGE_BYTES_MAX + 1])),
            (
                "parts over the limit",
                [masked(BINARY, false, &vec![b' '; MESSAGE_BYTES_MAX]), masked(CONTINUATION, true, b" ")]
                    .concat(),
            ),
            ("a length of 64 bits", huge),
            ("HTTP", b"POST /v4/openim/sendmsg HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3)),
        ];
        for (what, bytes) in rows {
            let mut wire = it.stranger(BINARY_PATH).await;
            wire.connection.send(bytes).await;
            let expected = match what {
                "a text that is no UTF-8" => 1007,
                "a message over the limit" | "parts over the limit" | "a length of 64 bits" => 1009,
                _ => 1002,
            };
            let code = wire.closed().await;
            if code != Some(expected) {
                return Err(format!("{what}: closed with {code:?}, not {expected}"));
            }
            it.still_fine(what).await?;
        }
        Ok(())
    })
}

/// A connection that breaks within a frame is just gone.
pub fn a_frame_that_never_ends_ends_with_its_connection() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let whole = masked(BINARY, true, HEARTBEAT.as_bytes());
        for length in [1, 2, 5, whole.len() - 1] {
            let mut wire = it.stranger(BINARY_PATH).await;
            wire.connection.send(&whole[..length]).await;
            wire.connection.finish().await;
            while let Some((opcode, _)) = wire.frame().await {
                if opcode != CLOSE {
                    return Err(format!("{length} bytes are answered with opcode {opcode}"));
                }
            }
            it.still_fine("a part of a frame").await?;
        }
        Ok(())
    })
}

/// What is a message but no request is dropped; the next one is served.
pub fn unreadable_messages_are_dropped() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let head = |members: &str| format!("{{\"head\":{{{members}}},\"body\":{{}}}}").into_bytes();
        let compressed = proto::frame::compress(HEARTBEAT.as_bytes());
        let mut full = HEARTBEAT.as_bytes().to_vec();
        full.resize(MESSAGE_BYTES_MAX, b' ');
        full[0] = b'?';
        let rows: Vec<(&str, Vec<u8>)> = vec![
            ("nothing", Vec::new()),
            ("a letter", b"x".to_vec()),
            ("half an object", HEARTBEAT.as_bytes()[..20].to_vec()),
            ("a number", b"17".to_vec()),
            ("a list", b"[]".to_vec()),
            ("no head", b"{\"body\":{}}".to_vec()),
            ("a head of text", b"{\"head\":\"x\",\"body\":{}}".to_vec()),
            ("a number of text", head(r#""servcmd":"heartbeat.alive","seq":"7""#)),
            ("a number over 32 bits", head(r#""servcmd":"heartbeat.alive","seq":4294967296"#)),
            ("a negative number", head(r#""servcmd":"heartbeat.alive","seq":-1"#)),
            ("a command of numbers", head(r#""servcmd":5,"seq":7"#)),
            ("a token that is a list", head(r#""servcmd":"heartbeat.alive","seq":7,"a2":[]"#)),
            ("two objects", [HEARTBEAT, HEARTBEAT].concat().into_bytes()),
            (
                "bytes that are no UTF-8",
                [b"{\"head\":{\"servcmd\":\"\xff", &HEARTBEAT.as_bytes()[9..]].concat(),
            ),
            ("a compressed frame", compressed),
            ("a cut compressed frame", b"COMP\x78\x9c".to_vec()),
            ("deep lists", vec![b'['; MESSAGE_BYTES_MAX - 1]),
            ("rubbish of the longest length", full),
            ("an acknowledgement", head(r#""servcmd":"openim.ws_msg_push_ack","seq":7"#)),
        ];
        for (what, bytes) in rows {
            let mut wire = it.stranger(BINARY_PATH).await;
            wire.send(bytes).await;
            let beat = wire.ask("heartbeat.alive", object(json!({})), "{}").await;
            if beat["ErrorCode"] != 0 {
                return Err(format!("after {what} the heartbeat is answered {beat}"));
            }
            it.still_fine(what).await?;
        }
        Ok(())
    })
}

/// A request that cannot be served is answered under its own name and number, always with an object.
pub fn bad_requests_are_answered() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        it.world.chat().create_app(APP + 1, chat::settings::Settings::default()).await.unwrap();
        let mut wire = it.stranger(BINARY_PATH).await;
        let token = wire.login(&it.world, "mallory").await;
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(60_000), "]".repeat(60_000));
        let (mine, none, dead) = (json!({ "a2": token }), json!({}), json!({ "a2": "dead" }));
        let long = json!({ "a2": "x".repeat(100_000) });
        let rows = [
            ("no body", "openim.getmsg", &mine, "null", 60003),
            ("a body that is a list", "openim.getmsg", &mine, "[]", 60003),
            ("a body that is a text", "openim.getmsg", &mine, "\"x\"", 60003),
            ("an unknown command", "openim.getmsgs", &mine, "{}", 60009),
            ("a command of backends", "openim.importmsg", &mine, "{}", 60009),
            ("a command without a service", "getmsg", &mine, "{}", 60009),
            ("a command with too much", "openim.getmsg.x", &mine, "{}", 60009),
            ("an empty command", "", &mine, "{}", 60009),
            ("an unknown command of nobody", "openim.getmsgs", &none, "{}", 60009),
            ("no token", "openim.getmsg", &none, "{}", 70002),
            ("a dead token", "openim.getmsg", &dead, "{}", 70001),
            ("a long token", "openim.getmsg", &long, "{}", 70001),
            ("deep nesting", "openim.getmsg", &mine, &*deep, 0),
            ("members of wrong types", "openim.sendmsg", &mine, r#"{"To_Account":[],"MsgRandom":{}}"#, 90003),
            (
                "a message in somebody's name",
                "openim.sendmsg",
                &mine,
                r#"{"From_Account":"alice","To_Account":"bob"}"#,
                20003,
            ),
            ("somebody's list", "recentcontact.page_get", &mine, r#"{"From_Account":"alice"}"#, 50003),
        ];
        for (what, servcmd, head, body, code) in rows {
            let answer = wire.ask(servcmd, object(head.clone()), body).await;
            if answer["ErrorCode"] != code || !answer["ErrorInfo"].is_string() {
                return Err(format!("{what}: expected {code}, got {answer}"));
            }
            it.still_fine(what).await?;
        }
        // Another app's socket is another world.
        let mut other = it.stranger(&format!("/binfo?sdkappid={}&instanceid=m", APP + 1)).await;
        let answer = other.ask("openim.getmsg", object(json!({ "a2": token })), "{}").await;
        if answer["ErrorCode"] != 70001 {
            return Err(format!("a token works in another app: {answer}"));
        }
        it.still_fine("a token of another app").await
    })
}

pub fn the_number_of_a_request_comes_back() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut wire = it.stranger(BINARY_PATH).await;
        for seq in [0, 1, u32::MAX] {
            wire.send(format!(
                "{{\"head\":{{\"servcmd\":\"heartbeat.alive\",\"seq\":{seq}}},\"body\":{{}}}}"
            ))
            .await;
            let answer = wire.json().await;
            if answer["head"] != json!({ "servcmd": "heartbeat.alive", "seq": seq }) {
                return Err(answer.to_string());
            }
        }
        it.still_fine("high numbers").await
    })
}

/// Messages in parts, pings and the closing handshake, as the protocol has them.
pub fn the_protocol_is_spoken() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut wire = it.stranger(BINARY_PATH).await;
        let (first, second) = HEARTBEAT.as_bytes().split_at(20);
        wire.connection.send(masked(BINARY, false, first)).await;
        wire.connection.send(masked(PING, true, b"are you there")).await;
        let pong = wire.frame().await;
        if pong != Some((PONG, b"are you there".to_vec())) {
            return Err(format!("a ping is answered {pong:?}"));
        }
        wire.connection.send(masked(CONTINUATION, false, second)).await;
        wire.connection.send(masked(CONTINUATION, true, b"")).await;
        let answer = wire.json().await;
        if answer["body"]["ErrorCode"] != 0 {
            return Err(format!("a message in parts is answered {answer}"));
        }
        // One byte at a time, and many at once.
        for byte in masked(BINARY, true, HEARTBEAT.as_bytes()) {
            wire.connection.send([byte]).await;
        }
        wire.connection.send(masked(BINARY, true, HEARTBEAT.as_bytes()).repeat(100)).await;
        for _ in 0..101 {
            wire.json().await;
        }
        wire.connection.send(masked(PONG, true, b"unasked")).await;
        wire.connection.send(masked(CLOSE, true, &1000_u16.to_be_bytes())).await;
        let code = wire.closed().await;
        if code != Some(1000) {
            return Err(format!("a close is answered {code:?}"));
        }
        it.still_fine("a close").await
    })
}

pub fn a_flood_of_rubbish_harms_nobody() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut wire = it.stranger(BINARY_PATH).await;
        let flood: Vec<u8> = (0..10_000_u32)
            .flat_map(|n| {
                masked(
                    BINARY,
                    true,
                    format!("{{\"head\":{n},\"rubbish\":{}", "[".repeat(n as usize % 50)).as_bytes(),
                )
            })
            .collect();
        wire.connection.send(flood).await;
        let beat = wire.ask("heartbeat.alive", object(json!({})), "{}").await;
        if beat["ErrorCode"] != 0 {
            return Err(format!("after the flood the heartbeat is answered {beat}"));
        }
        it.still_fine("a flood").await
    })
}

/// A client that does not read is closed once its bound is reached; what it was sent meanwhile is dropped.
pub fn a_client_that_does_not_read_is_closed() -> Result<(), String> {
    block_on(async {
        // Far more than the bound and the buffers of both ends of a connection.
        const MESSAGES_MAX: u32 = 20_000;
        let mut it = Scene::new().await;
        let mut deaf = it.stranger(BINARY_PATH).await;
        deaf.login(&it.world, "deaf").await;
        let app = it.world.app();
        let mut random = 0;
        let text = "x".repeat(12_000);
        let bob = crate::clients::Client::login(&it.world, "bob@2").await;
        while app.live.is_online("deaf") {
            random += 1;
            if random > MESSAGES_MAX {
                return Err("it is still connected".to_owned());
            }
            let body = message("deaf", random, &text).replacen('{', "{\"MsgLifeTime\":0,", 1);
            let answer = bob.call(&it.world, "openim", "sendmsg", body).await;
            assert!(answer.starts_with(br#"{"ActionStatus":"OK""#), "{}", String::from_utf8_lossy(&answer));
        }
        bob.take_pushes();
        if it.world.node.metrics.pushes_dropped.get() == 0 {
            return Err("nothing was dropped".to_owned());
        }
        drop(deaf);
        it.still_fine("a client that does not read").await
    })
}

/// Long answers are packed for whom asked for it, and only on the path of binary frames.
pub fn long_answers_are_packed_when_asked_for() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut bob = it.stranger("/binfo?sdkappid=1400000001&instanceid=bob&platform=2").await;
        let token = bob.login(&it.world, "bob").await;
        for n in 1..=20 {
            let body = message("alice", 100 + n, &"long ".repeat(100));
            let sent = bob.ask("openim.sendmsg", object(json!({ "a2": token })), &body).await;
            assert_eq!(sent["ErrorCode"], 0, "{sent}");
        }
        let request = format!(
            r#"{{"head":{{"servcmd":"openim.getroammsg","seq":9,"a2":"{token}"}},"body":{{"Peer_Account":"alice","MaxCnt":20}}}}"#
        );
        for (path, allowed, packed) in [
            ("/binfo?sdkappid=1400000001&compress=gzip", true, true),
            ("/binfo?sdkappid=1400000001", true, false),
            ("/info?sdkappid=1400000001&compress=gzip", true, false),
            ("/binfo?sdkappid=1400000001&compress=gzip", false, false),
        ] {
            let changes = vec![("connection.compress".to_owned(), allowed.into())];
            it.world.chat().change_app(APP, changes).await.map_err(|it| it.to_string())?;
            let mut wire = it.stranger(path).await;
            for (request, packed) in [(HEARTBEAT, false), (&*request, packed)] {
                wire.send(request).await;
                let (_, payload) = wire.frame().await.ok_or("it is closed")?;
                if payload.starts_with(b"COMP") != packed {
                    return Err(format!("{path}: {}", String::from_utf8_lossy(&payload[..20])));
                }
                let json = proto::frame::decompress(&payload, 1 << 20).ok_or("it cannot be unpacked")?;
                let answer: Value = serde_json::from_slice(&json).map_err(|it| it.to_string())?;
                if answer["body"]["ErrorCode"] != 0 {
                    return Err(answer.to_string());
                }
            }
        }
        let history =
            it.alice.ask("openim.getroammsg", it.a2(), r#"{"Peer_Account":"bob","MaxCnt":100}"#).await;
        if history["MsgCnt"] == 21 { Ok(()) } else { Err(history.to_string()) }
    })
}

/// The same penalty as at the other door, and a good login is served when it is over.
pub fn a_flood_of_logins_costs_a_minute() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut codes = Vec::new();
        let wrong = proto::usersig::sign_hmac("guess", APP, "mallory", START, 100, None);
        let login = |sig: &str| object(json!({ "identifier": "mallory", "usersig": sig }));
        for _ in 0..5 {
            let mut wire = it.stranger(BINARY_PATH).await;
            for _ in 0..5 {
                let answer = wire.ask("im_open_status.wslogin", login(&wrong), "{}").await;
                codes.push(answer["ErrorCode"].as_i64().unwrap());
            }
        }
        if codes != [vec![70009; 21], vec![70050; 4]].concat() {
            return Err(format!("{codes:?}"));
        }
        let mut wire = it.stranger(BINARY_PATH).await;
        let right = it.world.sig("mallory");
        let answer = wire.ask("im_open_status.wslogin", login(&right), "{}").await;
        if answer["ErrorCode"] != 70050 {
            return Err(format!("a good login within the minute is answered {answer}"));
        }
        it.still_fine("a flood of logins").await?;
        it.world.advance(60);
        let answer = wire.ask("im_open_status.wslogin", login(&right), "{}").await;
        if answer["ErrorCode"] == 0 { Ok(()) } else { Err(format!("a minute later: {answer}")) }
    })
}

/// Connections that only open, or open and say nothing, take nothing from others.
pub fn silent_connections_harm_nobody() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new().await;
        let mut silent = Vec::new();
        for _ in 0..20 {
            silent.push(Connection::open(it.server.address).await);
        }
        let mut quiet = Vec::new();
        for _ in 0..20 {
            quiet.push(it.stranger(BINARY_PATH).await);
        }
        it.still_fine("silent connections").await?;
        // Time passes, alice says something, and the silent sockets are given up.
        it.world.advance(61);
        it.still_fine("a minute").await?;
        it.world.node.connections.drop_silent(it.world.now());
        for wire in &mut quiet {
            let code = wire.closed().await;
            if code != Some(1000) {
                return Err(format!("a silent socket is closed with {code:?}"));
            }
        }
        it.still_fine("sockets given up").await
    })
}
