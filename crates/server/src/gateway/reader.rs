//! Whole messages, read from a connection by the WebSocket protocol.
//!
//! What the protocol has to say itself (pongs) is queued like any other frame. How a connection ends is told as
//! the reason, which has the close code.

use std::io::{self, Read, Write};

use bytes::Bytes;
use tungstenite::{
    Error, Message,
    error::ProtocolError,
    protocol::{Role, WebSocketConfig, WebSocketContext},
};

use super::{Connection, outbox::Closed};

/// What one connection reads at once. It is held for the connection's whole life.
const READ_BUFFER_BYTES: usize = 2048;
/// The code of a client that closes without one.
const NORMAL_CODE: u16 = 1000;

pub(super) struct Reader {
    protocol: WebSocketContext,
    bytes_max: usize,
    /// Bytes read since the last whole message.
    came: usize,
}

/// What one look at the connection gave.
pub(super) enum Got {
    Message {
        is_text: bool,
        payload: Bytes,
    },
    /// A ping or a pong: somebody is there.
    Control,
    /// No more has come. The number of bytes of a message that is still under way.
    Part(usize),
}

impl Reader {
    /// `read` is what came after the handshake already; a longer message than `bytes_max` is refused.
    pub fn new(read: &[u8], bytes_max: usize) -> Reader {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(bytes_max))
            .max_frame_size(Some(bytes_max));
        let protocol = WebSocketContext::from_partially_read(read.to_vec(), Role::Server, Some(config));
        Reader { protocol, bytes_max, came: 0 }
    }

    /// For the messages from here on, one that is under way included.
    pub fn set_bytes_max(&mut self, bytes_max: usize) {
        if bytes_max != self.bytes_max {
            self.bytes_max = bytes_max;
            self.protocol.set_config(|it| {
                it.max_message_size = Some(bytes_max);
                it.max_frame_size = Some(bytes_max);
            });
        }
    }

    /// Takes in what is there, without waiting. An error says how the connection has to end.
    pub fn next(&mut self, connection: &Connection) -> Result<Got, Closed> {
        let mut stream = Frames { connection, came: &mut self.came };
        let (is_text, payload) = match self.protocol.read(&mut stream) {
            Ok(Message::Binary(it)) => (false, it),
            Ok(Message::Text(it)) => (true, it.into()),
            Ok(Message::Close(said)) => {
                return Err(Closed::Goodbye(said.map_or(NORMAL_CODE, |it| it.code.into())));
            }
            Ok(_) => return Ok(Got::Control),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return Ok(Got::Part(self.came));
            }
            Err(error) => return Err(end_of(&error, connection)),
        };
        self.came = 0;
        Ok(Got::Message { is_text, payload })
    }
}

fn end_of(error: &Error, connection: &Connection) -> Closed {
    let why = match error {
        Error::Io(_)
        | Error::ConnectionClosed
        | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Closed::Client,
        Error::Utf8(_) => Closed::NotText,
        Error::Capacity(_) => Closed::TooLong,
        _ => Closed::Protocol,
    };
    tracing::debug!(source = %connection.opening.source, %error, "not a WebSocket frame");
    why
}

/// The connection's bytes as the protocol reads them.
struct Frames<'a> {
    connection: &'a Connection,
    came: &'a mut usize,
}

impl Read for Frames<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.connection.socket.read(buffer)?;
        *self.came += read;
        Ok(read)
    }
}

impl Write for Frames<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.connection.send(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
