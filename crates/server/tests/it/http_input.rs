//! HTTP as no good client sends it. Whatever comes, the server answers or closes in bounded time, nothing
//! changes, and the next client is served.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use server::config::Limits;

use crate::{
    place::{ADMIN, APP, Engine, START, World},
    run::block_on,
    wire::{Connection, Server, object},
};

const GOOD: &str = r#"{"CheckItem":[{"UserID":"x"}]}"#;

struct Scene {
    world: World,
    server: Server,
}

impl Scene {
    async fn new() -> Scene {
        Box::pin(Scene::with(Limits::default())).await
    }

    async fn with(limits: Limits) -> Scene {
        let world = Box::pin(World::with_limits(Engine::Sqlite, START, &object(json!({})), limits)).await;
        let server = Server::start(&world.node);
        Scene { world, server }
    }

    fn target(&self, command: &str) -> String {
        let sig = self.world.sig(ADMIN);
        format!("/v4/{command}?sdkappid={APP}&identifier={ADMIN}&usersig={sig}&random=1&contenttype=json")
    }

    fn check(&self) -> String {
        self.target("im_open_login_svc/account_check")
    }

    /// Request line and headers, to which a body is added.
    fn head(&self, headers: &str) -> String {
        format!("POST {} HTTP/1.1\r\nHost: x\r\n{headers}\r\n", self.check())
    }

    fn request(&self, headers: &str, body: &str) -> String {
        format!("{}{body}", self.head(&format!("Content-Length: {}\r\n{headers}", body.len())))
    }

    /// The code that a good client gets.
    async fn code(&self, request: impl AsRef<[u8]>) -> i64 {
        let mut connection = Connection::open(self.server.address).await;
        connection.send(request).await;
        code_of(&connection.answer().await.1)
    }

    async fn still_fine(&self, after: &str) -> Result<(), String> {
        let code = self.code(self.request("", GOOD)).await;
        if code != 0 {
            return Err(format!("after {after} a good client is answered {code}"));
        }
        if self.world.node.metrics.panics.get() > 0 {
            return Err(format!("{after} makes the server panic"));
        }
        let chat = self.world.chat();
        let accounts = chat::accounts::list(chat, &self.world.app(), String::new(), 10).await.unwrap();
        if accounts == [ADMIN] { Ok(()) } else { Err(format!("{after} makes accounts: {accounts:?}")) }
    }
}

fn code_of(body: &str) -> i64 {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|it| panic!("{it}: {body}"));
    body["ErrorCode"].as_i64().expect("every answer has a code")
}

/// What is no HTTP is refused with this status; 0 stands for a connection that is just closed.
pub fn broken_requests_are_refused() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let line = format!("POST {} HTTP/1.1\r\n", it.check());
        let with = |headers: &str| format!("{line}Host: x\r\n{headers}\r\n\r\n{GOOD}").into_bytes();
        let long = "x".repeat(70_000);
        let rows: Vec<(&str, Vec<u8>, u32)> = vec![
            ("nothing, and then a word", b"\r\n\r\n\r\nhello\r\n\r\n".to_vec(), 400),
            ("a word", b"hello\r\n\r\n".to_vec(), 400),
            ("a method alone", b"POST\r\n\r\n".to_vec(), 400),
            ("no version", b"POST /\r\n\r\n".to_vec(), 400),
            ("version 9", b"POST / HTTP/9.9\r\n\r\n".to_vec(), 400),
            ("a path with a space", b"POST /a b c HTTP/1.1\r\n\r\n".to_vec(), 400),
            ("zeros", vec![0; 300], 400),
            ("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec(), 400),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), 0),
            (
                "bytes that are no letters",
                b"POST /\xff\xfe HTTP/1.1\r\nHost: \xff\r\n\xff: x\r\n\r\n".to_vec(),
                400,
            ),
            ("a header without a colon", with("Colon"), 400),
            ("a header name with a space", with("A B: c"), 400),
            ("a header with a line break", with("A: b\rc"), 400),
            ("a length of letters", with("Content-Length: x"), 400),
            ("a negative length", with("Content-Length: -1"), 400),
            ("a length over 64 bits", with("Content-Length: 99999999999999999999999"), 400),
            ("two lengths", with("Content-Length: 1\r\nContent-Length: 31"), 400),
            ("an unknown transfer", with("Transfer-Encoding: bread"), 400),
            ("a long header", with(&format!("A: {long}")), 431),
            ("a long path", format!("POST /{long} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(), 431),
            ("many headers", with(&"A: b\r\n".repeat(2000)), 431),
        ];
        for (what, bytes, status) in rows {
            let mut connection = Connection::open(it.server.address).await;
            connection.send(&bytes).await;
            let answer = connection.rest().await;
            let found = answer.split(' ').nth(1).and_then(|it| it.parse().ok()).unwrap_or(0);
            if found != status {
                return Err(format!("{what}: {}", answer.lines().next().unwrap_or_default()));
            }
            it.still_fine(what).await?;
        }
        Ok(())
    })
}

