//! Pictures in the sizes that SDKs ask for.

use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use image::{DynamicImage, GenericImageView, ImageFormat};
use serde_json::{Value, json};

use super::{
    Paths, Reply, Scene, equal, objects, on_each_engine,
    pictures::{
        BLUE, CORNERS, GREEN, RED, WHITE, animated_gif, animated_png, animated_webp, corners, encoded,
        half_clear, photo, quarters,
    },
};
use crate::{place::APP, run::block_on, wire::object};

const SMALL: &str = "imageView2/3/w/198/h/198";
const LARGE: &str = "imageView2/3/w/720/h/720";

fn in_size(paths: &Paths, size: &str) -> String {
    format!("{}?{size}", paths.download)
}

fn seen(reply: &Reply) -> Result<DynamicImage, String> {
    image::load_from_memory(&reply.body).map_err(|it| format!("{it}: {}", reply.head))
}

async fn change(it: &Scene, setting: &str, value: Value) -> Result<(), String> {
    let change = vec![(setting.to_owned(), value)];
    it.world.chat().change_app(APP, change).await.map(drop).map_err(|it| it.to_string())
}

fn made(it: &Scene) -> u64 {
    it.world.chat().thumbnails.numbers.made.load(Ordering::Relaxed)
}

/// What the eight orientations of Exif mean: which quarter of the stored picture is looked at in which corner.
const LOOKS: [[[u8; 3]; 4]; 8] = [
    CORNERS,
    [GREEN, RED, WHITE, BLUE],
    [BLUE, WHITE, RED, GREEN],
    [WHITE, BLUE, GREEN, RED],
    [RED, WHITE, BLUE, GREEN],
    [WHITE, RED, GREEN, BLUE],
    [BLUE, GREEN, RED, WHITE],
    [GREEN, BLUE, WHITE, RED],
];

pub fn photos_are_given_in_small_as_they_are_looked_at() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        for (orientation, look) in (1..).zip(LOOKS) {
            let photo = photo(600, 400, orientation);
            let paths = it.picture("photo.jpg", &photo).await;
            let what = format!("orientation {orientation}");
            let reply = it.get(&in_size(&paths, SMALL)).await;
            equal(&what, (reply.status, reply.header("content-type")), (200, "image/jpeg"))?;
            let picture = seen(&reply)?;
            equal(&what, picture.dimensions(), if orientation < 5 { (297, 198) } else { (198, 297) })?;
            equal(&what, corners(&picture), look)?;
            let has = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|it| it == text);
            equal("the camera noted where", has(&photo, b"at home"), true)?;
            let noted = (has(&reply.body, b"Exif"), has(&reply.body, b"at home"));
            equal("nobody else is told", noted, (false, false))?;
            equal("the original", it.get(&paths.download).await.body, photo)?;
        }
        equal("panics", it.node.metrics.panics.get(), 0)
    })
}

pub fn a_thumbnail_has_the_size_that_sdks_count_with() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        for (sides, small, large) in [
            ((1001, 800), Some((248, 198)), Some((901, 720))),
            ((721, 2000), Some((198, 550)), Some((720, 1998))),
            ((720, 2000), Some((198, 550)), None),
            ((1000, 199), Some((995, 198)), None),
            ((198, 3000), None, None),
            ((100, 100), None, None),
        ] {
            let png = encoded(&quarters(sides.0, sides.1), ImageFormat::Png);
            let paths = it.picture("a.png", &png).await;
            for (size, expected) in [(SMALL, small), (LARGE, large)] {
                let what = format!("{sides:?} as {size}");
                let reply = it.get(&in_size(&paths, size)).await;
                equal(&what, seen(&reply)?.dimensions(), expected.unwrap_or(sides))?;
                equal(&what, reply.body == png, expected.is_none())?;
            }
        }
        let (opaque, clear) = (quarters(400, 400), half_clear(400, 400));
        for (what, bytes, media_type) in [
            ("grey", encoded(&opaque.grayscale(), ImageFormat::Png), "image/jpeg"),
            ("16 bits", encoded(&opaque.to_rgb16().into(), ImageFormat::Png), "image/jpeg"),
            ("opaque with opacity", encoded(&opaque.to_rgba8().into(), ImageFormat::Png), "image/jpeg"),
            ("clear", encoded(&clear, ImageFormat::Png), "image/png"),
            ("clear with 16 bits", encoded(&clear.to_rgba16().into(), ImageFormat::Png), "image/png"),
            ("bmp", encoded(&opaque, ImageFormat::Bmp), "image/jpeg"),
            ("webp", encoded(&opaque, ImageFormat::WebP), "image/jpeg"),
            ("clear webp", encoded(&clear, ImageFormat::WebP), "image/png"),
        ] {
            let paths = it.picture("a", &bytes).await;
            let reply = it.get(&in_size(&paths, SMALL)).await;
            equal(what, reply.header("content-type"), media_type)?;
            let picture = seen(&reply)?;
            equal(what, picture.dimensions(), (198, 198))?;
            if media_type == "image/png" {
                let opacities = [(8, 8), (190, 8)].map(|(x, y)| picture.get_pixel(x, y).0[3]);
                equal(what, opacities, [0, 255])?;
            } else if what != "grey" {
                equal(what, corners(&picture), CORNERS)?;
            }
        }
        // A picture that is a small file already.
        let flat = encoded(&image::RgbImage::new(800, 800).into(), ImageFormat::Png);
        let paths = it.picture("flat.png", &flat).await;
        equal("no smaller", it.get(&in_size(&paths, LARGE)).await.body, flat)
    })
}

