//! When the jobs of this process ran last.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// One job.
#[derive(Clone)]
pub struct Job {
    pub name: &'static str,
    pub every: Duration,
    /// Unix seconds; 0 before the first time.
    pub ran_at: i64,
    pub took_ms: i64,
}

/// All jobs, in the order in which they were started. Their names are few and fixed.
#[derive(Default)]
pub struct Jobs(Mutex<Vec<Job>>);

impl Jobs {
    pub fn add(&self, name: &'static str, every: Duration) {
        let job = Job { name, every, ran_at: 0, took_ms: 0 };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(job);
    }

    pub fn ran(&self, name: &str, at: i64, took: Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(it) = all.iter_mut().find(|it| it.name == name) {
            it.ran_at = at;
            it.took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        }
    }

    pub fn all(&self) -> Vec<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
