//! For tests: a private PostgreSQL server and folders that go away.

use std::{
    fs,
    io::{self, PipeWriter},
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::Db;

/// Where distributions put programs that are not in the path.
const POSTGRES_ROOT: &str = "/usr/lib/postgresql";
/// Attempts to connect while the server starts; each waits a little.
const START_ATTEMPTS_MAX: u32 = 600;

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Unique among the tests of this machine that run now.
fn unique() -> String {
    format!("{}_{}", process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A folder that is removed when this goes.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> io::Result<Folder> {
        let path = std::env::temp_dir().join(format!("magpie_test_{}", unique()));
        fs::create_dir(&path)?;
        Ok(Folder(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// An embedded database that is new with each call.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn database(&self) -> Db {
        Db::open_sqlite(&self.0.join(format!("{}.db", unique()))).expect("a new file is no trouble")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A leftover in the temporary folder fails no test.
        _ = fs::remove_dir_all(&self.0);
    }
}

/// A PostgreSQL server of this test process, reached through a socket in its folder.
///
/// It ends with the process, however that ends: a shell waits for the other end of `_alive`.
pub struct Postgres {
    folder: PathBuf,
    _alive: PipeWriter,
}

impl Postgres {
    /// Starts the server at the first call. `None`, and a line on standard error, when none is installed.
    ///
    /// # Panics
    ///
    /// When the server is installed and does not start.
    pub fn shared() -> Option<&'static Postgres> {
        static SERVER: OnceLock<Option<Postgres>> = OnceLock::new();
        SERVER
            .get_or_init(|| {
                let Some(programs) = programs() else {
                    // Captured with the test's own output.
                    io::Write::write_all(&mut io::stderr(), b"skipped: no postgres binary\n").ok();
                    return None;
                };
                Some(Postgres::start(&programs).expect("the installed PostgreSQL starts"))
            })
            .as_ref()
    }

    fn start(programs: &Path) -> io::Result<Postgres> {
        let folder = std::env::temp_dir().join(format!("magpie_postgres_{}", unique()));
        fs::create_dir(&folder)?;
        let wrapper = unprivileged(&folder)?;
        let (watched, alive) = io::pipe()?;
        // `$1` is the folder, `$2` the programs; the rest is how to become somebody else.
        let script = "
            folder=$1 programs=$2; shift 2
            \"$@\" \"$programs/initdb\" -D \"$folder/data\" -U magpie -A trust -E UTF8 --locale=C \
                >\"$folder/log\" 2>&1 </dev/null &&
            \"$@\" \"$programs/postgres\" -D \"$folder/data\" -k \"$folder\" -c listen_addresses= \
                -c max_connections=300 >>\"$folder/log\" 2>&1 </dev/null &
            read -r _
            kill -QUIT \"$(head -n 1 \"$folder/data/postmaster.pid\")\"
            wait
            rm -rf \"$folder\"";
        Command::new("sh")
            .args(["-c", script, "sh"])
            .args([&folder, programs])
            .args(wrapper)
            .stdin(watched)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // What ends the tests by a signal to their group shall leave the shell to clean up.
            .process_group(0)
            .spawn()?;
        let server = Postgres { folder, _alive: alive };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&self) -> io::Result<()> {
        for _ in 0..START_ATTEMPTS_MAX {
            if run_sql(self.url("postgres"), "select 1".to_owned()).is_ok() {
                return Ok(());
            }
            thread::park_timeout(std::time::Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(io::Error::other(format!("PostgreSQL does not start: {log}")))
    }

    fn url(&self, database: &str) -> String {
        format!("postgresql://magpie@localhost/{database}?host={}", self.folder.display())
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub fn fresh_database(&self) -> String {
        let name = format!("test_{}", unique());
        self.ask(&format!("create database {name}"));
        self.url(&name)
    }

    /// Runs a statement as the owner of the server, outside of any test's database; returns the first column.
    ///
    /// # Panics
    ///
    /// When the statement fails.
    pub fn ask(&self, sql: &str) -> Vec<String> {
        run_sql(self.url("postgres"), sql.to_owned()).expect("the statement runs")
    }
}

/// On a thread of its own, because the caller may be inside a runtime.
fn run_sql(url: String, sql: String) -> Result<Vec<String>, tokio_postgres::Error> {
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime for a test").block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            tokio::spawn(connection);
            let messages = client.simple_query(&sql).await?;
            let column = |it: &SimpleQueryMessage| match it {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            };
            Ok(messages.iter().filter_map(column).collect())
        })
    };
    thread::spawn(run).join().expect("no panic on the way to the server")
}

/// The folder with `initdb` and `postgres`; the newest version when several are installed.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut installed: Vec<PathBuf> = fs::read_dir(POSTGRES_ROOT)
        .map(|found| found.filter_map(|it| Some(it.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    installed.sort();
    folders.extend(installed.into_iter().rev());
    folders.into_iter().find(|it| it.join("initdb").exists() && it.join("postgres").exists())
}

/// How to run a program as somebody who may run PostgreSQL, which root may not; gives that one the folder.
fn unprivileged(folder: &Path) -> io::Result<Vec<String>> {
    if id(&["-u"])? != Some(0) {
        return Ok(Vec::new());
    }
    for user in ["postgres", "nobody"] {
        let (Some(uid), Some(gid)) = (id(&["-u", user])?, id(&["-g", user])?) else { continue };
        chown(folder, Some(uid), Some(gid))?;
        let (uid, gid) = (uid.to_string(), gid.to_string());
        let ways: [&[&str]; 3] = [
            &["setpriv", "--reuid", &uid, "--regid", &gid, "--clear-groups", "--"],
            &["runuser", "-u", user, "--"],
            &["su", user, "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\""],
        ];
        for way in ways {
            let works = Command::new(way[0]).args(&way[1..]).arg("true").stdin(Stdio::null()).output();
            if works.is_ok_and(|it| it.status.success()) {
                return Ok(way.iter().map(|&it| it.to_owned()).collect());
            }
        }
    }
    Err(io::Error::other("no user to run PostgreSQL as"))
}

fn id(args: &[&str]) -> io::Result<Option<u32>> {
    let output = Command::new("id").args(args).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}
