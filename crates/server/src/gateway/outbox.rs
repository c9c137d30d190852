//! Frames that wait to be written to one socket.

use std::{collections::VecDeque, io};

use bytes::{Buf, Bytes};
use chat::login::Loss;

use super::socket::Socket;

/// Most bytes that wait for a slow reader beside the longest frame; beyond it the connection is closed.
const WAITING_BYTES_MAX: usize = 1 << 20;
/// Most frames written by one system call.
const COALESCED_MAX: usize = 64;
/// Capacity that an idle queue may keep.
const IDLE_CAPACITY: usize = 8;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It broke, or the client left without a word.
    Client,
    /// The client closed it with this code, which is said back.
    Goodbye(u16),
    /// The client was not heard of for too long.
    Silent,
    /// The client does not read what it is sent.
    Slow,
    /// The client sent what is no frame.
    Protocol,
    /// The client sent a text that is no UTF-8.
    NotText,
    /// The client sent a longer message than it may.
    TooLong,
    /// This server stops.
    Server,
}

impl Closed {
    pub fn name(self) -> &'static str {
        match self {
            Closed::Client | Closed::Goodbye(_) => "client",
            Closed::Silent => "silent",
            Closed::Slow => "slow",
            Closed::Protocol | Closed::NotText | Closed::TooLong => "protocol",
            Closed::Server => "server",
        }
    }

    /// How the loss of the connection is told.
    pub fn loss(self) -> Loss {
        if self == Closed::Silent { Loss::Silence } else { Loss::LinkClosed }
    }

    /// Whether the client may still be sending, so that it would not see the close frame if the socket were
    /// closed at once.
    pub fn is_refusal(self) -> bool {
        matches!(self, Closed::Protocol | Closed::NotText | Closed::TooLong | Closed::Slow)
    }

    /// The WebSocket close code, in a complete close frame.
    fn frame(self) -> Bytes {
        let code: u16 = match self {
            Closed::Goodbye(code) => code,
            Closed::Client | Closed::Silent => 1000,
            Closed::Server => 1001,
            Closed::Protocol => 1002,
            Closed::NotText => 1007,
            Closed::Slow => 1008,
            Closed::TooLong => 1009,
        };
        let [high, low] = code.to_be_bytes();
        Bytes::copy_from_slice(&[0x88, 2, high, low])
    }
}

/// What became of a queued frame.
pub enum Pushed {
    /// It is the only one: the connection's task has to be woken.
    First,
    Behind,
    /// The connection is closed, or was closed because of it.
    Dropped,
}

#[derive(Default)]
pub struct Outbox {
    frames: VecDeque<Bytes>,
    bytes: usize,
    /// Length of the longest frame since the queue was empty.
    longest: usize,
    closed: Option<Closed>,
}

impl Outbox {
    pub fn push(&mut self, frame: Bytes) -> Pushed {
        if self.closed.is_some() {
            return Pushed::Dropped;
        }
        if self.frames.is_empty() {
            self.longest = 0;
        }
        // A single answer may be longer, and takes its time; little may pile up beside it.
        let longest = self.longest.max(frame.len());
        if (self.bytes + frame.len()).saturating_sub(longest) > WAITING_BYTES_MAX {
            self.frames.clear();
            self.bytes = 0;
            self.close(Closed::Slow);
            return Pushed::Dropped;
        }
        self.longest = longest;
        self.bytes += frame.len();
        self.frames.push_back(frame);
        if self.frames.len() == 1 { Pushed::First } else { Pushed::Behind }
    }

    /// Nothing more is taken in; what waits is still written, then the connection ends.
    pub fn close(&mut self, why: Closed) {
        if self.closed.is_none() {
            self.closed = Some(why);
            self.frames.push_back(why.frame());
        }
    }

    /// Whether a frame may be written past the queue: nothing waits, and nothing has ended.
    pub fn is_idle(&self) -> bool {
        self.frames.is_empty() && self.closed.is_none()
    }

    pub fn closed(&self) -> Option<Closed> {
        self.closed
    }

    /// Writes as much as the socket takes. True when something is left.
    pub fn flush(&mut self, socket: &Socket) -> io::Result<bool> {
        while !self.frames.is_empty() {
            let written = match socket.write(self.frames.iter().take(COALESCED_MAX)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            self.advance(written);
        }
        if self.frames.capacity() > IDLE_CAPACITY {
            self.frames.shrink_to(IDLE_CAPACITY);
        }
        socket.flush()
    }

    fn advance(&mut self, mut written: usize) {
        self.bytes = self.bytes.saturating_sub(written);
        while let Some(front) = self.frames.front_mut() {
            if written < front.len() {
                front.advance(written);
                return;
            }
            written -= front.len();
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_BYTES: usize = 12_000;
    const LONG_BYTES: usize = 4 << 20;

    #[test]
    fn a_slow_reader_holds_no_more_than_the_bound_beside_its_longest_frame() {
        for longest in [FRAME_BYTES, LONG_BYTES] {
            let mut outbox = Outbox::default();
            outbox.push(vec![0; longest].into());
            while !matches!(outbox.push(vec![0; FRAME_BYTES].into()), Pushed::Dropped) {
                assert!(outbox.bytes <= longest + WAITING_BYTES_MAX, "{} bytes wait", outbox.bytes);
            }
            let waiting: usize = outbox.frames.iter().map(Bytes::len).sum();
            assert_eq!((outbox.closed(), waiting), (Some(Closed::Slow), Closed::Slow.frame().len()));
            assert!(matches!(outbox.push(Bytes::new()), Pushed::Dropped), "it stays closed");
        }
    }
}
