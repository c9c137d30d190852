//! What comes down, to whom, and as what.

use serde_json::json;

use super::{IMAGE, OTHER, Scene, equal, no_such, on_each_engine};
use crate::{
    history::call,
    place::APP,
    run::block_on,
    wire::{Wire, object},
};

/// Bytes of every value, and more of them than are read in one step.
fn bytes() -> Vec<u8> {
    (0..200_000_u32).map(|it| (it % 251) as u8).collect()
}

pub fn a_file_comes_back_as_it_went() -> Result<(), String> {
    on_each_engine(async |engine| {
        let mut it = Scene::with(engine, json!({})).await;
        let sent = bytes();
        let paths = it.stored("图 1.mp4", "video/mp4", &sent).await;
        for path in [&paths.download, &format!("{}?imageView2/3/w/198/h/198", paths.download)] {
            let reply = it.get(path).await;
            equal("status", reply.status, 200)?;
            if reply.body != sent {
                return Err("other bytes come back".to_owned());
            }
            for (name, value) in [
                ("content-type", "video/mp4"),
                ("content-length", "200000"),
                ("accept-ranges", "bytes"),
                ("x-content-type-options", "nosniff"),
                ("access-control-allow-origin", "*"),
                ("content-disposition", "inline; filename*=utf-8''%e5%9b%be%201.mp4"),
            ] {
                equal(name, reply.header(name), value)?;
            }
        }
        let head = it.ask("HEAD", &paths.download, "", b"").await;
        equal("HEAD", (head.status, head.header("content-length")), (200, "200000"))?;
        let tag = head.header("etag").to_owned();
        let again = it.ask("GET", &paths.download, &format!("If-None-Match: {tag}\r\n"), b"").await;
        equal("unchanged", (again.status, again.body.len()), (304, 0))?;
        let empty = it.stored("empty", "text/plain", b"").await;
        let reply = it.get(&empty.download).await;
        equal("empty", (reply.status, reply.header("content-length")), (200, "0"))?;
        let other = it.ask("DELETE", &paths.download, "", b"").await;
        equal("DELETE", other.status, 405)?;
        equal("blobs", it.blobs().len(), 2)
    })
}

pub fn a_part_of_a_file_can_be_had() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let sent = bytes();
        let paths = it.stored("a.mp4", "video/mp4", &sent).await;
        let tag = it.get(&paths.download).await.header("etag").to_owned();
        for (headers, status, part) in [
            ("Range: bytes=0-0".to_owned(), 206, Some(0..1)),
            ("Range: bytes=70000-140000".to_owned(), 206, Some(70_000..140_001)),
            ("Range: bytes=199990-".to_owned(), 206, Some(199_990..200_000)),
            ("Range: bytes=-10".to_owned(), 206, Some(199_990..200_000)),
            (format!("Range: bytes=5-5\r\nIf-Range: {tag}"), 206, Some(5..6)),
            ("Range: bytes=5-5\r\nIf-Range: \"other\"".to_owned(), 200, Some(0..200_000)),
            ("Range: bytes=0-1,5-6".to_owned(), 200, Some(0..200_000)),
            ("Range: bytes=200000-".to_owned(), 416, None),
        ] {
            let reply = it.ask("GET", &paths.download, &format!("{headers}\r\n"), b"").await;
            equal(&headers, reply.status, status)?;
            let Some(part) = part else {
                equal("its length", reply.header("content-range"), "bytes */200000")?;
                continue;
            };
            if reply.body != sent[part.clone()] {
                return Err(format!("{headers}: other bytes come"));
            }
            if status == 206 {
                let expected = format!("bytes {}-{}/200000", part.start, part.end - 1);
                equal(&headers, reply.header("content-range"), &expected)?;
            }
        }
        Ok(())
    })
}

pub fn a_file_runs_nothing_in_the_page() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let script = b"<script>alert(1)</script>";
        for (name, media_type) in [
            ("a.html", "text/html"),
            ("a.html", "TEXT/HTML; charset=utf-8"),
            ("a.svg", "image/svg+xml"),
            ("a.xml", "application/xml"),
            ("a.js", "text/javascript"),
            ("a", "nonsense"),
        ] {
            let paths = it.stored(name, media_type, script).await;
            let reply = it.get(&paths.download).await;
            equal(media_type, reply.header("content-type"), "application/octet-stream")?;
            let how = format!("attachment; filename*=utf-8''{name}");
            equal(media_type, reply.header("content-disposition"), &how)?;
            equal(media_type, reply.header("x-content-type-options"), "nosniff")?;
            if !reply.header("content-security-policy").contains("sandbox") {
                return Err(format!("{media_type} may run: {}", reply.head));
            }
        }
        let paths = it.stored("a\"b;c.pdf", "application/pdf", script).await;
        let reply = it.get(&paths.download).await;
        equal(
            "a name with signs",
            reply.header("content-disposition"),
            "attachment; filename*=utf-8''a%22b%3bc.pdf",
        )
    })
}

