//! Clients that vanish, sleep, repeat themselves, live in another time or come in thousands. Each is dealt with by a
//! bound of its own; whoever behaves well notices nothing.

use serde_json::{Map, Value, json};
use server::{http::Routes, metrics::ByReason};

use crate::{
    history::call,
    hooks::{self, Backend},
    place::{APP, Engine, START, World},
    run::block_on,
    wire::{BINARY, Connection, Server, Wire, masked, object},
};

const SEND: &str = "openim.sendmsg";
const CONNECTIONS_MAX: usize = 100;
/// A web client may be silent for so long, and a native one. Seconds.
const WEB_SILENCE: i64 = 60;
const NATIVE_SILENCE: i64 = 400;

async fn world() -> (World, Server) {
    let world = World::new(Engine::Sqlite, START, &object(json!({}))).await;
    let server = Server::start_with(&world.node, Routes::Main { metrics: true }, CONNECTIONS_MAX);
    (world, server)
}

async fn logged_in(world: &World, server: &Server, user: &str, platform: i64) -> (Wire, Map<String, Value>) {
    let path = format!("/binfo?sdkappid={APP}&instanceid={user}&platform={platform}");
    let mut wire = Wire::open(server.address, &path).await;
    let token = wire.login(world, user).await;
    (wire, object(json!({ "a2": token })))
}

fn message(to: &str, seq: u32, time: &Value) -> Value {
    json!({ "To_Account": to, "MsgSeq": seq, "MsgRandom": seq, "MsgClientTime": time,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("number {seq}") } }] })
}

/// The texts that a peer finds in the history, the oldest first.
async fn history(wire: &mut Wire, head: &Map<String, Value>, peer: &str) -> Vec<String> {
    let body = json!({ "Peer_Account": peer, "MaxCnt": 100 }).to_string();
    let answer = wire.ask("openim.getroammsg", head.clone(), &body).await;
    let list = answer["MsgList"].as_array().cloned().unwrap_or_default();
    list.iter().map(|it| it["MsgBody"][0]["MsgContent"]["Text"].as_str().unwrap().to_owned()).collect()
}

fn closed_as(world: &World, reason: &'static str) -> u64 {
    world.node.metrics.sockets_closed.get_or_create(&ByReason { reason }).get()
}

