//! The handle that the program holds, and the threads behind it.

use std::{path::Path, sync::Arc, thread};

use crate::{
    Dialect, Outbox, Pending, StoreError, Tx,
    checkpoint::LogLimits,
    job::{self, Job},
    migrate,
    postgres::{self, PostgresOptions},
    queue::Queue,
    sqlite,
};

/// Writes that may wait on one writer; further ones are answered [`StoreError::Busy`].
pub const WRITES_WAITING_MAX: usize = 65_536;
/// Reads that may wait; further ones are answered [`StoreError::Busy`].
pub const READS_WAITING_MAX: usize = 65_536;

/// A database. Clones are cheap and mean the same database; it is closed when the last one goes.
#[derive(Clone)]
pub struct Db(Arc<Parts>);

impl Db {
    /// Opens the database file, makes it when there is none, and brings its schema up to date.
    ///
    /// Blocks; meant for the start of the program.
    pub fn open_sqlite(path: &Path) -> Result<Db, StoreError> {
        sqlite::open(path, migrate::ALL, LogLimits::DEFAULT)
    }

    /// Connects to the database of a URL like `postgresql://user@host/name` and brings its schema up to date.
    ///
    /// Connections are not encrypted: put the server on the same machine or network, or behind a tunnel.
    /// Blocks; meant for the start of the program.
    pub fn open_postgres(url: &str, options: PostgresOptions) -> Result<Db, StoreError> {
        postgres::open(url, options, migrate::ALL)
    }

    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// What people call the engine.
    pub fn engine_name(&self) -> &'static str {
        match self.0.dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
        }
    }

    /// Does `work` in one transaction and answers after it is on disk; an `Err` from `work` undoes it.
    ///
    /// The work is queued before this returns. Two works with the same key run and commit in the order of the
    /// calls. Works of different keys may run at the same time on PostgreSQL, each seeing what the others
    /// have committed, so whatever two of them decide together must be decided under one key or by a unique
    /// index. Their row locks are held until their batches commit: works that change the same rows in
    /// different orders under different keys can deadlock ([`StoreError::Conflict`]).
    ///
    /// After a failed statement the work cannot go on: its changes are undone even if it returns `Ok`.
    pub fn write<T, E>(
        &self,
        key: u64,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.write_then(key, work, |_| {})
    }

    /// Like [`Db::write`]; `after` follows the commit, on the writer's thread, in the order of the commits,
    /// before the answer is given. It must be quick and must not wait for the database.
    pub fn write_then<T, E>(
        &self,
        key: u64,
        work: impl FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static,
        after: impl FnOnce(&T) + Send + 'static,
    ) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, pending) = job::new(work, after);
        let writes = &self.0.writes;
        let shard = key % writes.len() as u64;
        submit(&writes[shard as usize], job);
        pending
    }

    /// Has `wake` called after each commit that left something in an outbox, on a writer's thread. It must be
    /// quick. Meant to be called once.
    pub fn on_posted(&self, wake: impl Fn(Outbox) + Clone + Send + Sync + 'static) {
        for queue in &self.0.writes {
            queue.on_posted(Box::new(wake.clone()));
        }
    }

    /// Has `wake` called on a writer's thread when everything that follows a commit was done, so that what the
    /// jobs of one batch handed over is looked at once. It must be quick. Everybody who calls this is told, as long
    /// as the database is open.
    pub fn on_batch_end(&self, wake: impl Fn() + Clone + Send + Sync + 'static) {
        for queue in &self.0.writes {
            queue.on_batch_end(Box::new(wake.clone()));
        }
    }

    /// Does `work` on a snapshot that holds everything committed before this call. It cannot write.
    pub fn read<T, E>(&self, work: impl FnOnce(&mut dyn Tx) -> Result<T, E> + Send + 'static) -> Pending<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (job, pending) = job::new(work, |_: &T| {});
        submit(&self.0.reads, job);
        pending
    }
}

fn submit(queue: &Queue, job: Job) {
    if let Err((job, error)) = queue.push(job) {
        job.finish(Err(&error));
    }
}

/// Queues and threads of an open database.
pub(crate) struct Parts {
    dialect: Dialect,
    pub(crate) writes: Vec<Arc<Queue>>,
    pub(crate) reads: Arc<Queue>,
    threads: Vec<thread::JoinHandle<()>>,
    last: Option<Last>,
}

/// A thread that ends after the others, and how to tell it to.
struct Last {
    thread: thread::JoinHandle<()>,
    close: Box<dyn Fn() + Send + Sync>,
}

impl Parts {
    pub(crate) fn new(dialect: Dialect, writers: usize) -> Parts {
        Parts {
            dialect,
            writes: (0..writers).map(|_| Arc::new(Queue::new(WRITES_WAITING_MAX))).collect(),
            reads: Arc::new(Queue::new(READS_WAITING_MAX)),
            threads: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn spawn(
        &mut self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
    ) -> Result<(), StoreError> {
        self.threads.push(start(name, run)?);
        Ok(())
    }

    pub(crate) fn spawn_last(
        &mut self,
        name: &str,
        run: impl FnOnce() + Send + 'static,
        close: impl Fn() + Send + Sync + 'static,
    ) -> Result<(), StoreError> {
        self.last = Some(Last { thread: start(name, run)?, close: Box::new(close) });
        Ok(())
    }

    pub(crate) fn into_db(self) -> Db {
        Db(Arc::new(self))
    }
}

fn start(name: &str, run: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, StoreError> {
    let no_thread = |error| StoreError::Unavailable(format!("no thread could be started: {error}"));
    thread::Builder::new().name(name.to_owned()).spawn(run).map_err(no_thread)
}

impl Drop for Parts {
    /// Does what is queued, empties the write-ahead log and waits for all that.
    fn drop(&mut self) {
        for queue in self.writes.iter().chain([&self.reads]) {
            queue.close();
        }
        self.threads.drain(..).for_each(join);
        if let Some(Last { thread, close }) = self.last.take() {
            close();
            join(thread);
        }
    }
}

fn join(thread: thread::JoinHandle<()>) {
    // The last handle may go inside a job, on one of the threads; that one ends by itself.
    if thread.thread().id() != thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the store had panicked");
    }
}
