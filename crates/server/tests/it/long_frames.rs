//! Messages of clients that are longer than any other, and answers as long.

use serde_json::{Map, Value, json};

use crate::{
    place::{Engine, START, World},
    run::block_on,
    wire::{BINARY, CLOSE, Server, Wire, masked, object},
};

const SAVE: &str = "im_long_msg.save_relay_json_msg";
/// The longest list of a merged message.
const LIST_BYTES_MAX: usize = 4 << 20;

async fn scene() -> (World, Server, Wire, Map<String, Value>) {
    let world = World::new(Engine::Sqlite, START, &object(json!({}))).await;
    let server = Server::start(&world.node);
    let mut wire = Wire::browser(server.address, "alice").await;
    let token = wire.login(&world, "alice").await;
    (world, server, wire, object(json!({ "a2": token })))
}

/// A body whose list has so many bytes.
fn list(bytes: usize) -> String {
    format!("{{\"MsgList\":[{{\"T\":\"{}\"}}]}}", "x".repeat(bytes - 10))
}

fn frame(servcmd: &str, head: &Map<String, Value>, body: &str) -> Vec<u8> {
    let mut head = head.clone();
    head.insert("servcmd".to_owned(), servcmd.into());
    head.insert("seq".to_owned(), 7.into());
    masked(BINARY, true, format!("{{\"head\":{},\"body\":{body}}}", Value::Object(head)).as_bytes())
}

async fn is_closed(wire: &mut Wire) -> bool {
    matches!(wire.frame().await, None | Some((CLOSE, _)))
}

pub fn are_for_merged_messages() -> Result<(), String> {
    block_on(async {
        let (_world, server, mut wire, head) = scene().await;
        let answer = wire.ask(SAVE, head.clone(), &list(LIST_BYTES_MAX)).await;
        if answer["ErrorCode"] != 0 {
            return Err(answer.to_string());
        }
        let answer = wire.ask(SAVE, head.clone(), &list(LIST_BYTES_MAX + 1)).await;
        if answer["ErrorCode"] != 80002 {
            return Err(answer.to_string());
        }
        // In pieces, with a heartbeat after it.
        let long = frame(SAVE, &head, &list(LIST_BYTES_MAX));
        for piece in long.chunks(100_000) {
            wire.connection.send(piece).await;
        }
        let first = wire.json().await;
        let beat = wire.ask("heartbeat.alive", Map::new(), "{}").await;
        if first["body"]["ErrorCode"] != 0 || beat["ErrorCode"] != 0 {
            return Err(format!("{first} {beat}"));
        }
        wire.connection.send(frame("openim.sendmsg", &head, &list(200_000))).await;
        if !is_closed(&mut wire).await {
            return Err("a long frame of another command is read".to_owned());
        }
        let mut wire = Wire::browser(server.address, "stranger").await;
        wire.connection.send(frame(SAVE, &head, &list(200_000))).await;
        if !is_closed(&mut wire).await {
            return Err("a long frame of somebody who is not logged in is read".to_owned());
        }
        Ok(())
    })
}

/// A push that comes while a long answer is under way waits behind it.
pub fn a_long_answer_does_not_close() -> Result<(), String> {
    block_on(async {
        let (world, _server, mut wire, head) = scene().await;
        let saved = wire.ask(SAVE, head.clone(), &list(LIST_BYTES_MAX)).await;
        let key = json!({"JsonMsgKey": saved["JsonMsgKey"]}).to_string();
        wire.connection.send(frame("im_long_msg.get_relay_json_msg", &head, &key)).await;
        for seq in 1..=20 {
            let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x".repeat(8000)}}]);
            let message = json!({"To_Account": "alice", "MsgSeq": seq, "MsgRandom": seq, "MsgBody": body});
            let sent = crate::history::call(&world, "openim/sendmsg", message).await;
            if sent["ErrorCode"] != 0 {
                return Err(sent.to_string());
            }
        }
        let (mut answers, mut pushes) = (0, 0);
        while answers == 0 || pushes < 20 {
            let frame = wire.json().await;
            match frame["body"]["MsgList"][0]["T"].as_str() {
                Some(text) if text.len() == LIST_BYTES_MAX - 10 => answers += 1,
                Some(_) => return Err("another list comes back".to_owned()),
                None => pushes += 1,
            }
        }
        Ok(())
    })
}
