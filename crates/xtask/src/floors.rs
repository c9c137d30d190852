//! `cargo xtask floors`: what the least that has to be done costs on this machine.
//!
//! An HTTP exchange with JSON both ways on a bare server, an append that is on disk when it returns, and a write to a
//! socket. Nothing that does this work can cost less; the server's own numbers are to be read beside these.

use std::{
    fmt,
    fs::File,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use client::Rest;
use lexopt::ValueExt;
use serde::Serialize;
use tokio::io::AsyncReadExt;

use crate::load::{
    build,
    magpie::Folder,
    process::{cpu, micros_each, thread_cpu},
};

mod echo;
pub mod fan_out;

const RECORD: [u8; 512] = [b'x'; 512];
const BATCHES: [usize; 3] = [1, 16, 64];
/// Fsyncs measured for each size of a batch.
const SYNCS: usize = 400;
/// A multiple of the number of sockets.
const WRITES: usize = 128_000;
const WRITE_SOCKETS: usize = 64;
const HTTP_CONNECTIONS: usize = 64;
const HTTP_TIME: Duration = Duration::from_secs(4);
/// About what a message's call holds.
const HTTP_BODY: &str = r#"{"From_Account":"alice","To_Account":"bob","MsgSeq":1,"MsgRandom":2,"MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}]}"#;
/// The hidden argument that makes this process the HTTP server.
const ECHO: &str = "--echo-server";

/// Times in microseconds.
#[derive(Serialize)]
pub struct Floors {
    pub http: Http,
    pub appends: Vec<Append>,
    /// Processor time of one write of 512 bytes to a socket, with what the system does to hand it over.
    pub write_us: f64,
}

#[derive(Serialize)]
pub struct Http {
    pub per_second: f64,
    pub cpu_us: f64,
}

/// Records of 512 bytes, one fdatasync for each batch.
#[derive(Serialize)]
pub struct Append {
    pub batch: usize,
    /// For each record.
    pub cpu_us: f64,
    /// For each record.
    pub wall_us: f64,
}

impl Floors {
    /// The least of an append, which is that of a big batch.
    fn append(&self) -> f64 {
        self.appends.iter().map(|it| it.cpu_us).fold(f64::INFINITY, f64::min)
    }

    /// A call that is stored and pushed.
    pub fn rest(&self) -> f64 {
        self.http.cpu_us + self.append() + self.write_us
    }

    /// A frame that is stored, answered and pushed.
    pub fn socket(&self) -> f64 {
        self.append() + 2.0 * self.write_us
    }
}

impl fmt::Display for Floors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "floors")?;
        let Http { per_second, cpu_us } = self.http;
        writeln!(out, "  {:<20} {cpu_us:.1} µs CPU ({per_second:.0}/s)", "HTTP exchange")?;
        for Append { batch, cpu_us, wall_us } in &self.appends {
            let name = format!("append, batch of {batch}");
            writeln!(out, "  {name:<20} {cpu_us:.1} µs CPU, {wall_us:.1} µs in all")?;
        }
        writeln!(out, "  {:<20} {:.1} µs CPU", "write to a socket", self.write_us)
    }
}

pub fn run(mut arguments: lexopt::Parser) -> anyhow::Result<()> {
    match arguments.next()? {
        None => {}
        Some(lexopt::Arg::Long(name)) if format!("--{name}") == ECHO => return echo::serve(),
        Some(lexopt::Arg::Long(name)) if format!("--{name}") == fan_out::DRAIN => {
            return fan_out::drain(arguments.value()?.parse()?);
        }
        Some(other) => return Err(other.unexpected().into()),
    }
    build::run_in_release()?;
    print!("{}", measure()?);
    Ok(())
}

pub fn measure() -> anyhow::Result<Floors> {
    let folder = Folder::new()?;
    let mut appends = Vec::new();
    for batch in BATCHES {
        appends.push(append(&folder, batch)?);
    }
    Ok(Floors { http: http()?, appends, write_us: write()? })
}

