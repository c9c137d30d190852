//! Keeps SQLite's write-ahead log short without stopping the writer.
//!
//! A thread copies the log into the database (a passive checkpoint disturbs nobody). Under constant writes the
//! log never becomes wholly copied that way, so past a length the writer itself copies the little that is left,
//! between two batches, and starts the log anew. A reader of this process that holds the log for too long is
//! interrupted; a reader of another process cannot be, and the log grows until it ends.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, InterruptHandle, MAIN_DB, wal::CheckpointMode};

/// Lengths of the log, in pages of 4 KiB.
#[derive(Clone, Copy)]
pub(crate) struct LogLimits {
    /// After so many new pages they are copied.
    pub(crate) checkpoint: u32,
    /// From this length on the writer starts the log anew.
    pub(crate) restart: u32,
    /// From this length on reads that last from one checkpoint to the next are interrupted.
    pub(crate) interrupt: u32,
}

impl LogLimits {
    pub(crate) const DEFAULT: LogLimits = LogLimits { checkpoint: 4_096, restart: 16_384, interrupt: 65_536 };
}

/// How long the writer may wait for readers when it starts the log anew.
const RESTART_WAIT: Duration = Duration::from_millis(20);
/// After so long without a commit the log is emptied.
const IDLE: Duration = Duration::from_secs(5);

/// Says whether a reader is in a transaction, and in which.
pub(crate) struct Reading {
    /// Odd while a transaction is open.
    number: AtomicU64,
    handle: InterruptHandle,
}

impl Reading {
    pub(crate) fn new(handle: InterruptHandle) -> Reading {
        Reading { number: AtomicU64::new(0), handle }
    }

    pub(crate) fn start(&self) {
        self.number.fetch_or(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        let number = self.number.load(Ordering::Relaxed);
        self.number.store(number + (number & 1), Ordering::Relaxed);
    }
}

/// Shared by the writer, which reports, and the checkpoint thread.
pub(crate) struct WriteAheadLog {
    state: Mutex<State>,
    changed: Condvar,
    restart: AtomicBool,
    limits: LogLimits,
    readers: Vec<Arc<Reading>>,
}

struct State {
    commits: u64,
    /// Length of the log.
    pages: u32,
    /// Length at which the next checkpoint is due.
    due: u32,
    /// The thread sleeps until there is a commit at all.
    asleep: bool,
    closing: bool,
}

enum Task {
    Copy,
    Empty,
    Close,
}

impl WriteAheadLog {
    pub(crate) fn new(limits: LogLimits, readers: Vec<Arc<Reading>>) -> Arc<WriteAheadLog> {
        let state = State { commits: 0, pages: 0, due: limits.checkpoint, asleep: false, closing: false };
        Arc::new(WriteAheadLog {
            state: Mutex::new(state),
            changed: Condvar::new(),
            restart: AtomicBool::new(false),
            limits,
            readers,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer made a commit, and the log has so many pages now.
    pub(crate) fn committed(&self, pages: u32) {
        let mut state = self.lock();
        if pages < state.pages {
            state.due = self.limits.checkpoint;
        }
        state.commits += 1;
        state.pages = pages;
        if state.asleep || pages >= state.due {
            state.asleep = false;
            self.changed.notify_one();
        }
    }

    /// Called by the writer between batches.
    pub(crate) fn restart_if_wanted(&self, writer: &Connection, lock_wait: Duration) {
        if !self.restart.load(Ordering::Relaxed) || !self.restart.swap(false, Ordering::Relaxed) {
            return;
        }
        let restarted = writer
            .busy_timeout(RESTART_WAIT)
            .and_then(|()| writer.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART));
        report(restarted);
        if let Err(error) = writer.busy_timeout(lock_wait) {
            tracing::error!(%error, "the wait for locks could not be set");
        }
    }

    /// After this the thread empties the log a last time and ends.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_one();
    }

    /// The checkpoint thread.
    pub(crate) fn run(&self, connection: &Connection) {
        let mut emptied_at = 0;
        let mut seen = vec![0; self.readers.len()];
        loop {
            match self.next_task(&mut emptied_at) {
                Task::Copy => self.copy(connection, &mut seen),
                Task::Empty => report(connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE)),
                Task::Close => {
                    report(connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::TRUNCATE));
                    return;
                }
            }
        }
    }

    /// Sleeps until there is something to do.
    fn next_task(&self, emptied_at: &mut u64) -> Task {
        let mut state = self.lock();
        loop {
            if state.closing {
                return Task::Close;
            }
            if state.pages >= state.due {
                state.due = state.pages.saturating_add(self.limits.checkpoint);
                return Task::Copy;
            }
            if state.commits == *emptied_at {
                state.asleep = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let commits = state.commits;
            let (woken, wait) =
                self.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if wait.timed_out() && state.commits == commits {
                *emptied_at = commits;
                return Task::Empty;
            }
        }
    }

    fn copy(&self, connection: &Connection, seen: &mut [u64]) {
        report(connection.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE));
        let pages = self.lock().pages;
        if pages >= self.limits.restart {
            self.restart.store(true, Ordering::Relaxed);
        }
        // A transaction that was open at the checkpoint before is long: much was written since.
        for (reader, seen) in self.readers.iter().zip(seen) {
            let number = reader.number.load(Ordering::Relaxed);
            if pages >= self.limits.interrupt && number & 1 == 1 && number == *seen {
                tracing::warn!("a read holds the write-ahead log and is interrupted");
                reader.handle.interrupt();
            }
            *seen = number;
        }
    }
}

/// A checkpoint that did not succeed is tried again later; only unusual causes are worth a line.
fn report(result: rusqlite::Result<(i32, i32)>) {
    match result {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
            tracing::debug!("the write-ahead log is in use and stays for now");
        }
        Err(error) => tracing::warn!(%error, "checkpoint failed"),
    }
}
