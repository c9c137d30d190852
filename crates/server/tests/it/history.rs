//! The files of past hours: what is in them, and who may fetch them.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::{Value, json};
use server::rest::{self, Line};

use crate::{
    place::{ADMIN, APP, Engine, START, World},
    run::block_on,
    wire::{Connection, Server, object},
};

/// 08:00 in Beijing, when the cases begin.
pub const HOUR: &str = "2026010108";

pub async fn call(world: &World, command: &str, body: Value) -> Value {
    let (path, sig) = (format!("/v4/{command}"), world.sig(ADMIN));
    let query = format!("sdkappid={APP}&identifier={ADMIN}&usersig={sig}&random=1&contenttype=json");
    let source = [127, 0, 0, 1].into();
    let line = Line { is_post: true, path: &path, query: &query, source, secure: false, host: "127.0.0.1" };
    let admitted = rest::admit(&world.node, &line).unwrap_or_else(|_| panic!("{command} is admitted"));
    let answer = rest::run(&world.node, admitted, body.to_string().into()).await;
    serde_json::from_slice(&answer).unwrap()
}

async fn say(world: &World, from: &str, to: &str, seq: u32, text: &str, more: Value) -> Value {
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}]);
    let mut request =
        json!({"From_Account": from, "To_Account": to, "MsgSeq": seq, "MsgRandom": seq, "MsgBody": body});
    request.as_object_mut().unwrap().extend(object(more));
    call(world, "openim/sendmsg", request).await
}

pub async fn scene(engine: Engine) -> World {
    let world = World::new(engine, START, &object(json!({}))).await;
    world.run_job("exports").await.unwrap();
    for user in ["ann", "bob"] {
        call(&world, "im_open_login_svc/account_import", json!({"UserID": user})).await;
    }
    world
}

pub async fn pass_the_hour(world: &World) {
    world.advance(START + 3661 - world.now());
    world.run_job("exports").await.unwrap();
}

/// The decompressed file of the hour.
#[expect(clippy::disallowed_methods, reason = "a file that this test had written")]
pub fn text(world: &World, name: &str) -> String {
    let path = chat::exports::folder(&world.node.data_dir, APP).join(name);
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(path).expect("the file is there")).read_to_string(&mut text).unwrap();
    text
}

/// What was sent is there as it was sent, whatever became of it, in the documented form; nothing else is.
pub fn an_hour_is_kept_as_it_was_sent() -> Result<(), String> {
    let mut engines = vec![Engine::Sqlite];
    if store::testing::Postgres::shared().is_some() {
        engines.push(Engine::Postgres);
    }
    engines.into_iter().try_for_each(|engine| block_on(as_it_was_sent(engine)))
}

async fn as_it_was_sent(engine: Engine) -> Result<(), String> {
    let world = scene(engine).await;
    let later = say(&world, "ann", "bob", 9, "before", json!({"CloudCustomData": "c\"c"})).await;
    say(&world, "bob", "ann", 3, "gone", json!({})).await;
    say(&world, "ann", "bob", 5, "only now", json!({"MsgLifeTime": 0})).await;
    let import = json!({"SyncFromOldSystem": 1, "From_Account": "ann", "To_Account": "bob", "MsgSeq": 6,
        "MsgRandom": 6, "MsgTimeStamp": START, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "old"}}]});
    call(&world, "openim/importmsg", import).await;
    world.advance(3599);
    say(&world, "bob", "ann", 1, "the last second", json!({})).await;
    world.advance(1);
    say(&world, "bob", "ann", 2, "the next hour", json!({})).await;
    let change = json!({"From_Account": "ann", "To_Account": "bob", "MsgKey": later["MsgKey"],
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "after"}}]});
    let changed = call(&world, "openim/modify_c2c_msg", change).await;
    let recall = json!({"From_Account": "bob", "To_Account": "ann", "MsgKey": format!("3_3_{START}")});
    let recalled = call(&world, "openim/admin_msgwithdraw", recall).await;
    if changed["ErrorCode"] != 0 || recalled["ErrorCode"] != 0 {
        return Err(format!("{changed} {recalled}"));
    }
    pass_the_hour(&world).await;
    let line = |from, to, at, seq, text, more| {
        format!(
            r#"{{"From_Account":"{from}","To_Account":"{to}","MsgTimestamp":{at},"MsgSeq":{seq},"MsgRandom":{seq},"MsgFromPlatform":"RESTAPI","MsgKey":"{seq}_{seq}_{at}","MsgBody":[{{"MsgContent":{{"Text":"{text}"}},"MsgType":"TIMTextElem"}}]{more}}}"#
        )
    };
    let expected = format!(
        "{{\"SdkAppId\":{APP},\"ChatType\":\"C2C\",\"MsgTime\":\"{HOUR}\",\"MsgList\":[\n{},\n{},\n{}\n]}}",
        line("bob", "ann", START, 3, "gone", ""),
        line("ann", "bob", START, 9, "before", r#","CloudCustomData":"c\"c""#),
        line("bob", "ann", START + 3599, 1, "the last second", ""),
    );
    let found = text(&world, &format!("{APP}_C2C_{HOUR}.gz"));
    if found != expected {
        return Err(format!("expected {expected}\n   found {found}"));
    }
    serde_json::from_str::<Value>(&found).map_err(|it| it.to_string())?;
    Ok(())
}