/// Forms that are unusual but right, and bodies that are not.
pub fn unusual_requests_are_answered() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let gzipped = {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(GOOD.as_bytes()).unwrap();
            encoder.finish().unwrap()
        };
        let gzip_head = it.head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", gzipped.len()));
        let (first, second) = GOOD.split_at(9);
        let chunked = |body: &str| format!("{}{body}", it.head("Transfer-Encoding: chunked\r\n"));
        let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
        let absolute = it.request("", GOOD).replace("POST /v4", "POST http://example.com/v4");
        let rows: Vec<(&str, Vec<u8>, i64)> = vec![
            ("a length", it.request("", GOOD).into(), 0),
            ("two chunks", chunked(&format!("{}{}0\r\n\r\n", chunk(first), chunk(second))).into(), 0),
            ("a chunk with an extension", chunked(&format!("1f;a=b\r\n{GOOD} \r\n0\r\n\r\n")).into(), 0),
            ("a trailer", chunked(&format!("{}0\r\nA: b\r\n\r\n", chunk(GOOD))).into(), 0),
            ("chunks over the limit", chunked(&chunk(&" ".repeat(1_048_577))).into(), 60002),
            ("no length", it.head("").into(), 70402),
            ("no chunk", chunked("0\r\n\r\n").into(), 70402),
            ("a byte order mark", it.request("", &format!("\u{feff}{GOOD}")).into(), 0),
            ("a gzipped body", [gzip_head.as_bytes(), &gzipped].concat(), 70402),
            ("a form", it.request("Content-Type: application/x-www-form-urlencoded\r\n", GOOD).into(), 0),
            ("text", it.request("Content-Type: text/plain\r\n", GOOD).into(), 0),
            ("an absolute address", absolute.into(), 0),
            (
                "names in small letters",
                it.request("x: y\r\n", GOOD).replace("Content-L", "content-l").into(),
                0,
            ),
            (
                "a body that is no UTF-8",
                [it.head("Content-Length: 4\r\n").as_bytes(), b"{\"\xff}"].concat(),
                70402,
            ),
            ("a body over the limit", it.request("", &" ".repeat(1_048_577)).into(), 60002),
            (
                "a body of the limit",
                it.request("", &format!("{GOOD}{}", " ".repeat(1_048_576 - GOOD.len()))).into(),
                0,
            ),
            (
                "deep nesting",
                it.request("", &format!("{{\"CheckItem\":{}", "[".repeat(500_000))).into(),
                70402,
            ),
            ("GET", it.request("", GOOD).replacen("POST", "GET", 1).into(), 60002),
            ("PUT", it.request("", GOOD).replacen("POST", "PUT", 1).into(), 60002),
            ("an unknown method", it.request("", GOOD).replacen("POST", "BREW", 1).into(), 60002),
            ("a path outside of v4", it.request("", GOOD).replace("/v4/", "/v5/").into(), 60009),
            (
                "a path with a query like a path",
                it.request("", GOOD).replace("?sdk", "?a=/v4/x/y&sdk").into(),
                0,
            ),
        ];
        for (what, request, expected) in rows {
            let code = it.code(&request).await;
            if code != expected {
                return Err(format!("{what}: expected {expected}, got {code}"));
            }
            it.still_fine(what).await?;
        }
        Ok(())
    })
}

/// A promise of a long body is answered before it is kept.
pub fn a_long_body_is_refused_before_it_has_come() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let mut connection = Connection::open(it.server.address).await;
        connection.send(it.head("Content-Length: 999999999\r\n")).await;
        let code = code_of(&connection.answer().await.1);
        if code != 60002 {
            return Err(format!("it is answered {code}"));
        }
        it.still_fine("a promised long body").await
    })
}

