//! What goes up, how often, how much of it, and what becomes of the rest.

use serde_json::json;

use super::{OTHER, Scene, equal, on_each_engine, reply};
use crate::{place::APP, run::block_on, wire::Connection};

const MEGABYTE: usize = 1 << 20;

pub fn an_upload_url_works_once_for_its_file() -> Result<(), String> {
    on_each_engine(async |engine| {
        let mut it = Scene::with(engine, json!({})).await;
        let (mine, other) = (it.promise(OTHER, "a.png").await, it.promise(OTHER, "b.png").await);
        let (place, sign) = mine.upload.split_once("?sign=").unwrap();
        let (other_place, other_sign) = other.upload.split_once("?sign=").unwrap();
        let (until, tag) = sign.split_once('.').unwrap();
        let later = format!("{:x}.{tag}", i64::from_str_radix(until, 16).unwrap() + 1000);
        let wrong = [
            place.to_owned(),
            format!("{place}?sign="),
            format!("{place}?sign=x"),
            format!("{place}?sign={until}.{}", "0".repeat(64)),
            format!("{place}?sign={later}"),
            format!("{place}?sign={other_sign}"),
            format!("{other_place}?sign={sign}"),
            format!("{}?sign={sign}", place.replace("a.png", "b.png")),
            format!("{}?sign={sign}", place.replace("a.png", "%2e%2e%2fa.png")),
            format!("{}/..?sign={sign}", place),
            format!("{}?sign={sign}", place.replace(&APP.to_string(), "5")),
            format!("/upload/{APP}/..%2f..%2fmagpie.db/a.png?sign={sign}"),
        ];
        for path in &wrong {
            equal(path, it.put(path, b"x").await, 403)?;
        }
        equal("blobs", it.blobs().len(), 0)?;
        equal("GET", it.get(&mine.upload).await.status, 405)?;
        let reply = it.ask("PUT", &mine.upload, "Content-Type: image/png\r\n", b"picture").await;
        equal("the right one", (reply.status, reply.body.len()), (200, 0))?;
        equal("once more", it.put(&mine.upload, b"another").await, 403)?;
        equal("it stays", it.get(&mine.download).await.body, b"picture".to_vec())?;
        it.world.advance(899);
        equal("in its last second", it.put(&other.upload, b"x").await, 200)?;
        let late = it.promise(OTHER, "c.png").await;
        it.world.advance(900);
        equal("when it is over", it.put(&late.upload, b"x").await, 403)?;
        let off = it.promise(OTHER, "d.png").await;
        let change = vec![("files.enabled".to_owned(), false.into())];
        it.world.chat().change_app(APP, change).await.map_err(|it| it.to_string())?;
        equal("when files are off", it.put(&off.upload, b"x").await, 403)?;
        equal("blobs", it.blobs().len(), 2)
    })
}

pub fn a_file_too_large_is_refused_as_it_comes() -> Result<(), String> {
    block_on(async {
        let limits = json!({"files.max_mb": {"image": 1, "video": 2}});
        let mut it = Scene::new(limits).await;
        for (kind, megabytes) in [(1, 1), (2, 2)] {
            let most = vec![7; megabytes * MEGABYTE];
            let more = vec![7; megabytes * MEGABYTE + 1];
            let paths = it.promise(kind, "a").await;
            equal("one byte more", it.put(&paths.upload, &more).await, 413)?;
            let chunks = format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", more.len());
            let mut connection = Connection::open(it.server.address).await;
            connection.send(format!("PUT {} HTTP/1.1\r\nHost: x\r\n{chunks}", paths.upload)).await;
            connection.send(&more).await;
            connection.send("\r\n0\r\n\r\n").await;
            equal("one byte more in chunks", reply(&mut connection, "PUT").await.status, 413)?;
            equal("blobs", it.blobs().len(), 0)?;
            equal("as much as may be", it.put(&paths.upload, &most).await, 200)?;
            equal("it is there", it.get(&paths.download).await.body.len(), most.len())?;
            std::fs::remove_dir_all(server::node::Node::files_dir(&it.node.data_dir)).unwrap();
        }
        // What is not set has its usual limit, and a promise of too much is answered before it is kept.
        let paths = it.promise(3, "a.mp3").await;
        let mut connection = Connection::open(it.server.address).await;
        let head = |length: usize| {
            format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n", paths.upload)
        };
        connection.send(head(20 * MEGABYTE + 1)).await;
        equal("a promise of too much", reply(&mut connection, "PUT").await.status, 413)?;
        equal("less", it.put(&paths.upload, b"x").await, 200)
    })
}

