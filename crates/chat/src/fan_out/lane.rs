//! The bounded queue before a thread of the fan-out.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Jobs that the thread takes at once.
const TAKE_MAX: usize = 256;

/// First in, first out, for one taker.
pub(super) struct Lane<T> {
    state: Mutex<State<T>>,
    /// There is something to take.
    ready: Condvar,
    /// There is room again.
    room: Condvar,
    waiting_max: usize,
}

struct State<T> {
    jobs: VecDeque<T>,
    /// The taker waits for `ready` and nobody has woken it.
    asleep: bool,
    /// How many wait for `room`.
    held_up: usize,
    closed: bool,
}

impl<T> Lane<T> {
    pub(super) fn new(waiting_max: usize) -> Lane<T> {
        let state = State { jobs: VecDeque::new(), asleep: false, held_up: 0, closed: false };
        Lane { state: Mutex::new(state), ready: Condvar::new(), room: Condvar::new(), waiting_max }
    }

    /// No foreign code runs under the lock, so a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends a job, and waits while there is no room. With `wake_later` somebody calls [`Lane::wake`] soon.
    pub(super) fn push(&self, job: T, wake_later: bool) {
        let mut state = self.lock();
        while state.jobs.len() >= self.waiting_max {
            self.wake_taker(&mut state);
            state.held_up += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.held_up -= 1;
        }
        state.jobs.push_back(job);
        if !wake_later {
            self.wake_taker(&mut state);
        }
    }

    /// Has the taker look, if it sleeps though there is something.
    pub(super) fn wake(&self) {
        let mut state = self.lock();
        if !state.jobs.is_empty() {
            self.wake_taker(&mut state);
        }
    }

    fn wake_taker(&self, state: &mut State<T>) {
        if state.asleep {
            state.asleep = false;
            self.ready.notify_one();
        }
    }

    /// Moves what waits to `into`, at most [`TAKE_MAX`] jobs; false when the lane is closed and empty.
    pub(super) fn take(&self, into: &mut VecDeque<T>) -> bool {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return false;
            }
            state.asleep = true;
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let share = state.jobs.len().min(TAKE_MAX);
        into.extend(state.jobs.drain(..share));
        if state.held_up > 0 {
            self.room.notify_all();
        }
        true
    }

    /// What waits is still taken.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        self.wake_taker(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use super::*;

    #[test]
    fn jobs_come_in_order_though_the_lane_is_full_and_wakings_are_put_off() {
        let lane = Arc::new(Lane::new(3));
        let taker = thread::spawn({
            let lane = lane.clone();
            move || {
                let (mut got, mut jobs) = (Vec::new(), VecDeque::new());
                while lane.take(&mut jobs) {
                    got.extend(jobs.drain(..));
                }
                got
            }
        });
        for nr in 0..10_000 {
            lane.push(nr, nr % 3 != 0);
            if nr % 7 == 0 {
                lane.wake();
            }
        }
        lane.close();
        assert_eq!(taker.join().expect("it does not panic"), (0..10_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_sleeping_taker_is_woken_by_the_waking_that_was_put_off() {
        let lane = Arc::new(Lane::new(3));
        let taker = thread::spawn({
            let lane = lane.clone();
            move || {
                let mut jobs = VecDeque::new();
                lane.take(&mut jobs);
                jobs.pop_front()
            }
        });
        while !lane.lock().asleep {
            thread::yield_now();
        }
        lane.push(1, true);
        assert!(lane.lock().asleep, "nobody woke it yet");
        lane.wake();
        assert_eq!(taker.join().expect("it does not panic"), Some(1));
    }
}