/// An hour whose files were written but not noted, as after a crash, is written again, and once more does no harm.
pub fn a_crash_within_an_export_loses_nothing() -> Result<(), String> {
    block_on(async {
        let world = scene(Engine::Sqlite).await;
        say(&world, "ann", "bob", 1, "hello", json!({})).await;
        pass_the_hour(&world).await;
        let name = format!("{APP}_C2C_{HOUR}.gz");
        let before = text(&world, &name);
        let path = chat::exports::folder(&world.node.data_dir, APP).join(&name);
        std::fs::write(&path, b"half a file").unwrap();
        let forget = world.chat().db.write(0, |tx| tx.exec("delete from exports", &[]));
        forget.await.map_err(|it| it.to_string())?;
        for _ in 0..2 {
            world.run_job("exports").await?;
            if text(&world, &name) != before {
                return Err("the file is not what it was".to_owned());
            }
        }
        let asked = json!({"ChatType": "C2C", "MsgTime": HOUR});
        let answer = call(&world, "open_msg_svc/get_history", asked).await;
        let file = &answer["File"][0];
        let bytes = std::fs::read(&path).unwrap();
        let sizes = (file["FileSize"].as_u64(), file["GzipSize"].as_u64());
        if sizes == (Some(before.len() as u64), Some(bytes.len() as u64)) {
            Ok(())
        } else {
            Err(format!("the sizes differ: {answer}"))
        }
    })
}

/// A link opens its own file, for its time, and nothing else.
pub fn a_link_opens_its_file_and_no_other() -> Result<(), String> {
    block_on(async {
        let world = scene(Engine::Sqlite).await;
        say(&world, "ann", "bob", 1, "hello", json!({})).await;
        pass_the_hour(&world).await;
        let server = Server::start(&world.node);
        let answer =
            call(&world, "open_msg_svc/get_history", json!({"ChatType": "C2C", "MsgTime": HOUR})).await;
        let url = answer["File"][0]["URL"].as_str().unwrap().to_owned();
        let path = url.strip_prefix("http://127.0.0.1").unwrap().to_owned();
        let (token, name) = path.trim_start_matches("/msg_history/").split_once('/').unwrap();
        let (expires, tag) = token.split_once('.').unwrap();
        let others = [
            format!("/msg_history/{expires}.{tag}/{APP}_C2C_2026010107.gz"),
            format!("/msg_history/{expires}.{tag}/{APP}_Group_{HOUR}.gz"),
            format!("/msg_history/{expires}.{}/{name}", "0".repeat(64)),
            format!("/msg_history/{expires}./{name}"),
            format!("/msg_history/7fffffff.{tag}/{name}"),
            format!("/msg_history/{tag}/{name}"),
            format!("/msg_history/{expires}.{tag}/../../magpie.db"),
            format!("/msg_history/{expires}.{tag}/%2e%2e/{name}"),
            "/msg_history/".to_owned(),
            "/msg_history/x".to_owned(),
        ];
        let status = |path: String, method: &'static str| {
            let address = server.address;
            async move {
                let mut connection = Connection::open(address).await;
                connection.send(format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
                connection.until("\r\n\r\n").await
            }
        };
        let head = status(path.clone(), "GET").await;
        let size = answer["File"][0]["GzipSize"].to_string();
        let is_whole = head.to_lowercase().contains(&format!("content-length: {size}\r\n"));
        let is_plain = !head.to_lowercase().contains("content-encoding");
        if !head.starts_with("HTTP/1.1 200") || !head.contains("application/gzip") || !is_whole || !is_plain {
            return Err(head);
        }
        for other in others {
            let head = status(other.clone(), "GET").await;
            if !head.starts_with("HTTP/1.1 403") {
                return Err(format!("{other}: {head}"));
            }
        }
        let head = status(path.clone(), "POST").await;
        if !head.starts_with("HTTP/1.1 405") {
            return Err(head);
        }
        world.advance(24 * 3600 - 1);
        let last = status(path.clone(), "GET").await;
        world.advance(1);
        let over = status(path.clone(), "GET").await;
        match last.starts_with("HTTP/1.1 200") && over.starts_with("HTTP/1.1 403") {
            true => Ok(()),
            false => Err(format!("{last}{over}")),
        }
    })
}
