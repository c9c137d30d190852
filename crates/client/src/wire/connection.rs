//! One WebSocket to the server's `/binfo`: whole frames in and out, about 5 kB of memory while idle.

use std::{
    io::{self, ErrorKind, Read, Write},
    time::Duration,
};

use bytes::Bytes;
use tokio::{io::Interest, net::TcpStream};
use tungstenite::{
    HandshakeError, Message, WebSocket, error::ProtocolError, handshake::client::ClientHandshake,
    protocol::WebSocketConfig,
};

use super::FRAME_BYTES_MAX;
use crate::{Error, address::Address, clock};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a close waits for the server's.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Paid by every connection.
const READ_BUFFER_BYTES: usize = 4096;
/// What may wait for a server that does not read; more closes the connection.
const UNSENT_BYTES_MAX: usize = 1 << 20;
/// `platform` of the URL: the web.
const PLATFORM: u32 = 7;
const SDK_VERSION: &str = "3.6.6";

/// An open socket, without anybody logged in on it. Somebody has to call [`next`](Self::next): only that reads, and writes
/// what could not be written at once.
pub struct Connection {
    socket: WebSocket<Stream>,
    /// Something of ours waits until the server reads.
    unsent: bool,
}

impl Connection {
    /// Opens the socket. `instance` names this client for good, as 32 hexadecimal digits: a reconnect
    /// repeats it. It takes 20 s at most.
    pub async fn open(url: &str, sdkappid: u32, instance: &str) -> Result<Connection, Error> {
        let address = Address::parse(url)?;
        let url = format!(
            "ws://{}{}/binfo?sdkappid={sdkappid}&instanceid={instance}&random={}&platform={PLATFORM}&host=linux&version=-1&sdkversion={SDK_VERSION}",
            address.authority,
            address.prefix,
            clock::unix_seconds(),
        );
        let opening = async {
            let stream = address.connect().await?;
            let socket = shake_hands(stream, &url).await?;
            Ok(Connection { socket, unsent: false })
        };
        tokio::time::timeout(CONNECT_TIMEOUT, opening).await.map_err(|_| Error::Timeout)?
    }

    /// Writes a frame, or keeps it until [`next`](Self::next) can write it. With more than 1 MiB kept the connection is
    /// given up.
    pub fn send(&mut self, frame: impl Into<Bytes>) -> Result<(), Error> {
        match self.socket.write(Message::Binary(frame.into())) {
            Ok(()) => Ok(()),
            Err(tungstenite::Error::Io(it)) if it.kind() == ErrorKind::WouldBlock => {
                self.unsent = true;
                Ok(())
            }
            Err(tungstenite::Error::WriteBufferFull(_)) => Err(Error::closed("the server does not read")),
            Err(error) => Err(ended(error)),
        }
    }

    /// The next frame of the server. Cancelling loses nothing.
    pub async fn next(&mut self) -> Result<Bytes, Error> {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(frame)) => return Ok(frame),
                Ok(Message::Text(frame)) => return Ok(frame.into()),
                Ok(_) => {}
                Err(tungstenite::Error::Io(it)) if it.kind() == ErrorKind::WouldBlock => self.ready().await?,
                Err(error) => return Err(ended(error)),
            }
        }
    }

    /// Breaks the connection without a goodbye: the other end sees it reset, and what was not sent is lost.
    pub fn cut(self) {
        // Where that is not possible the drop is an ordinary end, which is as good a loss.
        let _ = self.socket.get_ref().0.set_zero_linger();
    }

    /// Says goodbye and waits a short time for the server to do the same.
    pub async fn close(mut self) {
        let said = self.socket.close(None);
        self.unsent = said.is_err();
        let answered = async { while self.next().await.is_ok() {} };
        // The socket is dropped either way; a server that says nothing loses only the courtesy.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, answered).await;
    }

    /// Waits until there is something to read, and writes meanwhile what could not be written before.
    async fn ready(&mut self) -> Result<(), Error> {
        let interest = if self.unsent { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        let ready = self.socket.get_ref().0.ready(interest).await.map_err(|it| ended(it.into()))?;
        if self.unsent && ready.is_writable() {
            match self.socket.flush() {
                Ok(()) => self.unsent = false,
                Err(tungstenite::Error::Io(it)) if it.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(ended(error)),
            }
        }
        Ok(())
    }
}

async fn shake_hands(stream: TcpStream, url: &str) -> Result<WebSocket<Stream>, Error> {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(UNSENT_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut step = tungstenite::client::client_with_config(url, Stream(stream), Some(config));
    loop {
        match step {
            Ok((socket, _)) => return Ok(socket),
            Err(HandshakeError::Failure(error)) => return Err(Error::Handshake(error.to_string())),
            Err(HandshakeError::Interrupted(middle)) => {
                // The request fits into a new socket's buffer, so that only reading can be what waits.
                let machine = HandshakeMachineStream::stream(&middle);
                machine.readable().await.map_err(|it| Error::Handshake(it.to_string()))?;
                step = middle.handshake();
            }
        }
    }
}

/// The stream inside a handshake that waits.
trait HandshakeMachineStream {
    fn stream(&self) -> &TcpStream;
}

impl HandshakeMachineStream for tungstenite::handshake::MidHandshake<ClientHandshake<Stream>> {
    fn stream(&self) -> &TcpStream {
        &self.get_ref().get_ref().0
    }
}

fn ended(error: tungstenite::Error) -> Error {
    use tungstenite::Error as E;
    match error {
        E::ConnectionClosed
        | E::AlreadyClosed
        | E::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing) => {
            Error::closed("the server closed it")
        }
        other => Error::closed(&other.to_string()),
    }
}

/// Tokio's stream as the synchronous one that the protocol wants; "would block" is the answer to wait on.
struct Stream(TcpStream);

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.try_write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