pub fn only_what_sdks_ask_for_is_made() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let photo = photo(1200, 800, 1);
        let paths = it.picture("photo.jpg", &photo).await;
        for query in [
            "imageView2/3/w/199/h/199",
            "imageView2/3/w/198/h/720",
            "imageView2/3/w/198",
            "imageView2/3/w/0198/h/198",
            "imageView2/2/w/198/h/198",
            "imageView2/3/w/198/h/198/format/webp",
            "imageView2/3/w/-1/h/-1",
            "imageView2/3/w/99999999999/h/99999999999",
            "imageView2",
            "imageView2/%zz",
            "imageMogr2/thumbnail/198x198",
            "thumb=imageView2/3/w/198/h/198",
        ] {
            equal(query, it.get(&in_size(&paths, query)).await.body == photo, true)?;
        }
        let film = it.stored("photo.jpg", "image/jpeg", &photo).await;
        equal("no picture for the sender", it.get(&in_size(&film, SMALL)).await.body == photo, true)?;
        equal("blobs", (it.blobs().len(), made(&it)), (2, 0))?;
        let small = it.get(&in_size(&paths, SMALL)).await.body;
        equal("smaller", small.len() * 4 < photo.len(), true)?;
        for query in [
            format!("{SMALL}&authKey=x"),
            format!("authKey=x&{SMALL}"),
            "imageView2%2F3%2Fw%2F198%2Fh%2F198=".to_owned(),
        ] {
            equal(&query, it.get(&in_size(&paths, &query)).await.body == small, true)?;
        }
        // Both sizes of the one, and two originals.
        equal("blobs", (it.blobs().len(), made(&it)), (4, 1))
    })
}

pub fn moving_pictures_go_on_moving() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        for (what, bytes, format) in [
            ("gif", animated_gif(900, 900, 2), "gif"),
            ("png", animated_png(900, 900), "png"),
            ("webp", animated_webp(900, 900), "webp"),
        ] {
            let paths = it.picture("a", &bytes).await;
            for size in [SMALL, LARGE] {
                equal(what, it.get(&in_size(&paths, size)).await.body == bytes, true)?;
            }
            let told = told(&mut it, &paths).await?;
            let url = format!("http://x{}", paths.download);
            equal(what, told.len(), 3)?;
            for (kind, told) in (1..).zip(&told) {
                let expected = json!({"uint32_image_type": kind, "str_url": url, "uint32_width": 900,
                    "uint32_height": 900, "str_image_format": format});
                equal(what, told, &expected)?;
            }
        }
        let still = encoded(&quarters(600, 600), ImageFormat::Gif);
        let paths = it.picture("a.gif", &still).await;
        let reply = it.get(&in_size(&paths, SMALL)).await;
        equal("a picture that stands still", seen(&reply)?.dimensions(), (198, 198))?;
        equal("nothing was tried with the others", made(&it), 1)
    })
}

