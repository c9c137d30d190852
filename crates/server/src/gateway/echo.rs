//! Sends every message back, by the same reader, outbox and socket as clients have. Suites of WebSocket tests need
//! such a server; no listener of the command line has this route.

use std::{io, sync::Arc};

use bytes::Bytes;
use proto::frame;
use tokio::net::TcpStream;

use super::{
    Connection, Opening, Progress,
    outbox::Closed,
    reader::{Got, Reader},
};
use crate::node::Node;

/// The longest messages of suites have 16 MiB.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

pub async fn echo(
    node: Arc<Node>,
    opening: Opening,
    tcp: TcpStream,
    tls: Option<Box<rustls::ServerConnection>>,
    read: Bytes,
) {
    let connection = Arc::new(Connection::new(&node, opening, tcp, tls));
    let id = node.connections.add(&connection);
    let mut reader = Reader::new(&read, MESSAGE_BYTES_MAX);
    let why = loop {
        if let Err(why) = answer(&connection, &mut reader) {
            connection.end(why);
        }
        match connection.flush() {
            Progress::Ended(why) => break why,
            Progress::Going { backlog, closing } => {
                if wait(&connection, backlog, closing).await.is_err() {
                    break Closed::Client;
                }
            }
        }
    };
    node.connections.remove(id);
    connection.finish(why).await;
}

fn answer(connection: &Connection, reader: &mut Reader) -> Result<(), Closed> {
    loop {
        match reader.next(connection)? {
            Got::Message { is_text, payload } => connection.send(frame::ws_frame(!is_text, &payload).into()),
            Got::Control => {}
            Got::Part(_) => return Ok(()),
        }
    }
}

async fn wait(connection: &Connection, backlog: bool, closing: bool) -> io::Result<()> {
    tokio::select! {
        it = connection.socket.readable(), if !closing => it,
        it = connection.socket.writable(), if backlog => it,
        () = connection.wake.notified() => Ok(()),
    }
}