/// One connection serves several requests, also after one that failed, and answers keep the order of requests.
pub fn a_connection_serves_on_after_an_error() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let good = it.request("", GOOD);
        let unknown = good.replace("account_check", "account_chek");
        let mut connection = Connection::open(it.server.address).await;
        for (request, expected) in
            [(&good, 0), (&unknown, 60009), (&good, 0), (&it.request("", "x"), 70402), (&good, 0)]
        {
            connection.send(request).await;
            let (head, body) = connection.answer().await;
            if code_of(&body) != expected || !head.starts_with("HTTP/1.1 200 ") {
                return Err(format!("expected {expected}: {head}{body}"));
            }
            let head = head.to_lowercase();
            for header in [
                "content-type: application/json; charset=utf-8\r\n",
                "access-control-allow-origin: *\r\n",
                "access-control-allow-methods: post\r\n",
                "access-control-allow-headers: x-requested-with\r\n",
            ] {
                if !head.contains(header) {
                    return Err(format!("no {header} in {head}"));
                }
            }
        }
        connection.send(format!("{good}{unknown}{good}")).await;
        for expected in [0, 60009, 0] {
            let code = code_of(&connection.answer().await.1);
            if code != expected {
                return Err(format!("pipelined: expected {expected}, got {code}"));
            }
        }
        Ok(())
    })
}

pub fn old_clients_keep_their_connection_when_they_ask() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let old = it.request("Connection: keep-alive\r\n", GOOD).replace("HTTP/1.1", "HTTP/1.0");
        let mut connection = Connection::open(it.server.address).await;
        for _ in 0..2 {
            connection.send(&old).await;
            let code = code_of(&connection.answer().await.1);
            if code != 0 {
                return Err(format!("it is answered {code}"));
            }
        }
        let closing = it.request("Connection: close\r\n", GOOD);
        connection.send(closing).await;
        let answer = connection.rest().await;
        if answer.contains("\"ErrorCode\":0") { Ok(()) } else { Err(answer) }
    })
}

/// Who sends slowly, or nothing, is not waited for longer than the limits say.
pub fn slow_clients_are_given_up() -> Result<(), String> {
    block_on(async {
        let limits = Limits { keep_alive_seconds: 1, request_seconds: 1, ..Limits::default() };
        let it = Box::pin(Scene::with(limits)).await;
        let mut nothing = Connection::open(it.server.address).await;
        let mut half_a_head = Connection::open(it.server.address).await;
        half_a_head.send(&it.request("", GOOD)[..40]).await;
        let mut half_a_body = Connection::open(it.server.address).await;
        half_a_body.send(it.head("Content-Length: 31\r\n")).await;
        half_a_body.send("{").await;
        let mut idle = Connection::open(it.server.address).await;
        idle.send(it.request("", GOOD)).await;
        let code = code_of(&idle.answer().await.1);
        if code != 0 {
            return Err(format!("a good request is answered {code}"));
        }
        for (what, connection) in [
            ("nothing", &mut nothing),
            ("half a head", &mut half_a_head),
            ("half a body", &mut half_a_body),
            ("no more", &mut idle),
        ] {
            let rest = connection.rest().await;
            if !(rest.is_empty() || rest.starts_with("HTTP/1.1 408 ")) {
                return Err(format!("{what}: {rest}"));
            }
        }
        it.still_fine("slow clients").await
    })
}

/// The address of the socket, asked for without one.
pub fn what_opens_no_socket_is_told_so() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
        let without_key = upgrade.replace("Sec-WebSocket-Key", "Key");
        let long = format!("GET /binfo?instanceid={}", "x".repeat(65));
        for (what, line, headers) in [
            ("no upgrade", "GET /binfo?sdkappid=1", ""),
            ("no key", "GET /binfo?sdkappid=1", &without_key),
            ("POST", "POST /binfo?sdkappid=1", upgrade),
            ("an app of letters", "GET /binfo?sdkappid=x", upgrade),
            ("an app over 32 bits", "GET /info?sdkappid=4294967296", upgrade),
            ("a bad percent-encoding", "GET /binfo?instanceid=%zz", upgrade),
            ("a long page", &long, upgrade),
            ("a zero in the page", "GET /binfo?instanceid=%00", upgrade),
        ] {
            let mut connection = Connection::open(it.server.address).await;
            let request = format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{headers}\r\n");
            connection.send(request).await;
            let (head, body) = connection.answer().await;
            if !head.starts_with("HTTP/1.1 400 ") {
                return Err(format!("{what}: {head}{body}"));
            }
            it.still_fine(what).await?;
        }
        Ok(())
    })
}