pub fn no_path_leads_to_another_file() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let other_app = APP + 1;
        let settings = chat::settings::Settings::default();
        Box::pin(it.world.chat().create_app(other_app, settings)).await.map_err(|it| it.to_string())?;
        let secret = it.node.data_dir.join("secret");
        std::fs::write(&secret, b"secret").unwrap();
        let paths = it.stored("a.png", "image/png", b"picture").await;
        let waiting = it.promise(OTHER, "later.png").await;
        let id = paths.download.split('/').nth(3).unwrap().to_owned();
        for path in [
            no_such("a.png"),
            waiting.download.clone(),
            format!("/file/{APP}/{id}/b.png"),
            format!("/file/{APP}/{id}/"),
            format!("/file/{APP}/{id}"),
            format!("/file/{APP}/{id}/a.png/"),
            format!("/file/{APP}/{id}/a.png/x"),
            format!("/file/{APP}/{id}/%00a.png"),
            format!("/file/{APP}/{id}/a.png%00"),
            format!("/file/{APP}/{id}/a.png%zz"),
            format!("/file/{APP}/{id}/%2e%2e%2fa.png"),
            format!("/file/{APP}/{id}%00/a.png"),
            format!("/file/{APP}/{}/a.png", id.to_uppercase()),
            format!("/file/{other_app}/{id}/a.png"),
            format!("/file/0{other_app}/{id}/a.png"),
            format!("/file/99999999999/{id}/a.png"),
            format!("/file/-1/{id}/a.png"),
            format!("/file/x/{id}/a.png"),
            format!("/file/{APP}/../{APP}/{id}/a.png"),
            format!("/file/{APP}/../../secret"),
            format!("/file/{APP}/%2e%2e/%2e%2e%2fsecret"),
            format!("/file/{APP}/{}/secret", "../".repeat(10)),
            format!("/file/{APP}/..%2f..%2f..%2fsecret/secret"),
            "/file/".to_owned(),
            "/file//".to_owned(),
            "/file///".to_owned(),
        ] {
            let reply = it.get(&path).await;
            let text = String::from_utf8_lossy(&reply.body).into_owned();
            if reply.status != 404 || text.contains("picture") || text.contains("secret") {
                return Err(format!("{path}: {} {text}", reply.status));
            }
        }
        equal("the right path", it.get(&paths.download).await.status, 200)?;
        equal("panics", it.node.metrics.panics.get(), 0)
    })
}

pub fn downloads_may_need_a_key() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({"files.download_auth": true})).await;
        let paths = it.stored("a.png", "image/png", b"picture").await;
        let head = object(json!({"identifier": "alice", "usersig": it.world.sig("alice")}));
        let answer = it.wire.ask("im_open_status.wslogin", head, "{}").await;
        let key = answer["RichMsgAuthKey"].as_str().unwrap().to_owned();
        let with = |key: &str| format!("{}?imageView2/1&authKey={key}", paths.download);
        let sign = paths.upload.split("sign=").nth(1).unwrap();
        for other in [paths.download.clone(), with(""), with("x"), with(&format!("{key}0")), with(sign)] {
            equal(&other, it.get(&other).await.status, 403)?;
        }
        equal("the key", it.get(&with(&key)).await.status, 200)?;
        it.world.advance(365 * 86_400 - 1);
        equal("the key in its last second", it.get(&with(&key)).await.status, 200)?;
        it.world.advance(1);
        equal("the key afterwards", it.get(&with(&key)).await.status, 403)?;
        let off = vec![("files.download_auth".to_owned(), false.into())];
        it.world.chat().change_app(APP, off).await.map_err(|it| it.to_string())?;
        equal("without the setting", it.get(&paths.download).await.status, 200)
    })
}

