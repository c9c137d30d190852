//! The WebSocket protocol as the Autobahn test suite asks for it, against the gateway's own reader and writer with
//! an echo behind them. The numbers are those of the suite's cases; the suite itself runs by `cargo xtask autobahn`.

mod closing;
mod fragments;
mod framing;
mod texts;

use serde_json::json;
use server::http::Routes;

use crate::{
    place::{Engine, START, World},
    run::block_on,
    wire::{BINARY, CLOSE, Connection, Server, TEXT, Wire, masked, object},
};

const CONTINUATION: u8 = 0;
/// Connections of one row after another.
const CONNECTIONS_MAX: usize = 100;

const NORMAL: u16 = 1000;
const BROKEN: u16 = 1002;
const NOT_TEXT: u16 = 1007;

/// What is sent on a new connection, and everything that has to come back.
struct Row {
    what: String,
    /// Each is written by itself.
    send: Vec<Vec<u8>>,
    back: Vec<(u8, Vec<u8>)>,
    /// Whether the client closes when all that has come.
    closes: bool,
    /// Of the server's close frame at the end.
    code: u16,
}

/// Answered, and closed by the client afterwards.
fn good(what: impl Into<String>, send: Vec<Vec<u8>>, back: Vec<(u8, Vec<u8>)>) -> Row {
    Row { what: what.into(), send, back, closes: true, code: NORMAL }
}

/// Ended by what is sent.
fn bad(what: impl Into<String>, send: Vec<Vec<u8>>, back: Vec<(u8, Vec<u8>)>, code: u16) -> Row {
    Row { what: what.into(), send, back, closes: false, code }
}

fn close(code: u16) -> Vec<u8> {
    masked(CLOSE, true, &code.to_be_bytes())
}

fn text(payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(TEXT, true, payload.as_ref())
}

fn binary(payload: impl AsRef<[u8]>) -> Vec<u8> {
    masked(BINARY, true, payload.as_ref())
}

fn frame(opcode: u8, payload: impl Into<Vec<u8>>) -> (u8, Vec<u8>) {
    (opcode, payload.into())
}

/// In pieces of so many bytes.
fn chopped(bytes: &[u8], each: usize) -> Vec<Vec<u8>> {
    bytes.chunks(each).map(<[u8]>::to_vec).collect()
}

async fn echo_server() -> (World, Server) {
    let world = World::new(Engine::Sqlite, START, &object(json!({}))).await;
    let server = Server::start_with(&world.node, Routes::Echo, CONNECTIONS_MAX);
    (world, server)
}

fn check(rows: Vec<Row>) -> Result<(), String> {
    block_on(async {
        let (_world, server) = echo_server().await;
        for row in rows {
            let mut wire = Wire::open(server.address, "/").await;
            for piece in &row.send {
                wire.connection.send(piece).await;
            }
            for (at, expected) in row.back.iter().enumerate() {
                let Some(came) = wire.frame().await else {
                    return Err(format!("{}: the connection ends before frame {at}", row.what));
                };
                if came != *expected {
                    let came = (came.0, came.1.len(), String::from_utf8_lossy(&came.1).into_owned());
                    return Err(format!("{}: frame {at} is {came:.80?}", row.what));
                }
            }
            if row.closes {
                wire.connection.send(close(NORMAL)).await;
            }
            let code = wire.closed().await;
            if code != Some(row.code) {
                return Err(format!("{}: closed with {code:?}, not {}", row.what, row.code));
            }
        }
        Ok(())
    })
}

pub fn frames_of_any_length_come_back() -> Result<(), String> {
    check(framing::lengths())
}

pub fn pings_are_answered_by_their_pongs() -> Result<(), String> {
    check(framing::pings())
}

pub fn reserved_bits_and_opcodes_end_the_connection() -> Result<(), String> {
    check([framing::reserved_bits(), framing::opcodes()].concat_rows())
}

pub fn fragments_are_put_together() -> Result<(), String> {
    check(fragments::rows())
}

pub fn texts_are_utf_8() -> Result<(), String> {
    check([texts::good_ones(), texts::bad_ones()].concat_rows())
}

pub fn a_close_is_answered_by_a_close() -> Result<(), String> {
    check(closing::rows())
}

pub fn long_messages_come_back_whole() -> Result<(), String> {
    check(fragments::long_ones())
}

/// Extensions are offered by browsers; what is not taken up must not be named (12.*, 13.*).
pub fn compression_is_declined() -> Result<(), String> {
    block_on(async {
        let (_world, server) = echo_server().await;
        let mut connection = Connection::open(server.address).await;
        connection
            .send(
                "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
            )
            .await;
        let head = connection.until("\r\n\r\n").await.to_lowercase();
        match head.starts_with("http/1.1 101 ") && !head.contains("sec-websocket-extensions") {
            true => Ok(()),
            false => Err(head),
        }
    })
}

/// Several tables as one.
trait ConcatRows {
    fn concat_rows(self) -> Vec<Row>;
}

impl<const N: usize> ConcatRows for [Vec<Row>; N] {
    fn concat_rows(self) -> Vec<Row> {
        self.into_iter().flatten().collect()
    }
}
