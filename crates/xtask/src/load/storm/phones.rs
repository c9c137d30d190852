//! All clients of a storm, and when each of them was back.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use super::{
    super::{
        group::Clock,
        report::{Times, histogram},
        target::Target,
    },
    phone::Phone,
};

/// First logins under way at once.
const LOGINS: usize = 64;

/// Reasons that are told apart.
const REASONS_MAX: usize = 6;

/// What the clients do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum State {
    Live,
    /// Each loses its connection, and comes back.
    Cut,
    /// Each ends and says what it has.
    End,
}

pub struct Phones {
    shared: Arc<Shared>,
    state: watch::Sender<State>,
    tasks: JoinSet<Phone>,
}

pub struct Shared {
    pub target: Target,
    /// Who sends messages.
    pub pulse: String,
    pub clock: Clock,
    /// When the present storm began.
    lost_at: AtomicU64,
    back: AtomicUsize,
    changed: Notify,
    /// Attempts that failed, by what was said.
    pub failed: Mutex<BTreeMap<String, u64>>,
    times: Mutex<(Histogram<u64>, Histogram<u64>)>,
}

impl Shared {
    fn failed(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.failed.lock().expect("no holder panics")
    }

    pub fn has_failed(&self, error: &anyhow::Error) {
        let mut failed = self.failed();
        let is_known = failed.contains_key(&error.to_string());
        let what =
            if is_known || failed.len() < REASONS_MAX { error.to_string() } else { "others".to_owned() };
        *failed.entry(what).or_insert(0) += 1;
    }

    /// Somebody was logged in at the first of the moments and knew everything at the second.
    pub fn is_back(&self, logged_in: u64, whole: u64) {
        let lost_at = self.lost_at.load(Ordering::Relaxed);
        let mut times = self.times.lock().expect("no holder panics");
        times.0.saturating_record(logged_in.saturating_sub(lost_at));
        times.1.saturating_record(whole.saturating_sub(lost_at));
        self.back.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_one();
    }
}

impl Phones {
    /// Logs everybody in, with the calls of a page that has just been opened.
    pub async fn start(
        target: &Target,
        users: &[String],
        pulse: &str,
        clock: Clock,
    ) -> anyhow::Result<Phones> {
        let shared = Arc::new(Shared {
            target: target.clone(),
            pulse: pulse.to_owned(),
            clock,
            lost_at: AtomicU64::new(0),
            back: AtomicUsize::new(0),
            changed: Notify::new(),
            failed: Mutex::default(),
            times: Mutex::new((histogram(), histogram())),
        });
        let (state, watched) = watch::channel(State::Live);
        let mut phones = Phones { shared, state, tasks: JoinSet::new() };
        let rest = target.side_rest()?;
        let mut logins: JoinSet<anyhow::Result<Phone>> = JoinSet::new();
        let mut users = users.iter().enumerate();
        loop {
            if logins.len() < LOGINS
                && let Some((number, user)) = users.next()
            {
                let (shared, rest, user) = (phones.shared.clone(), rest.clone(), user.clone());
                logins.spawn(async move { Phone::open(&shared, &rest, &user, number).await });
                continue;
            }
            let Some(phone) = logins.join_next().await else { return Ok(phones) };
            let phone = phone.context("a task of the generator failed")??;
            phones.tasks.spawn(phone.live(phones.shared.clone(), watched.clone()));
        }
    }

    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    pub fn tell(&self, state: State) {
        self.state.send_replace(state);
    }

    pub fn count_back(&self) -> usize {
        self.shared.back.load(Ordering::Relaxed)
    }

    /// Returns when everybody who was lost at that moment is back.
    pub async fn back(&self, lost_at: u64) {
        self.shared.lost_at.store(lost_at, Ordering::Relaxed);
        while self.count_back() < self.tasks.len() {
            self.shared.changed.notified().await;
        }
    }

    /// Until the login was answered and until everything was known, and how many attempts failed; from here on
    /// they are counted anew.
    pub fn take_times(&self) -> (Times, Times, BTreeMap<String, u64>) {
        let mut times = self.shared.times.lock().expect("no holder panics");
        let (login, whole) = std::mem::replace(&mut *times, (histogram(), histogram()));
        self.shared.back.store(0, Ordering::Relaxed);
        self.state.send_replace(State::Live);
        (Times::of(&login), Times::of(&whole), std::mem::take(&mut *self.shared.failed()))
    }

    pub async fn end(mut self) -> anyhow::Result<Vec<Phone>> {
        self.tell(State::End);
        let mut ended = Vec::with_capacity(self.tasks.len());
        while let Some(phone) = self.tasks.join_next().await {
            ended.push(phone.context("a task of the generator failed")?);
        }
        Ok(ended)
    }
}
