//! A server of our own, as a child process with a data folder of its own.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use client::Rest;

const READY_TIMEOUT: Duration = Duration::from_secs(20);
/// How much of the log is shown when the server does not start.
const LOG_TAIL_BYTES: usize = 4000;

pub const SDKAPPID: u32 = 1_400_000_042;
pub const ADMIN: &str = "administrator";
pub const SECRET: &str = "a key that only measurements use";

/// A backend may be on this machine; connections come from the other side, and a few calls beside them.
const SERVER_SETTINGS: [&str; 2] = ["webhooks.allow_local=true", "limits.connections=19000"];

/// How a server of ours is started.
#[derive(Clone)]
pub struct Recipe {
    pub binary: PathBuf,
    /// PostgreSQL instead of the embedded database.
    pub database: Option<String>,
    /// Further settings of the app, KEY=VALUE.
    pub settings: Vec<String>,
}

/// A folder that is removed when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// Beside the build, since that is a disk; the system's folder for temporary files is often memory.
    pub fn new() -> anyhow::Result<Folder> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = super::build::target()?.join(format!("xtask-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Folder(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed now lies in the target folder, which is rubbish anyway.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Recipe {
    fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--data-dir").arg(folder);
        if let Some(url) = &self.database {
            command.arg("--database").arg(url);
        }
        command
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<()> {
        let output = self.command(folder, arguments).output();
        let output = output.with_context(|| format!("cannot start {}", self.binary.display()))?;
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "magpie {} failed: {words}", arguments.join(" "));
        Ok(())
    }

    /// Makes the app that is measured, without limits of rate and with long lists of conversations. A named
    /// database may have it from an earlier run.
    pub fn make_app(&self, folder: &Path) -> anyhow::Result<()> {
        let id = SDKAPPID.to_string();
        let made =
            self.run(folder, &["app", "create", "--sdkappid", &id, "--secret-key", SECRET, "--admin", ADMIN]);
        if self.database.is_none() {
            made?;
        }
        let mut set = vec!["app", "set", "--sdkappid", &id, "limits.enforce=false", "conversation.max=3000"];
        set.extend(self.settings.iter().map(|it| &**it));
        self.run(folder, &set)
    }

    /// Starts the server on any free port and waits until it is ready.
    pub fn serve(&self, folder: &Path) -> anyhow::Result<Magpie> {
        self.serve_at(folder, "127.0.0.1:0")
    }

    /// The same at an address where a server was before.
    pub fn serve_at(&self, folder: &Path, listen: &str) -> anyhow::Result<Magpie> {
        let log = folder.join("server.log");
        let errors = File::options().create(true).append(true).open(&log).context("cannot write a log")?;
        let mut arguments = vec!["serve", "--listen", listen];
        SERVER_SETTINGS.iter().for_each(|it| arguments.extend(["--set", it]));
        let mut command = self.command(folder, &arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {}", self.binary.display()))?;
        let mut magpie = Magpie { child, base: String::new(), start: Duration::ZERO };
        let stdout = magpie.child.stdout.take().context("the server has no standard output")?;
        let (tell, ready) = sync_channel(1);
        std::thread::spawn(move || watch(stdout, &tell));
        let Ok((base, at)) = ready.recv_timeout(READY_TIMEOUT) else {
            drop(magpie);
            anyhow::bail!("the server is not ready after {READY_TIMEOUT:?}:\n{}", tail(&log));
        };
        magpie.base = base;
        magpie.start = at.duration_since(started);
        Ok(magpie)
    }
}

/// A running server. It is killed when it is dropped.
pub struct Magpie {
    child: Child,
    /// `http://host:port`.
    pub base: String,
    /// From the start of the process to the line that says it is ready.
    pub start: Duration,
}

impl Magpie {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `host:port`.
    pub fn listen(&self) -> String {
        self.base.trim_start_matches("http://").to_owned()
    }

    /// An administrator of the app.
    pub fn rest(&self, connections: usize) -> anyhow::Result<Rest> {
        Ok(Rest::with_connections(&self.base, SDKAPPID, ADMIN, SECRET, connections)?)
    }

    /// Ends it at once, as a loss of power would; `false` if it had ended before.
    pub fn kill(&mut self) -> anyhow::Result<bool> {
        let was_alive = self.child.try_wait().context("cannot ask for the server")?.is_none();
        self.child.kill().context("cannot kill the server")?;
        self.child.wait().context("cannot wait for the server")?;
        Ok(was_alive)
    }
}

impl Drop for Magpie {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Tells the address in the line that says the server is ready, and reads on so that it can go on writing.
fn watch(stdout: ChildStdout, tell: &SyncSender<(String, Instant)>) {
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    for line in lines {
        if let Some(base) = address(&line) {
            // Only the first line is waited for.
            let _ = tell.try_send((base.to_owned(), Instant::now()));
        }
    }
}

fn address(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("magpie: listening on ")?;
    rest.split_whitespace().next().filter(|it| it.starts_with("http://"))
}

/// The end of the log.
pub fn tail(log: &Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes[bytes.len().saturating_sub(LOG_TAIL_BYTES)..]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_stands_in_the_ready_line() {
        let line = "magpie: listening on http://127.0.0.1:4711 and https://127.0.0.1:4712";
        assert_eq!(address(line), Some("http://127.0.0.1:4711"));
        assert_eq!(address("magpie: listening on https://127.0.0.1:4712"), None);
        assert_eq!(address("http://127.0.0.1:4711"), None);
    }
}
