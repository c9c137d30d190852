//! The barest way to tell many sockets the same: one write for each, and another process that reads.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};

use super::Server;
use crate::load::{
    process::{micros_each, thread_cpu},
    report::{Times, histogram},
};

/// The hidden argument that makes this process the reader.
pub const DRAIN: &str = "--drain-server";
const ROUNDS: usize = 40;
/// Between two rounds, so that each finds a quiet machine as the messages do.
const PAUSE: Duration = Duration::from_millis(25);
/// A reader that says nothing for so long is gone.
const ROUND_TIMEOUT: Duration = Duration::from_secs(30);
const READ_BYTES: usize = 4096;

#[derive(Clone, Debug, Serialize)]
pub struct Bare {
    /// Processor time of a write, in microseconds.
    pub write_us: f64,
    /// From the first write of a round until the reader has the last of it.
    pub last: Times,
}

/// Writes `bytes` to each of so many sockets, again and again.
pub fn measure(sockets: usize, bytes: usize) -> anyhow::Result<Bare> {
    ensure!(sockets > 0 && bytes > 0, "there is nothing to write");
    let program = std::env::current_exe().context("this program has no path")?;
    let mut command = Command::new(program);
    command.args(["floors", DRAIN, &(sockets * bytes).to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut reader = Server(command.spawn().context("cannot start the reader")?);
    let mut address = String::new();
    let stdout = reader.0.stdout.take().context("the reader has no output")?;
    BufReader::new(stdout).read_line(&mut address)?;
    // The first connection is the one that is answered.
    let mut answers = TcpStream::connect(address.trim()).context("cannot reach the reader")?;
    answers.set_read_timeout(Some(ROUND_TIMEOUT))?;
    let mut writers = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        let writer = TcpStream::connect(address.trim()).context("cannot open another socket")?;
        writer.set_nodelay(true)?;
        writers.push(writer);
    }
    let (frame, mut last, mut spent) = (vec![b'x'; bytes], histogram(), Duration::ZERO);
    for _ in 0..ROUNDS {
        std::thread::sleep(PAUSE);
        let (start, before) = (Instant::now(), thread_cpu()?);
        for writer in &mut writers {
            writer.write_all(&frame)?;
        }
        spent += thread_cpu()?.saturating_sub(before);
        answers.read_exact(&mut [0]).context("the reader misses bytes")?;
        last.saturating_record(u64::try_from(start.elapsed().as_nanos())?);
    }
    Ok(Bare { write_us: micros_each(spent, (ROUNDS * sockets) as u64), last: Times::of(&last) })
}

/// Prints its address and reads until it is killed. Answers with a byte whenever `round` bytes have come.
pub fn drain(round: usize) -> anyhow::Result<()> {
    ensure!(round > 0, "a round has bytes");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        writeln!(std::io::stdout(), "{}", listener.local_addr()?).context("nobody reads the address")?;
        let (mut answers, _) = listener.accept().await?;
        let (tell, mut rounds) = mpsc::channel::<()>(ROUNDS);
        let read = Arc::new(AtomicUsize::new(0));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (tell, read) = (tell.clone(), read.clone());
                tokio::spawn(async move {
                    let mut buffer = [0; READ_BYTES];
                    while let Ok(bytes @ 1..) = socket.read(&mut buffer).await {
                        let before = read.fetch_add(bytes, Ordering::Relaxed);
                        let is_full = before / round < (before + bytes) / round;
                        if is_full && tell.send(()).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        while rounds.recv().await.is_some() {
            answers.write_all(&[1]).await?;
        }
        Ok(())
    })
}