/// Three members of a group stop reading. They are out when their bound is reached, and the fourth gets every message.
pub fn slow_readers_are_put_out_and_others_get_everything() -> Result<(), String> {
    block_on(async {
        // Far more than the bound and the buffers of both ends of a connection.
        const MESSAGES_MAX: u32 = 5000;
        // The most that a group may be sent in a second.
        const RATE: u32 = 40;
        let (world, server) = world().await;
        let mut deaf = Vec::new();
        for user in ["deaf1", "deaf2", "deaf3"] {
            deaf.push(logged_in(&world, &server, user, 7).await);
        }
        let (mut carol, head) = logged_in(&world, &server, "carol", 7).await;
        let members = ["deaf1", "deaf2", "deaf3", "carol"].map(|it| json!({ "Member_Account": it }));
        let group = json!({ "Type": "Public", "GroupId": "g", "Name": "g", "MemberList": members });
        let made = call(&world, "group_open_http_svc/create_group", group).await;
        assert_eq!(made["ErrorCode"], 0, "{made}");
        let text = "x".repeat(7000);
        let mut sent = 0;
        while closed_as(&world, "slow") < 3 {
            sent += 1;
            if sent > MESSAGES_MAX {
                return Err("somebody who does not read is still connected".to_owned());
            }
            if sent % RATE == 0 {
                world.advance(1);
            }
            let body = json!({ "GroupId": "g", "From_Account": "carol", "Random": sent,
                "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }] });
            let said = call(&world, "group_open_http_svc/send_group_msg", body).await;
            assert_eq!(said["MsgSeq"].as_u64(), Some(u64::from(sent)), "{said}");
            let mut seen = None;
            while seen != Some(u64::from(sent)) {
                let push = carol.json().await;
                seen = push["body"]["EventArray"][0]["GroupMsgArray"][0]["MsgSeq"].as_u64();
                if seen.is_some_and(|it| it > u64::from(sent)) {
                    return Err(format!("carol misses {sent}: {push}"));
                }
            }
        }
        let beat = carol.ask("heartbeat.alive", head, "{}").await;
        let online = ["deaf1", "deaf2", "deaf3"].iter().filter(|it| world.app().live.is_online(it)).count();
        match (beat["ErrorCode"].as_i64(), online) {
            (Some(0), 0) => Ok(()),
            found => Err(format!("{found:?}")),
        }
    })
}

/// The other end is gone without a word: nothing closes the connection but its silence.
pub fn who_vanishes_is_put_out_and_told_of() -> Result<(), String> {
    block_on(async {
        let hook = object(json!({ "State.StateChange": true }));
        let settings = hooks::settings(&hook).into_iter().collect();
        let world = World::new(Engine::Sqlite, START, &settings).await;
        let backend = Backend::connect(&world, Map::new());
        let server = Server::start(&world.node);
        let (mut web, _) = logged_in(&world, &server, "web", 7).await;
        let (mut native, _) = logged_in(&world, &server, "native", 2).await;
        backend.taken(&world).await?;
        for (wire, silence, device, user, reason) in [
            (&mut web, WEB_SILENCE, "Web", "web", "LinkClose"),
            (&mut native, NATIVE_SILENCE, "Android", "native", "TimeOut"),
        ] {
            world.advance(START + silence - world.now());
            world.node.connections.drop_silent(world.now());
            if !world.app().live.is_online(user) {
                return Err(format!("{user} is put out after {silence} s"));
            }
            world.advance(1);
            world.node.connections.drop_silent(world.now());
            let code = wire.closed().await;
            if code != Some(1000) {
                return Err(format!("{user} is closed with {code:?}"));
            }
            let told = backend.taken(&world).await?;
            let expected = json!([[format!("{device} 127.0.0.1"), {
                "CallbackCommand": "State.StateChange", "EventTime": world.now() * 1000,
                "Info": { "Action": "Disconnect", "To_Account": user, "Reason": reason },
            }]]);
            if json!(told) != expected || world.app().live.is_online(user) {
                return Err(format!("{user}: told {told:?}"));
            }
        }
        Ok(())
    })
}

/// Whatever waits for somebody who does not read must not keep the connection once it has to end.
pub fn a_full_pipe_does_not_keep_a_dead_connection() -> Result<(), String> {
    block_on(async {
        // More than the buffers of both ends hold.
        let long = masked(BINARY, true, &vec![b'x'; 16 << 20]);
        for what in ["silence", "a broken frame"] {
            let (world, _) = world().await;
            let server = Server::start_with(&world.node, Routes::Echo, CONNECTIONS_MAX);
            let mut wire = Wire::open(server.address, "/binfo").await;
            wire.connection.send(&long).await;
            if what == "silence" {
                world.advance(WEB_SILENCE + 1);
                world.node.connections.drop_silent(world.now());
            } else {
                wire.connection.send(masked(3, true, b"x")).await;
            }
            server.drained().await.map_err(|_| format!("{what} does not end the connection"))?;
        }
        Ok(())
    })
}

pub fn clocks_of_clients_may_be_far_off() -> Result<(), String> {
    block_on(async {
        let (world, server) = world().await;
        let (mut bob, _) = logged_in(&world, &server, "bob", 7).await;
        let times =
            [json!(0), json!(1), json!(START - 86_400 * 365), json!(START + 86_400 * 365), json!(u32::MAX)];
        let (mut alice, mut head) = logged_in(&world, &server, "alice", 7).await;
        let mut expected = Vec::new();
        for (seq, time) in (1..).zip(&times) {
            head.insert("reqtime".to_owned(), time.clone());
            let answer = alice.ask(SEND, head.clone(), &message("bob", seq, time).to_string()).await;
            if answer["ErrorCode"] != 0 || answer["MsgTime"] != world.now() {
                return Err(format!("at {time}: {answer}"));
            }
            let push = bob.json().await;
            let came = &push["body"]["EventArray"][0]["C2cMsgArray"][0];
            if came["MsgTimeStamp"] != world.now() || came["MsgClientTime"] != *time {
                return Err(format!("at {time} bob gets {push}"));
            }
            expected.push(format!("number {seq}"));
            let hello = alice.ask("im_open_status.wshello", head.clone(), "{}").await;
            if hello["ErrorCode"] != 0 {
                return Err(format!("at {time}: {hello}"));
            }
        }
        let mut found = history(&mut alice, &head, "bob").await;
        found.sort();
        match found == expected {
            true => Ok(()),
            false => Err(format!("{found:?}")),
        }
    })
}

/// As the SDK does after a reconnect: the same frame again, on the old connection or on a new one, before its login.
pub fn a_frame_sent_twice_is_answered_twice_and_done_once() -> Result<(), String> {
    block_on(async {
        let (world, server) = world().await;
        let (mut bob, bob_head) = logged_in(&world, &server, "bob", 7).await;
        let (mut alice, head) = logged_in(&world, &server, "alice", 7).await;
        let frame = |seq: u32, body: &Value| {
            let mut head = head.clone();
            head.extend(object(json!({ "servcmd": SEND, "seq": seq })));
            format!("{{\"head\":{},\"body\":{body}}}", Value::Object(head))
        };
        let first = frame(7, &message("bob", 1, &json!(START)));
        for _ in 0..2 {
            alice.send(&first).await;
        }
        let mut answers = vec![alice.json().await, alice.json().await];
        let mut again = Wire::browser(server.address, "alice").await;
        again.send(&first).await;
        answers.push(again.json().await);
        if answers
            .iter()
            .any(|it| *it != answers[0] || it["head"]["seq"] != 7 || it["body"]["ErrorCode"] != 0)
        {
            return Err(format!("{answers:?}"));
        }
        // Numbers that go backwards are numbers like any others, of frames and of messages.
        for (frame_seq, message_seq) in [(9, 3), (8, 2), (8, 4)] {
            alice.send(frame(frame_seq, &message("bob", message_seq, &json!(START)))).await;
        }
        let mut numbers = Vec::new();
        for _ in 0..3 {
            let answer = alice.json().await;
            if answer["body"]["ErrorCode"] != 0 {
                return Err(answer.to_string());
            }
            numbers.push(answer["head"]["seq"].as_u64().unwrap());
        }
        numbers.sort_unstable();
        let mut found = history(&mut bob, &bob_head, "alice").await;
        found.sort();
        match numbers == [8, 8, 9] && found == ["number 1", "number 2", "number 3", "number 4"] {
            true => Ok(()),
            false => Err(format!("{numbers:?} {found:?}")),
        }
    })
}

/// More sockets than the server takes, and nobody logs in on them.
pub fn ten_thousand_connects_take_no_place_for_long() -> Result<(), String> {
    block_on(async {
        const CONNECTS: usize = 10_000;
        let (world, server) = world().await;
        let (mut alice, head) = logged_in(&world, &server, "alice", 7).await;
        let mut inside = Vec::new();
        while inside.len() + 1 < CONNECTIONS_MAX {
            inside.push(Wire::browser(server.address, "nobody").await);
        }
        for _ in 0..CONNECTS {
            let mut refused = Connection::open(server.address).await;
            if !refused.rest().await.is_empty() {
                return Err("a connection over the bound is answered".to_owned());
            }
        }
        let refused = world.node.metrics.connections_refused.get();
        let beat = alice.ask("heartbeat.alive", head.clone(), "{}").await;
        if refused < CONNECTS as u64 || beat["ErrorCode"] != 0 {
            return Err(format!("{refused} are refused; alice gets {beat}"));
        }
        world.advance(WEB_SILENCE + 1);
        alice.ask("heartbeat.alive", head.clone(), "{}").await;
        world.node.connections.drop_silent(world.now());
        for wire in &mut inside {
            let code = wire.closed().await;
            if code != Some(1000) {
                return Err(format!("who says nothing is closed with {code:?}"));
            }
        }
        drop(inside);
        logged_in(&world, &server, "bob", 7).await;
        let beat = alice.ask("heartbeat.alive", head, "{}").await;
        if beat["ErrorCode"] == 0 { Ok(()) } else { Err(beat.to_string()) }
    })
}