/// Appends to a file whose size grows, as a log does.
fn append(folder: &Folder, batch: usize) -> anyhow::Result<Append> {
    let path = folder.path().join(format!("append-{batch}"));
    let mut file = File::create(&path).with_context(|| format!("cannot create {}", path.display()))?;
    let records = RECORD.repeat(batch);
    let (start, before) = (Instant::now(), thread_cpu()?);
    for _ in 0..SYNCS {
        // One write a record, as they come from different callers.
        for record in records.chunks(RECORD.len()) {
            file.write_all(record)?;
        }
        file.sync_data()?;
    }
    let written = (SYNCS * batch) as u64;
    let (spent, took) = (thread_cpu()? - before, start.elapsed());
    Ok(Append { batch, cpu_us: micros_each(spent, written), wall_us: micros_each(took, written) })
}

/// To many sockets in turn, whose reader waits for all of them: as a server that pushes does.
fn write() -> anyhow::Result<f64> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut writers, mut readers) = (Vec::new(), Vec::new());
    for _ in 0..WRITE_SOCKETS {
        let writer = TcpStream::connect(listener.local_addr()?)?;
        writer.set_nodelay(true)?;
        writers.push(writer);
        readers.push(listener.accept()?.0);
    }
    let drain = std::thread::spawn(move || drain(readers));
    let before = thread_cpu()?;
    for _ in 0..WRITES / writers.len() {
        for writer in &mut writers {
            writer.write_all(&RECORD)?;
        }
    }
    let spent = thread_cpu()? - before;
    drop(writers);
    let drained = drain.join().ok().context("the reader failed")??;
    ensure!(drained == WRITES * RECORD.len(), "{drained} bytes arrived");
    Ok(micros_each(spent, WRITES as u64))
}

/// Reads until all are closed. Gives the number of bytes.
fn drain(sockets: Vec<TcpStream>) -> anyhow::Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut readers = tokio::task::JoinSet::new();
        for socket in sockets {
            socket.set_nonblocking(true)?;
            let mut socket = tokio::net::TcpStream::from_std(socket)?;
            readers.spawn(async move {
                let (mut buffer, mut bytes) = ([0; 4096], 0);
                loop {
                    match socket.read(&mut buffer).await? {
                        0 => return anyhow::Ok(bytes),
                        more => bytes += more,
                    }
                }
            });
        }
        let mut bytes = 0;
        while let Some(reader) = readers.join_next().await {
            bytes += reader??;
        }
        Ok(bytes)
    })
}

/// Kills the server that it holds.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn http() -> anyhow::Result<Http> {
    let program = std::env::current_exe().context("this program has no path")?;
    let mut command = Command::new(program);
    command.args(["floors", ECHO]).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut server = Server(command.spawn().context("cannot start the bare server")?);
    let mut base = String::new();
    let stdout = server.0.stdout.take().context("the bare server has no output")?;
    BufReader::new(stdout).read_line(&mut base)?;
    let pid = server.0.id();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let rest = Rest::with_connections(base.trim(), 1, "administrator", "key", HTTP_CONNECTIONS)?;
    runtime.block_on(async {
        let before = cpu(pid)?;
        let start = Instant::now();
        let callers = (0..HTTP_CONNECTIONS).map(|_| tokio::spawn(call(rest.clone(), start)));
        let mut calls = 0;
        for caller in callers.collect::<Vec<_>>() {
            calls += caller.await??;
        }
        let per_second = calls as f64 / start.elapsed().as_secs_f64();
        Ok(Http { per_second, cpu_us: micros_each(cpu(pid)?.saturating_sub(before), calls) })
    })
}

async fn call(rest: Rest, start: Instant) -> anyhow::Result<u64> {
    let mut calls = 0;
    while start.elapsed() < HTTP_TIME {
        rest.call_raw("openim/sendmsg", HTTP_BODY).await?;
        calls += 1;
    }
    Ok(calls)
}