/// Heads of pictures of 30 by 20 pixels.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x1e\0\0\0\x14\x08\x02\0\0\0\0\0\0\0".to_vec();
    let gif = b"GIF89a\x1e\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    let bmp =
        [&b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x1e\0\0\0\x14\0\0\0\x01\0\x18\0"[..], &[0; 40]].concat();
    let webp = b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x1d\0\0\x13\0\0\0\0\0\0\0\0".to_vec();
    // A camera's own picture of 64 KB comes before the size.
    let camera = [&b"\xff\xe1\xff\xff"[..], &vec![0; 0xfffd]].concat();
    let frame = b"\xff\xc0\0\x11\x08\0\x14\0\x1e\x03\x01\x22\0\x02\x11\x01\x03\x11\x01\xff\xd9";
    let jpg = [&b"\xff\xd8"[..], &camera, &camera, &frame[..]].concat();
    vec![("png", png), ("gif", gif), ("bmp", bmp), ("webp", webp), ("jpg", jpg)]
}

pub fn pictures_tell_their_size() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        for (format, picture) in pictures() {
            let paths = it.promise(IMAGE, &format!("a.{format}")).await;
            equal(format, it.put(&paths.upload, &picture).await, 200)?;
            // A proxy may stand in front, and the client may write whatever scheme it likes.
            for host in ["http://x", "https://proxy.example"] {
                let url = format!("{host}{}?imageView2/1", paths.download);
                let answer = it.command("im_cos_msg.get_imageinfo", json!({"str_image_url": url})).await;
                let pictures = answer["rpt_msg_image_info"].as_array().ok_or(answer.to_string())?;
                equal(format, pictures.len(), 3)?;
                for (at, picture) in pictures.iter().enumerate() {
                    let expected = json!({"uint32_image_type": at + 1, "str_url": url, "uint32_width": 30,
                        "uint32_height": 20, "str_image_format": format});
                    equal(format, picture, &expected)?;
                }
            }
        }
        for (what, bytes) in
            [("no picture", &b"hello"[..]), ("half a head", &b"\x89PNG\r\n\x1a\n\0\0"[..]), ("nothing", b"")]
        {
            let paths = it.promise(IMAGE, "a.png").await;
            equal(what, it.put(&paths.upload, bytes).await, 200)?;
            let url = json!({"str_image_url": format!("http://x{}", paths.download)});
            let answer = it.command("im_cos_msg.get_imageinfo", url).await;
            equal(what, &answer["rpt_msg_image_info"][0]["uint32_width"], &json!(0))?;
        }
        // Old plug-ins ask for keys of the vendor's own store, which is not here.
        let answer = it.command("im_cos_sign_svr.cos", json!({"cmd": "open_im_cos_svc"})).await;
        equal("the vendor's store", answer["ErrorCode"].as_i64(), Some(60009))
    })
}

pub fn any_page_may_ask() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let paths = it.promise(OTHER, "a.png").await;
        let headers = "Origin: https://page.example\r\nAccess-Control-Request-Method: PUT\r\n\
                       Access-Control-Request-Headers: content-type, authorization\r\n";
        for path in [&paths.upload, &paths.download] {
            let reply = it.ask("OPTIONS", path, headers, b"").await;
            equal("preflight", reply.status, 204)?;
            equal("origin", reply.header("access-control-allow-origin"), "*")?;
            equal("methods", reply.header("access-control-allow-methods"), "get, head, put, post, options")?;
            equal("headers", reply.header("access-control-allow-headers"), "content-type, authorization")?;
        }
        let refused = it.put("/upload/1/2/3", b"x").await;
        equal("refused", refused, 403)?;
        let reply = it.get(&no_such("a")).await;
        equal("a page may read why", reply.header("access-control-allow-origin"), "*")?;
        // The promise was not used up by the questions.
        equal("upload", it.put(&paths.upload, b"x").await, 200)?;
        // A user who was not there before the socket gets nothing.
        call(&it.world, "im_open_login_svc/account_import", json!({"UserID": "bob"})).await;
        let mut bob = Wire::browser(it.server.address, "bob").await;
        let head = object(json!({"identifier": "bob", "usersig": it.world.sig("alice")}));
        let answer = bob.ask("im_cos_msg.pre_sig", head, r#"{"file_type":1,"file_name":"a"}"#).await;
        equal("bob with the signature of alice", answer["ErrorCode"].as_i64(), Some(70013))
    })
}