/// The head of a PNG of a size, and behind it rubbish.
fn rubbish(width: u32, height: u32) -> Vec<u8> {
    let still = encoded(&quarters(300, 300), ImageFormat::Png);
    [&still[..16], &width.to_be_bytes(), &height.to_be_bytes(), &still[24..]].concat()
}

pub fn what_is_no_good_picture_is_given_as_it_is() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let png = encoded(&quarters(900, 900), ImageFormat::Png);
        let gif = animated_gif(900, 900, 1);
        let webp = encoded(&quarters(900, 900), ImageFormat::WebP);
        let script = b"<html><script>alert(1)</script></html>".to_vec();
        let vector = b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900\" height=\"900\"/>".to_vec();
        for (what, bytes) in [
            ("a bomb", rubbish(30_000, 30_000)),
            ("a bomb of one line", rubbish(1_000_000_000, 199)),
            ("another size than it says", rubbish(5_000, 5_000)),
            ("half a PNG", png[..png.len() / 2].to_vec()),
            ("the head of a PNG", png[..40].to_vec()),
            ("half a GIF", gif[..gif.len() / 2].to_vec()),
            ("half a WebP", webp[..webp.len() / 2].to_vec()),
            ("the head of a JPEG", photo(900, 900, 6)[..700].to_vec()),
            ("HTML", script),
            ("SVG", vector),
            ("a word", b"hello".to_vec()),
            ("nothing", Vec::new()),
        ] {
            let paths = it.picture("a.png", &bytes).await;
            for size in [SMALL, LARGE, SMALL] {
                let reply = it.get(&in_size(&paths, size)).await;
                equal(what, (reply.status, reply.body == bytes), (200, true))?;
                equal(what, reply.header("cache-control"), "private, max-age=86400")?;
            }
        }
        // What browsers show of half a photo is shown.
        let photo = photo(900, 900, 1);
        let paths = it.picture("a.jpg", &photo[..photo.len() / 2]).await;
        let reply = it.get(&in_size(&paths, SMALL)).await;
        equal("half a photo", (reply.status, seen(&reply)?.dimensions()), (200, (198, 198)))?;
        let numbers = &it.world.chat().thumbnails.numbers;
        equal("each was tried once", numbers.failed.load(Ordering::Relaxed), 5)?;
        equal("panics", it.node.metrics.panics.get(), 0)
    })
}

pub fn many_who_ask_at_once_get_one_thumbnail() -> Result<(), String> {
    on_each_engine(async |engine| {
        let mut it = Scene::with(engine, json!({})).await;
        let paths = it.picture("photo.jpg", &photo(1200, 800, 1)).await;
        let urls: Vec<_> = [SMALL, LARGE].iter().cycle().take(12).map(|size| in_size(&paths, size)).collect();
        let replies = join_all(urls.iter().map(|url| it.get(url))).await;
        for (url, reply) in urls.iter().zip(&replies) {
            let sides = if url.ends_with(SMALL) { (297, 198) } else { (1080, 720) };
            equal(url, seen(reply)?.dimensions(), sides)?;
        }
        equal("made", (made(&it), it.blobs().len()), (1, 3))?;
        it.node.observe();
        let metrics = it.node.metrics.text();
        for line in [r#"magpie_thumbnails{kind="made"} 1"#, r#"magpie_thumbnails{kind="refused"} 0"#] {
            equal(line, metrics.lines().any(|it| it == line), true)?;
        }
        let spent = metrics.lines().find_map(|it| it.strip_prefix("magpie_thumbnail_seconds "));
        equal("time was spent", spent.is_some_and(|it| it != "0.0"), true)
    })
}

pub fn a_thumbnail_goes_with_its_picture() -> Result<(), String> {
    on_each_engine(async |engine| {
        let mut it = Scene::with(engine, json!({"files.keep_days": 7})).await;
        let paths = it.picture("photo.jpg", &photo(1200, 800, 1)).await;
        let url = in_size(&paths, SMALL);
        equal("there", it.get(&url).await.status, 200)?;
        equal("blobs", it.blobs().len(), 3)?;
        it.world.advance(7 * 86_400);
        equal("in its last second", seen(&it.get(&url).await)?.dimensions(), (297, 198))?;
        it.world.run_job("collect files").await?;
        equal("blobs still", it.blobs().len(), 3)?;
        it.world.advance(1);
        equal("over", it.get(&url).await.status, 404)?;
        it.world.run_job("collect files").await?;
        equal("blobs afterwards", it.blobs().len(), 0)?;
        let read = it.world.chat().db.read(|tx| tx.row("select count(*) from thumbnails", &[]));
        equal("rows", read.await.unwrap().unwrap().int(0).unwrap(), 0)?;
        equal("gone", it.get(&url).await.status, 404)
    })
}

