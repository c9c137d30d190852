//! Group commit, the same for both engines.
//!
//! A writer takes whatever is waiting, up to [`BATCH_MAX`], runs each job under its own savepoint and commits
//! once. There is no timer: a job that comes alone is committed alone.

use std::{cell::Cell, collections::VecDeque};

use crate::{Dialect, Row, StoreError, Tx, Value, job::Job, queue::Queue};

/// Most jobs that share one commit. Bounds the wait of the first for the last.
pub(crate) const BATCH_MAX: usize = 128;

/// Most jobs that share one snapshot. Small, because they run one after the other while other readers may idle.
pub(crate) const READ_BATCH_MAX: usize = 8;

/// One connection and its transaction.
pub(crate) trait Session: Tx {
    fn begin(&mut self) -> Result<(), StoreError>;
    fn savepoint(&mut self) -> Result<(), StoreError>;
    /// Keeps what was done since the savepoint.
    fn release(&mut self) -> Result<(), StoreError>;
    /// Undoes what was done since the savepoint; fails when the whole transaction is gone.
    fn rollback_to(&mut self) -> Result<(), StoreError>;
    /// Returns when the transaction is on disk.
    fn commit(&mut self) -> Result<(), StoreError>;
    /// Leaves the session fit for the next `begin`, whatever happened.
    fn rollback(&mut self);
    /// Runs several statements without parameters.
    fn batch(&mut self, sql: &str) -> Result<(), StoreError>;
    /// Called between batches, after the answers were given.
    fn settle(&mut self) {}
}

/// What a job sees of a session.
///
/// After a failed statement a job cannot go on: PostgreSQL demands it, and SQLite shall not differ.
struct Guard<'a, S> {
    session: &'a mut S,
    failed: Option<StoreError>,
}

impl<S: Session> Guard<'_, S> {
    fn call<T>(
        &mut self,
        params: &[Value],
        call: impl FnOnce(&mut S) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let has_nul = |it: &Value| matches!(it, Value::Text(text) if text.as_bytes().contains(&0));
        let result = if params.iter().any(has_nul) { Err(StoreError::NulInText) } else { call(self.session) };
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }
}

impl<S: Session> Tx for Guard<'_, S> {
    fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    fn exec(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.call(params, |session| session.exec(sql, params))
    }

    fn rows(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.call(params, |session| session.rows(sql, params))
    }
}

/// How a job ended inside its transaction.
struct Ran {
    keep: bool,
    /// The statement that failed, if one did; then the job is not kept.
    failed: Option<StoreError>,
}

fn run<S: Session>(session: &mut S, job: &mut Job) -> Ran {
    let mut guard = Guard { session, failed: None };
    let said_well = job.run(&mut guard);
    let failed = guard.failed;
    if said_well && let Some(error) = &failed {
        job.fail(error.clone());
    }
    Ran { keep: said_well && failed.is_none(), failed }
}

thread_local! {
    /// In which outboxes a job of the batch that this thread writes left something.
    static POSTED: Cell<u8> = const { Cell::new(0) };
    /// Whether this thread finishes the jobs of a batch, at whose end it calls `on_batch_end`.
    static FINISHING: Cell<bool> = const { Cell::new(false) };
}

/// What waits in the store for somebody outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outbox {
    Webhooks = 1,
    OfflinePushes = 2,
}

impl Outbox {
    pub(crate) const ALL: [Outbox; 2] = [Outbox::Webhooks, Outbox::OfflinePushes];
}

/// Called inside a job: whoever empties the outbox is woken after the commit.
pub(crate) fn posted(to: Outbox) {
    POSTED.set(POSTED.get() | to as u8);
}

/// Whether this thread is a writer that follows up a commit: what it wakes may wait for [`crate::Db::on_batch_end`],
/// so that a hundred jobs that were committed together cost one wake-up and not a hundred.
#[must_use]
pub fn is_finishing() -> bool {
    FINISHING.get()
}

/// Serves the queue until it is closed and empty.
pub(crate) fn write_loop<S: Session>(session: &mut S, queue: &Queue) {
    let mut waiting = VecDeque::with_capacity(BATCH_MAX);
    let mut failing = false;
    while queue.take(BATCH_MAX, 1, &mut waiting) {
        while !waiting.is_empty() {
            let result = write_together(session, &mut waiting, queue);
            // Once per outage, not once per batch.
            match &result {
                Err(error) if !failing => tracing::error!(%error, "writes fail"),
                Ok(()) if failing => tracing::info!("writes succeed again"),
                _ => {}
            }
            failing = result.is_err();
            let posted = POSTED.take();
            for outbox in Outbox::ALL.into_iter().filter(|it| posted & *it as u8 != 0) {
                queue.tell_posted(outbox);
            }
        }
        session.settle();
    }
}

/// Takes jobs off the front of `waiting`, commits them in one transaction and answers them, in order.
///
/// At least one job is taken; all of them, unless the transaction is lost under way.
fn write_together<S: Session>(
    session: &mut S,
    waiting: &mut VecDeque<Job>,
    queue: &Queue,
) -> Result<(), StoreError> {
    let mut ran = Vec::with_capacity(waiting.len());
    let result = match session.begin() {
        Err(error) => {
            ran.extend(waiting.drain(..));
            Err(error)
        }
        Ok(()) if waiting.len() == 1 => run_alone(session, waiting, &mut ran),
        Ok(()) => run_batch(session, waiting, &mut ran).and_then(|()| session.commit()),
    };
    if result.is_err() {
        session.rollback();
    }
    FINISHING.set(true);
    for job in ran {
        job.finish(result.as_ref().map(|&()| ()));
    }
    FINISHING.set(false);
    queue.tell_batch_end();
    result
}

/// A job alone needs no savepoint.
fn run_alone<S: Session>(
    session: &mut S,
    waiting: &mut VecDeque<Job>,
    ran: &mut Vec<Job>,
) -> Result<(), StoreError> {
    let Some(mut job) = waiting.pop_front() else { return session.commit() };
    let keep = run(session, &mut job).keep;
    ran.push(job);
    if keep {
        return session.commit();
    }
    session.rollback();
    Ok(())
}

fn run_batch<S: Session>(
    session: &mut S,
    waiting: &mut VecDeque<Job>,
    ran: &mut Vec<Job>,
) -> Result<(), StoreError> {
    while let Some(mut job) = waiting.pop_front() {
        let result = session.savepoint().and_then(|()| match run(session, &mut job) {
            Ran { keep: true, .. } => session.release(),
            // What failed in the job says more than "no transaction is active".
            Ran { failed, .. } => session.rollback_to().map_err(|error| failed.unwrap_or(error)),
        });
        ran.push(job);
        result?;
    }
    Ok(())
}

/// Serves the queue until it is closed and empty; `readers` threads share it.
pub(crate) fn read_loop<S: Session>(session: &mut S, queue: &Queue, readers: usize) {
    let mut waiting = VecDeque::with_capacity(READ_BATCH_MAX);
    while queue.take(READ_BATCH_MAX, readers, &mut waiting) {
        let mut open = false;
        for mut job in waiting.drain(..) {
            if !open && let Err(error) = session.begin() {
                session.rollback();
                job.finish(Err(&error));
                continue;
            }
            // A failed statement may have taken the transaction with it.
            open = run(session, &mut job).failed.is_none();
            job.finish(Ok(()));
            if !open {
                session.rollback();
            }
        }
        if open {
            session.rollback();
        }
    }
}