pub fn an_aborted_upload_leaves_nothing() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let paths = it.promise(OTHER, "a.bin").await;
        let whole = vec![1; 3 * MEGABYTE];
        let mut first = Connection::open(it.server.address).await;
        let head =
            format!("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", paths.upload, whole.len());
        first.send(head).await;
        first.send(&whole[..2 * MEGABYTE]).await;
        while it.blobs().is_empty() {
            tokio::task::yield_now().await;
        }
        equal("at the same time", it.put(&paths.upload, &whole).await, 403)?;
        equal("not there yet", it.get(&paths.download).await.status, 404)?;
        let mut others = Vec::new();
        for n in 0..15 {
            let path = it.promise(OTHER, &format!("{n}")).await.upload;
            let mut other = Connection::open(it.server.address).await;
            other.send(format!("PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx")).await;
            others.push(other);
        }
        while it.blobs().len() < 16 {
            tokio::task::yield_now().await;
        }
        let one_more = it.promise(OTHER, "one more").await;
        equal("more than sixteen of one user", it.put(&one_more.upload, b"x").await, 503)?;
        drop(first);
        drop(others);
        while !it.blobs().is_empty() {
            tokio::task::yield_now().await;
        }
        equal("not there either", it.get(&paths.download).await.status, 404)?;
        equal("once more", it.put(&paths.upload, &whole).await, 200)?;
        equal("there", it.get(&paths.download).await.body.len(), whole.len())?;
        equal("blobs", it.blobs().len(), 1)
    })
}

fn form(field: &str, content: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nv\r\n--XX\r\nContent-Disposition: form-data; \
         name=\"{field}\"; filename=\"../../x.png\"\r\nContent-Type: image/png\r\n\r\n{content}\r\n--XX--\r\n"
    )
}

pub fn a_form_brings_a_file_too() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({"files.max_mb": {"file": 1}})).await;
        const FORM: &str = "Content-Type: multipart/form-data; boundary=XX\r\n";
        let post = async |it: &Scene, path: &str, headers: &str, body: &str| {
            it.ask("POST", path, headers, body.as_bytes()).await.status
        };
        let paths = it.promise(OTHER, "a.png").await;
        for (what, headers, body, status) in [
            ("no form", "Content-Type: image/png\r\n", "x".to_owned(), 400),
            ("no field of that name", FORM, form("picture", "x"), 400),
            ("no end", FORM, form("file", "x").replace("--XX--", ""), 400),
            ("too large", FORM, form("file", &"x".repeat(MEGABYTE + 1)), 413),
            ("too much around it", FORM, form(&"x".repeat(70_000), "x"), 400),
        ] {
            equal(what, post(&it, &paths.upload, headers, &body).await, status)?;
        }
        equal("blobs", it.blobs().len(), 0)?;
        let whole = "x".repeat(MEGABYTE);
        equal("a form", post(&it, &paths.upload, FORM, &form("file", &whole)).await, 200)?;
        let reply = it.get(&paths.download).await;
        equal("its type", reply.header("content-type"), "image/png")?;
        equal("its length", reply.body.len(), MEGABYTE)?;
        equal("once more", post(&it, &paths.upload, FORM, &form("file", "x")).await, 403)
    })
}