pub fn a_thumbnail_is_served_like_a_file() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let paths = it.picture("图 1.png", &photo(1200, 800, 1)).await;
        let url = in_size(&paths, SMALL);
        // Asked for with HEAD first: that makes it, too.
        let head = it.ask("HEAD", &url, "", b"").await;
        let reply = it.get(&url).await;
        equal("length", head.header("content-length"), &*reply.body.len().to_string())?;
        for (name, value) in [
            ("content-type", "image/jpeg"),
            ("accept-ranges", "bytes"),
            ("cache-control", "private, max-age=86400"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("content-disposition", "inline; filename*=utf-8''%e5%9b%be%201.png"),
        ] {
            equal(name, (head.header(name), reply.header(name)), (value, value))?;
        }
        equal("policy", reply.header("content-security-policy").contains("sandbox"), true)?;
        let (tag, whole) = (reply.header("etag").to_owned(), reply.body);
        let tags = [it.get(&paths.download).await, it.get(&in_size(&paths, LARGE)).await];
        equal("each has a tag of its own", tags.iter().any(|it| it.header("etag") == tag), false)?;
        let again = it.ask("GET", &url, &format!("If-None-Match: {tag}\r\n"), b"").await;
        equal("unchanged", (again.status, again.body.len()), (304, 0))?;
        let part = it.ask("GET", &url, &format!("Range: bytes=100-199\r\nIf-Range: {tag}\r\n"), b"").await;
        equal("a part", (part.status, &*part.body), (206, &whole[100..200]))?;
        equal("of what", part.header("content-range"), &format!("bytes 100-199/{}", whole.len()))?;
        let behind = it.ask("GET", &url, &format!("Range: bytes={}-\r\n", whole.len()), b"").await;
        equal("behind its end", behind.status, 416)?;

        change(&it, "files.download_auth", true.into()).await?;
        let head = object(json!({"identifier": "alice", "usersig": it.world.sig("alice")}));
        let answer = it.wire.ask("im_open_status.wslogin", head, "{}").await;
        let key = answer["RichMsgAuthKey"].as_str().unwrap();
        equal("without a key", it.get(&url).await.status, 403)?;
        equal("with a wrong key", it.get(&format!("{url}&authKey=x")).await.status, 403)?;
        equal("with the key", it.get(&format!("{url}&authKey={key}")).await.body == whole, true)
    })
}

pub fn a_lost_thumbnail_is_made_again() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        let photo = photo(1200, 800, 1);
        let paths = it.picture("photo.jpg", &photo).await;
        let url = in_size(&paths, SMALL);
        let small = it.get(&url).await.body;
        for blob in it.blobs() {
            let name = blob.file_name().unwrap().to_string_lossy().into_owned();
            if let Some((_, side)) = name.split_once('-') {
                equal("its name", ["198", "720"].contains(&side), true)?;
                std::fs::remove_file(blob).unwrap();
            }
        }
        let reply = it.get(&url).await;
        equal("the original for now", reply.body == photo, true)?;
        equal("asked for again", reply.header("cache-control"), "private, no-cache")?;
        equal("made again", it.get(&url).await.body == small, true)?;
        equal("blobs", it.blobs().len(), 3)
    })
}

pub fn thumbnails_can_be_switched_off() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({"files.thumbnails": false})).await;
        let photo = photo(1200, 800, 6);
        let paths = it.picture("photo.jpg", &photo).await;
        equal("the original", it.get(&in_size(&paths, SMALL)).await.body == photo, true)?;
        let told = told(&mut it, &paths).await?;
        let told: Vec<_> = told.iter().map(|it| (&it["uint32_width"], &it["uint32_height"])).collect();
        equal("told", told, vec![(&json!(800), &json!(1200)); 3])?;
        equal("blobs", it.blobs().len(), 1)?;
        change(&it, "files.thumbnails", true.into()).await?;
        equal("on", seen(&it.get(&in_size(&paths, SMALL)).await)?.dimensions(), (198, 297))?;
        change(&it, "files.thumbnails", false.into()).await?;
        equal("off again", it.get(&in_size(&paths, SMALL)).await.body == photo, true)
    })
}

