//! A socket that the connection's task reads and anybody may write to, with or without TLS.
//!
//! Nothing here waits: what would block says so, and the connection's task waits for readiness.

use std::{
    io::{self, IoSlice, Read, Write},
    sync::Mutex,
    time::Duration,
};

use bytes::Bytes;
use rustls::ServerConnection;
use socket2::SockRef;
use tokio::net::TcpStream;

/// Most slices of one vectored write.
const SLICES_MAX: usize = 64;
/// Plain text that TLS takes at once; more waits until the socket takes the cipher text.
const TLS_PLAIN_MAX: usize = 64 << 10;

/// How long a client that is put out has for its part of the goodbye.
const LINGER: Duration = Duration::from_secs(1);
/// What is read of it meanwhile, and thrown away.
const LINGER_BYTES_MAX: usize = 1 << 20;
const LINGER_BUFFER_BYTES: usize = 4096;

pub struct Socket {
    tcp: TcpStream,
    tls: Option<Box<Mutex<ServerConnection>>>,
}

impl Socket {
    pub fn new(tcp: TcpStream, tls: Option<Box<ServerConnection>>) -> Socket {
        let tls = tls.map(|mut it| {
            it.set_buffer_limit(Some(TLS_PLAIN_MAX));
            Box::new(Mutex::new(*it))
        });
        Socket { tcp, tls }
    }

    pub async fn readable(&self) -> io::Result<()> {
        self.tcp.readable().await
    }

    pub async fn writable(&self) -> io::Result<()> {
        self.tcp.writable().await
    }

    /// Bytes taken of these frames, the first of them first.
    pub fn write<'a>(&self, frames: impl Iterator<Item = &'a Bytes>) -> io::Result<usize> {
        match &self.tls {
            None => {
                let mut slices = [IoSlice::new(&[]); SLICES_MAX];
                let mut count = 0;
                for (slot, frame) in slices.iter_mut().zip(frames) {
                    *slot = IoSlice::new(frame);
                    count += 1;
                }
                match &slices[..count] {
                    [only] => self.tcp.try_write(only),
                    several => self.tcp.try_write_vectored(several),
                }
            }
            Some(tls) => {
                let mut tls = tls.lock().expect("no holder panics");
                while tls.wants_write() {
                    tls.write_tls(&mut Raw(&self.tcp))?;
                }
                let mut taken = 0;
                for frame in frames {
                    let written = tls.writer().write(frame)?;
                    taken += written;
                    if written < frame.len() {
                        break;
                    }
                }
                Ok(taken)
            }
        }
    }

    /// Bytes taken of one frame on a connection without TLS; with TLS it would block.
    pub fn write_plain(&self, frame: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.tcp.try_write(frame),
            Some(_) => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// True when cipher text is left that the socket did not take.
    pub fn flush(&self) -> io::Result<bool> {
        let Some(tls) = &self.tls else { return Ok(false) };
        let mut tls = tls.lock().expect("no holder panics");
        while tls.wants_write() {
            match tls.write_tls(&mut Raw(&self.tcp)) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Says that nothing more comes and waits for the client to close. With bytes left that nobody reads the system
    /// would reset the connection, and the client would not see what was written last.
    pub async fn linger(&self) {
        if SockRef::from(&self.tcp).shutdown(std::net::Shutdown::Write).is_ok() {
            // Whoever takes longer is cut off.
            _ = tokio::time::timeout(LINGER, self.read_away()).await;
        }
    }

    async fn read_away(&self) {
        let (mut buffer, mut left) = (vec![0; LINGER_BUFFER_BYTES], LINGER_BYTES_MAX);
        while left > 0 && self.tcp.readable().await.is_ok() {
            match self.tcp.try_read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => left = left.saturating_sub(read),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(tls) = &self.tls else { return self.tcp.try_read(buffer) };
        let mut tls = tls.lock().expect("no holder panics");
        loop {
            match tls.reader().read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
            if tls.read_tls(&mut Raw(&self.tcp))? == 0 {
                return Ok(0);
            }
            tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        }
    }
}

/// The TCP connection as TLS wants it.
struct Raw<'a>(&'a TcpStream);

impl Read for Raw<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Raw<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