pub fn what_is_not_kept_goes() -> Result<(), String> {
    on_each_engine(async |engine| {
        let mut it = Scene::with(engine, json!({})).await;
        let kept = it.stored("a.png", "image/png", b"picture").await;
        it.promise(OTHER, "never.png").await;
        it.world.advance(900 + 3601);
        it.world.run_job("collect files").await?;
        equal("promises", rows(&it).await, 1)?;
        it.world.advance(1000 * 86_400);
        it.world.run_job("collect files").await?;
        equal("for ever", it.get(&kept.download).await.status, 200)?;
        for setting in ["messages.history_days", "files.keep_days"] {
            let change = vec![(setting.to_owned(), 7.into())];
            it.world.chat().change_app(APP, change).await.map_err(|it| it.to_string())?;
            let paths = it.stored("b.png", "image/png", b"picture").await;
            it.world.advance(7 * 86_400);
            equal("in its last second", it.get(&paths.download).await.status, 200)?;
            it.world.run_job("collect files").await?;
            equal("blobs", it.blobs().len(), 1)?;
            it.world.advance(1);
            equal("over", it.get(&paths.download).await.status, 404)?;
            it.world.run_job("collect files").await?;
            equal("blobs afterwards", it.blobs().len(), 0)?;
            equal("rows", rows(&it).await, 0)?;
            let back = vec![(setting.to_owned(), 0.into())];
            it.world.chat().change_app(APP, back).await.map_err(|it| it.to_string())?;
        }
        Ok(())
    })
}

async fn rows(it: &Scene) -> i64 {
    let read = it.world.chat().db.read(|tx| tx.row("select count(*) from files", &[]));
    read.await.unwrap().unwrap().int(0).unwrap()
}

/// A process may be killed after the bytes came to their place and before the row says so, or while they come.
pub fn what_a_crash_left_goes() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let paths = it.stored("a.png", "image/png", b"first").await;
        let undo = it.world.chat().db.write(0, |tx| tx.exec("update files set state = 0", &[]));
        undo.await.map_err(|it| it.to_string())?;
        equal("what was not noted is not there", it.get(&paths.download).await.status, 404)?;
        equal("once more", it.put(&paths.upload, b"second").await, 200)?;
        equal("there", it.get(&paths.download).await.body, b"second".to_vec())?;
        equal("the first attempt is gone", it.blobs().len(), 1)?;
        let undo = it.world.chat().db.write(0, |tx| tx.exec("update files set state = 0", &[]));
        undo.await.map_err(|it| it.to_string())?;
        it.world.advance(900 + 3601);
        it.world.run_job("collect files").await?;
        equal("what nobody repeats goes", it.blobs().len(), 0)?;
        let files = server::node::Node::files_dir(&it.node.data_dir);
        std::fs::write(chat::blobs::Folder::incoming(&files).join("half"), b"half").unwrap();
        chat::blobs::Folder::tidy(&files).await.map_err(|it| it.to_string())?;
        equal("half a file", it.blobs().len(), 0)?;
        it.stored("b.png", "image/png", b"x").await;
        Ok(())
    })
}

pub fn promises_are_bounded() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let object = json!({"uint32_file_id": 1, "uint32_file_type": 1, "str_file_name": "a"});
        let ten = json!({"str_user_id": "alice", "rpt_upload_object": vec![object; 10]});
        for _ in 0..100 {
            let answer = it.command("im_cos_msg.simple_sig", ten.clone()).await;
            equal("promised", answer["ErrorCode"].as_i64(), Some(0))?;
        }
        let one = json!({"file_type": 1, "file_name": "a"});
        let answer = it.command("im_cos_msg.pre_sig", one.clone()).await;
        equal("over the bound", answer["ErrorCode"].as_i64(), Some(60018))?;
        it.world.advance(900 + 3601);
        it.world.run_job("collect files").await?;
        let answer = it.command("im_cos_msg.pre_sig", one).await;
        equal("afterwards", answer["ErrorCode"].as_i64(), Some(0))
    })
}
