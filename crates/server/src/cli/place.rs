//! The data folder: opening the database in it, and finding the server that runs on it.

use std::{
    fs::{self, File, TryLockError},
    io::{Read, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use chat::{Chat, apps::App, clock::Clock, random::Random};
use serde::{Deserialize, Serialize};
use store::{Db, PostgresOptions};

use crate::config::Config;

const DATABASE: &str = "magpie.db";
/// Held by the server that runs on this folder.
const LOCK: &str = "server.lock";
/// Tells other processes where that server listens.
const RUNNING: &str = "server.json";

/// Makes the data folder, readable by its owner only: it holds keys. True when it is new.
pub fn make_folder(folder: &Path) -> anyhow::Result<bool> {
    if folder.is_dir() {
        return Ok(false);
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("making the data folder {}", folder.display()))?;
    Ok(true)
}

/// Opens the database of the configuration, embedded or not.
pub async fn open(config: &Config) -> anyhow::Result<Arc<Chat>> {
    make_folder(&config.data_dir)?;
    let (url, file) = (config.database.clone(), config.data_dir.join(DATABASE));
    let db = tokio::task::spawn_blocking(move || match url.is_empty() {
        true => Db::open_sqlite(&file).with_context(|| format!("opening {}", file.display())),
        false => {
            Db::open_postgres(&url, PostgresOptions::default()).context("opening the PostgreSQL database")
        }
    });
    Ok(Chat::open(db.await??, Clock::system(), Random::system()).await?)
}

/// The app of this id; the only one when none is named.
pub fn app(chat: &Chat, id: Option<u32>) -> anyhow::Result<Arc<App>> {
    if let Some(id) = id {
        return chat.apps.get(id).with_context(|| format!("there is no app {id}"));
    }
    let mut apps = chat.apps.all();
    match apps.len() {
        1 => Ok(apps.remove(0)),
        0 => bail!("there is no app yet; make one with `magpie app create`"),
        _ => bail!("there are several apps; name one with --sdkappid"),
    }
}

/// Where a server listens.
#[derive(Serialize, Deserialize)]
pub struct Running {
    pub pid: u32,
    pub listen: SocketAddr,
}

/// The data folder of a running server; given back when dropped.
pub struct Held {
    _lock: File,
    running: PathBuf,
}

impl Held {
    /// Refuses when another server runs on the folder: two would not see each other's users.
    pub fn take(folder: &Path) -> anyhow::Result<Held> {
        let path = folder.join(LOCK);
        let lock = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Held { _lock: lock, running: folder.join(RUNNING) }),
            Err(TryLockError::WouldBlock) => {
                bail!("another magpie serves from {} already", folder.display())
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("locking {}", path.display()))
            }
        }
    }

    /// Tells other processes where this server listens.
    pub fn announce(&self, listen: SocketAddr) -> anyhow::Result<()> {
        let text = serde_json::to_string(&Running { pid: std::process::id(), listen })?;
        let new = self.running.with_extension("new");
        let mut file = File::create(&new).with_context(|| format!("writing {}", new.display()))?;
        file.write_all(text.as_bytes())?;
        fs::rename(&new, &self.running).with_context(|| format!("writing {}", self.running.display()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A file left behind does no harm: whoever reads it tries whether the server answers.
        _ = fs::remove_file(&self.running);
    }
}

/// The server that runs on this folder, if one does.
pub fn running(folder: &Path) -> Option<Running> {
    let mut text = String::new();
    File::open(folder.join(RUNNING)).ok()?.take(4096).read_to_string(&mut text).ok()?;
    let lock = File::open(folder.join(LOCK)).ok()?;
    match lock.try_lock_shared() {
        Err(TryLockError::WouldBlock) => serde_json::from_str(&text).ok(),
        // Nobody holds it: the server that wrote the file was killed.
        _ => None,
    }
}
