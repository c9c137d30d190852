//! The bounded queue between callers and the threads of an engine.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock},
};

use crate::{StoreError, engine::Outbox, job::Job};

/// First in, first out. Pushing never blocks; taking sleeps until there is something.
pub(crate) struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    waiting_max: usize,
    posted: OnceLock<Box<dyn Fn(Outbox) + Send + Sync>>,
    batch_end: RwLock<Vec<Box<dyn Fn() + Send + Sync>>>,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Takers asleep and not yet woken. A busy taker costs the pusher no system call.
    asleep: usize,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(waiting_max: usize) -> Queue {
        Queue {
            state: Mutex::default(),
            ready: Condvar::new(),
            waiting_max,
            posted: OnceLock::new(),
            batch_end: RwLock::default(),
        }
    }

    /// Has `wake` called after a commit that left something in an outbox; only the first one counts.
    pub(crate) fn on_posted(&self, wake: Box<dyn Fn(Outbox) + Send + Sync>) {
        _ = self.posted.set(wake);
    }

    /// Has `wake` called after the jobs of each commit were finished.
    pub(crate) fn on_batch_end(&self, wake: Box<dyn Fn() + Send + Sync>) {
        self.batch_end.write().unwrap_or_else(PoisonError::into_inner).push(wake);
    }

    pub(crate) fn tell_posted(&self, outbox: Outbox) {
        if let Some(wake) = self.posted.get() {
            wake(outbox);
        }
    }

    pub(crate) fn tell_batch_end(&self) {
        self.batch_end.read().unwrap_or_else(PoisonError::into_inner).iter().for_each(|wake| wake());
    }

    /// No foreign code runs under the lock, so a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the job back, with the reason, when the queue is full or closed.
    pub(crate) fn push(&self, job: Job) -> Result<(), (Job, StoreError)> {
        let mut state = self.lock();
        if state.closed {
            return Err((job, StoreError::Closed));
        }
        if state.jobs.len() >= self.waiting_max {
            return Err((job, StoreError::Busy));
        }
        state.jobs.push_back(job);
        let wake = state.asleep > 0;
        if wake {
            state.asleep -= 1;
        }
        drop(state);
        if wake {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Appends an even share of what is waiting for one of `takers`, at most `most` jobs.
    ///
    /// Returns false when the queue is closed and empty.
    pub(crate) fn take(&self, most: usize, takers: usize, into: &mut VecDeque<Job>) -> bool {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return false;
            }
            state.asleep += 1;
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let share = state.jobs.len().div_ceil(takers).min(most);
        into.extend(state.jobs.drain(..share));
        true
    }

    /// What is waiting is still taken; nothing more is accepted.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }
}