/// What `get_imageinfo` answers about a file.
async fn told(it: &mut Scene, paths: &Paths) -> Result<Vec<Value>, String> {
    let url = json!({"str_image_url": format!("http://x{}", paths.download)});
    let answer = it.command("im_cos_msg.get_imageinfo", url).await;
    answer["rpt_msg_image_info"].as_array().cloned().ok_or(answer.to_string())
}

pub fn a_client_is_told_of_thumbnails() -> Result<(), String> {
    block_on(async {
        let mut it = Scene::new(json!({})).await;
        // Held upright: as high as it is stored wide.
        let paths = it.picture("photo.jpg", &photo(1201, 800, 6)).await;
        let told = told(&mut it, &paths).await?;
        equal("nothing is made for that", it.blobs().len(), 1)?;
        for (told, (kind, sides, query)) in told.iter().zip([
            (1, (198, 298), format!("?{SMALL}")),
            (2, (720, 1081), format!("?{LARGE}")),
            (3, (800, 1201), String::new()),
        ]) {
            let path = format!("{}{query}", paths.download);
            let expected = json!({"uint32_image_type": kind, "str_url": format!("http://x{path}"),
                "uint32_width": sides.0, "uint32_height": sides.1, "str_image_format": "jpg"});
            equal("told", told, &expected)?;
            if kind < 3 {
                let picture = seen(&it.get(&path).await)?;
                equal("there", (picture.dimensions(), corners(&picture)), (sides, LOOKS[5]))?;
            }
        }
        let small = it.picture("a.png", &encoded(&quarters(400, 300), ImageFormat::Png)).await;
        let url = format!("http://x{}?x=y", small.download);
        let answer = it.command("im_cos_msg.get_imageinfo", json!({"str_image_url": url})).await;
        let told: Vec<_> = (0..3).map(|at| &answer["rpt_msg_image_info"][at]).collect();
        let urls: Vec<_> = told.iter().map(|it| it["str_url"].as_str().unwrap_or_default()).collect();
        equal("of a smaller picture", urls, vec![&*format!("{url}&{SMALL}"), &url, &url])?;
        let widths: Vec<_> = told.iter().map(|it| it["uint32_width"].as_i64()).collect();
        equal("widths", widths, vec![Some(264), Some(400), Some(400)])
    })
}

pub fn a_store_of_objects_keeps_thumbnails_too() -> Result<(), String> {
    block_on(async {
        let (mut it, store) = Box::pin(objects::scene()).await;
        let photo = photo(1200, 800, 1);
        let paths = it.picture("photo.jpg", &photo).await;
        let url = in_size(&paths, SMALL);
        store.fails.store(true, Ordering::Relaxed);
        equal("while it fails", it.get(&url).await.status, 500)?;
        store.fails.store(false, Ordering::Relaxed);
        let reply = it.get(&url).await;
        equal("there", seen(&reply)?.dimensions(), (297, 198))?;
        equal("kept", it.get(&url).await.body == reply.body, true)?;
        let part = it.ask("GET", &url, "Range: bytes=5-9\r\n", b"").await;
        equal("a part", (part.status, &*part.body), (206, &reply.body[5..10]))?;
        let names: Vec<_> = store.objects.lock().unwrap().keys().cloned().collect();
        equal("objects", names.len(), 3)?;
        equal("its name", names[1].strip_prefix(&*names[0]), Some("-198"))?;
        equal("nothing is left here", it.blobs().len(), 0)?;
        change(&it, "files.keep_days", 1.into()).await?;
        let aged = it.world.chat().db.write(0, |tx| tx.exec("update files set created_at = 1", &[]));
        aged.await.map_err(|it| it.to_string())?;
        let blobs = it.node.blobs.clone();
        let gone = it.world.chat().collect_files(&*blobs).await.map_err(|it| it.to_string())?;
        equal("collected", (gone, store.objects.lock().unwrap().len()), (1, 0))
    })
}
