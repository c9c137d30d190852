//! Clients that send more than is read, or read less than they are sent.

use serde_json::{Value, json};
use server::metrics::ByReason;

use crate::{
    place::{ADMIN, APP, Engine, START, World},
    run::block_on,
    wire::{BINARY, Connection, PING, Server, Wire, masked, object},
};

const GOOD: (&str, &str) = ("im_open_login_svc/account_check", r#"{"CheckItem":[{"UserID":"x"}]}"#);
/// Far over every limit of a body and every buffer of a connection.
const LONG: usize = 8 << 20;

struct Scene {
    world: World,
    server: Server,
}

impl Scene {
    async fn new() -> Scene {
        let world = World::new(Engine::Sqlite, START, &object(json!({}))).await;
        let server = Server::start(&world.node);
        Scene { world, server }
    }

    fn head(&self, command: &str, headers: &str) -> String {
        let sig = self.world.sig(ADMIN);
        let query = format!("sdkappid={APP}&identifier={ADMIN}&usersig={sig}&random=1&contenttype=json");
        format!("POST /v4/{command}?{query} HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n")
    }

    fn whole(&self, command: &str, body: &str) -> String {
        format!("{}{body}", self.head(command, &format!("Content-Length: {}", body.len())))
    }

    async fn stranger(&self) -> Wire {
        Wire::open(self.server.address, &format!("/binfo?sdkappid={APP}&instanceid=mallory&platform=7")).await
    }

    /// Both doors serve somebody new.
    async fn still_fine(&self, after: &str) -> Result<(), String> {
        let mut connection = Connection::open(self.server.address).await;
        connection.send(self.whole(GOOD.0, GOOD.1)).await;
        let code = code_of(&connection.answer().await.1);
        let mut wire = Wire::browser(self.server.address, "alice").await;
        wire.login(&self.world, "alice").await;
        let beat = wire.ask("heartbeat.alive", object(json!({})), "{}").await;
        if code != 0 || beat["ErrorCode"] != 0 || self.world.node.metrics.panics.get() != 0 {
            return Err(format!("after {after} others are answered {code} and {beat}"));
        }
        Ok(())
    }

    fn closed_as(&self, reason: &'static str) -> u64 {
        self.world.node.metrics.sockets_closed.get_or_create(&ByReason { reason }).get()
    }
}

fn code_of(body: &str) -> i64 {
    let body: Value = serde_json::from_str(body).unwrap_or_else(|it| panic!("{it}: {body}"));
    body["ErrorCode"].as_i64().expect("every answer has a code")
}

/// A client that first sends everything and only then reads must still find out why it was refused.
pub fn a_long_body_gets_its_code_although_all_of_it_is_sent() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        for (command, code) in [("openim/sendmsg", 93000), (GOOD.0, 60002)] {
            for length in [(1 << 20) + 1, LONG] {
                let body = "x".repeat(length);
                let chunks = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
                let chunked = format!("{}{chunks}", it.head(command, "Transfer-Encoding: chunked"));
                for (how, request) in [("a length", it.whole(command, &body)), ("chunks", chunked)] {
                    let mut connection = Connection::open(it.server.address).await;
                    connection.send(request).await;
                    let got = code_of(&connection.answer().await.1);
                    if got != code {
                        return Err(format!("{command}, {length} bytes with {how}: {got}, not {code}"));
                    }
                    it.still_fine("a long body").await?;
                }
            }
        }
        Ok(())
    })
}

/// Answers that nobody fetches wait up to a bound, then the connection is over.
pub fn a_client_that_asks_and_never_reads_is_closed() -> Result<(), String> {
    block_on(async {
        let it = Scene::new().await;
        let long_name = "x".repeat(100_000);
        let echo = format!("{{\"head\":{{\"servcmd\":\"{long_name}\",\"seq\":1}},\"body\":{{}}}}");
        let floods = [
            ("requests", masked(BINARY, true, echo.as_bytes())),
            ("pings", masked(PING, true, &[7; 125]).repeat(800)),
        ];
        for (at, (what, frames)) in floods.into_iter().enumerate() {
            let mut wire = it.stranger().await;
            let mut sent = 0;
            while it.closed_as("slow") == at as u64 {
                if sent > 16 * LONG {
                    return Err(format!("after {sent} bytes of {what} it is still connected"));
                }
                wire.connection.send(&frames).await;
                sent += frames.len();
                it.still_fine(what).await?;
            }
            drop(wire);
            it.still_fine(what).await?;
        }
        Ok(())
    })
}
