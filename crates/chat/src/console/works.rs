//! Long work that an operator starts: how far it is, what came of it, and ending it early.
//!
//! A work goes batch by batch and asks [`Work::goes_on`] between two of them. The list is in memory alone: a restart
//! forgets it, and what was under way ends where it was. Times are Unix seconds.

use std::{
    collections::VecDeque,
    ops::Deref,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::Trouble;
use crate::clock::Clock;

/// Works of an app that run at once.
pub const RUNNING_MAX: usize = 2;
/// Works of all apps that run at once.
pub const ALL_RUNNING_MAX: usize = 8;
/// Works of an app that are remembered after their end, the newest.
pub const KEPT_MAX: usize = 20;
/// Works of all apps whose files are kept, the newest.
pub const FILES_MAX: usize = 8;
/// So long after its end a work's file is kept.
pub const FILE_SECONDS: i64 = 3600;
/// Faults of single lines that are remembered of a work, the first.
pub const FAULTS_MAX: usize = 10;
/// What others get between two batches.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Running,
    Done,
    Failed,
    Cancelled,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}

/// A file that a work made. It is removed with the last who knows of it.
#[derive(Debug)]
pub struct Made {
    pub path: PathBuf,
    /// What a browser is to call it.
    pub name: String,
    pub bytes: u64,
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the file of a finished work could not be removed");
        }
    }
}

/// How far a work is.
#[derive(Clone, Debug)]
pub struct Progress {
    pub state: State,
    /// Somebody wants it to end; it does so after its batch.
    pub is_stopping: bool,
    pub done: i64,
    pub total: i64,
    /// What it brought so far: events put back, lines written, users imported.
    pub count: i64,
    /// Lines that were not taken, and the first of them: number and why.
    pub failed: i64,
    pub faults: Vec<(i64, String)>,
    /// 0 while it runs.
    pub ended_at: i64,
    /// Why it failed; empty unless it did.
    pub failure: String,
    pub file: Option<Arc<Made>>,
}

impl Progress {
    const NONE: Progress = Progress {
        state: State::Running,
        is_stopping: false,
        done: 0,
        total: 0,
        count: 0,
        failed: 0,
        faults: Vec::new(),
        ended_at: 0,
        failure: String::new(),
        file: None,
    };
}

#[derive(Debug)]
pub struct Work {
    pub id: i64,
    pub app: u32,
    /// Named as the deed in the audit log.
    pub kind: &'static str,
    /// The operator who started it.
    pub by: String,
    pub started_at: i64,
    progress: Mutex<Progress>,
}

impl Work {
    /// One that is on no list, for who waits for its end.
    pub fn unlisted() -> Work {
        let progress = Mutex::new(Progress::NONE);
        Work { id: 0, app: 0, kind: "", by: String::new(), started_at: 0, progress }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn progress(&self) -> Progress {
        self.change(|it| it.clone())
    }

    fn is_running(&self) -> bool {
        self.change(|it| it.state == State::Running)
    }

    /// Says how much there is to do.
    pub fn expect(&self, total: i64) {
        self.change(|it| it.total = total);
    }

    /// Says that a batch was done, and what it brought.
    pub fn step(&self, done: i64, count: i64) {
        self.change(|it| {
            it.done += done;
            it.count += count;
            it.total = it.total.max(it.done);
        });
    }

    /// Says that a line was not taken.
    pub fn fault(&self, line: i64, why: String) {
        self.change(|it| {
            it.failed += 1;
            if it.faults.len() < FAULTS_MAX {
                it.faults.push((line, why));
            }
        });
    }

    /// Gives others their turn between two batches; false when somebody wants it to end.
    pub async fn goes_on(&self) -> bool {
        tokio::time::sleep(PAUSE).await;
        self.change(|it| !it.is_stopping)
    }

    fn end(&self, state: State, now: i64, failure: String) {
        self.change(|it| {
            if it.state == State::Running {
                (it.state, it.is_stopping, it.ended_at, it.failure) = (state, false, now, failure);
            }
            if state == State::Done {
                it.total = it.done;
            }
        });
    }
}

/// A work that runs. Whoever drops it without saying how it ended has failed.
pub struct Running {
    work: Arc<Work>,
    clock: Clock,
}

impl Running {
    /// Ends it: done, or cancelled if it stopped before its end.
    pub fn end(self, is_whole: bool) {
        let state = if is_whole { State::Done } else { State::Cancelled };
        self.work.end(state, self.clock.now(), String::new());
    }

    pub fn fail(self, failure: String) {
        self.work.end(State::Failed, self.clock.now(), failure);
    }

    pub fn keep(&self, made: Made) {
        self.work.change(|it| it.file = Some(Arc::new(made)));
    }
}

impl Deref for Running {
    type Target = Work;

    fn deref(&self) -> &Work {
        &self.work
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.work.end(State::Failed, self.clock.now(), "it was interrupted".to_owned());
    }
}

/// The works of this server.
#[derive(Debug, Default)]
pub struct Works(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last_id: i64,
    /// Oldest first.
    works: VecDeque<Arc<Work>>,
}

impl Kept {
    /// Forgets what an app has above its bound, but for `room` places.
    fn make_room(&mut self, app: u32, room: usize) {
        let ended = self.works.iter().filter(|it| it.app == app && !it.is_running());
        let mut over = (ended.count() + room).saturating_sub(KEPT_MAX);
        self.works.retain(|it| {
            let goes = over > 0 && it.app == app && !it.is_running();
            over -= usize::from(goes);
            !goes
        });
    }

    /// Forgets files above their bound, but for one place.
    fn make_room_for_a_file(&self) {
        let with_file = self.works.iter().rev().filter(|it| it.change(|it| it.file.is_some()));
        with_file.skip(FILES_MAX - 1).for_each(|it| it.change(|it| it.file = None));
    }
}

impl Works {
    fn kept<T>(&self, look: impl FnOnce(&mut Kept) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a work on the list, unless too many run.
    pub fn begin(&self, app: u32, kind: &'static str, by: &str, clock: &Clock) -> Result<Running, Trouble> {
        let now = clock.now();
        self.kept(|kept| {
            let running: Vec<_> = kept.works.iter().filter(|it| it.is_running()).map(|it| it.app).collect();
            if running.iter().filter(|it| **it == app).count() >= RUNNING_MAX {
                let words = format!("{RUNNING_MAX} works of this app are under way already");
                return Err(Trouble::Conflict(words));
            }
            if running.len() >= ALL_RUNNING_MAX {
                return Err(Trouble::Busy);
            }
            kept.make_room(app, 1);
            kept.make_room_for_a_file();
            // A page that was open over a restart must not mean another work by an old id.
            kept.last_id = now.max(kept.last_id + 1);
            let (id, by) = (kept.last_id, by.to_owned());
            let progress = Mutex::new(Progress::NONE);
            let work = Arc::new(Work { id, app, kind, by, started_at: now, progress });
            kept.works.push_back(work.clone());
            Ok(Running { work, clock: clock.clone() })
        })
    }

    /// The works of an app, newest first.
    pub fn of(&self, app: u32) -> Vec<Arc<Work>> {
        self.kept(|it| it.works.iter().rev().filter(|it| it.app == app).cloned().collect())
    }

    pub fn get(&self, app: u32, id: i64) -> Result<Arc<Work>, Trouble> {
        let found = self.kept(|it| it.works.iter().find(|it| it.app == app && it.id == id).cloned());
        found.ok_or_else(|| Trouble::NotFound(format!("there is no work {id}")))
    }

    /// Has a work end after the batch it is at.
    pub fn cancel(&self, app: u32, id: i64) -> Result<Arc<Work>, Trouble> {
        let work = self.get(app, id)?;
        let was_running = work.change(|it| {
            it.is_stopping = it.state == State::Running;
            it.is_stopping
        });
        if was_running { Ok(work) } else { Err(Trouble::Conflict("it has ended already".to_owned())) }
    }

    /// Removes files whose time is over. Called from time to time.
    pub fn forget_files(&self, now: i64) {
        self.kept(|kept| {
            for it in &kept.works {
                it.change(|it| {
                    if it.ended_at > 0 && now >= it.ended_at + FILE_SECONDS {
                        it.file = None;
                    }
                });
            }
        });
    }
}

/// Below a data folder: files that works make.
pub fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join("works")
}

/// Removes what an earlier run of the server left there. Only for the start: no work runs.
pub async fn tidy(data_dir: &Path) -> std::io::Result<()> {
    match tokio::fs::remove_dir_all(folder(data_dir)).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(works: &Works, app: u32) -> Result<Running, Trouble> {
        works.begin(app, "users.export", "ann", &Clock::fixed(1_000_000))
    }

    fn states(works: &Works, app: u32) -> Vec<&'static str> {
        works.of(app).iter().map(|it| it.progress().state.name()).collect()
    }

    #[test]
    fn an_app_has_so_many_at_once_and_the_server_so_many() {
        let works = Works::default();
        let mut running: Vec<_> = (0..RUNNING_MAX).map(|_| begin(&works, 1).unwrap()).collect();
        assert!(matches!(begin(&works, 1), Err(Trouble::Conflict(_))));
        for app in 2.. {
            if running.len() == ALL_RUNNING_MAX {
                break;
            }
            running.push(begin(&works, app).unwrap());
        }
        assert!(matches!(begin(&works, 99), Err(Trouble::Busy)));
        running.pop().unwrap().end(true);
        assert!(begin(&works, 99).is_ok(), "one has ended");
    }

    #[test]
    fn only_the_newest_that_ended_are_remembered() {
        let works = Works::default();
        let stays = begin(&works, 1).unwrap();
        begin(&works, 2).unwrap().end(true);
        for _ in 0..KEPT_MAX + 5 {
            begin(&works, 1).unwrap().end(true);
        }
        let all = works.of(1);
        assert_eq!(all.len(), KEPT_MAX + 1, "and one that runs");
        assert!(all.windows(2).all(|it| it[0].id > it[1].id), "the newest first");
        assert_eq!(all.last().unwrap().id, stays.id);
        assert_eq!(states(&works, 2), ["done"], "each app for itself");
    }

    #[test]
    fn a_work_that_is_dropped_has_failed() {
        let works = Works::default();
        drop(begin(&works, 1).unwrap());
        assert_eq!(states(&works, 1), ["failed"]);
        assert_eq!(works.of(1)[0].progress().failure, "it was interrupted");
    }

    #[tokio::test]
    async fn who_cancels_ends_it_after_its_batch_and_only_once() {
        let works = Works::default();
        let running = begin(&works, 1).unwrap();
        assert!(running.goes_on().await);
        let id = running.id;
        assert!(works.cancel(2, id).is_err(), "it is another app's");
        works.cancel(1, id).unwrap();
        assert!(!running.goes_on().await);
        assert_eq!(states(&works, 1), ["running"], "until it says so itself");
        running.end(false);
        assert_eq!(states(&works, 1), ["cancelled"]);
        assert!(matches!(works.cancel(1, id), Err(Trouble::Conflict(_))));
    }

    #[test]
    fn a_file_goes_with_its_time_and_with_the_bound() {
        let (works, folder) = (Works::default(), store::testing::Folder::new().unwrap());
        let make = |name: &str| {
            let (running, path) = (begin(&works, 1).unwrap(), folder.path().join(name));
            std::fs::write(&path, "x").unwrap();
            running.keep(Made { path, name: name.to_owned(), bytes: 1 });
            running.end(true);
        };
        let names: Vec<_> = (0..=FILES_MAX).map(|it| it.to_string()).collect();
        names.iter().for_each(|it| make(it));
        let is_there = |name: &str| folder.path().join(name).exists();
        assert!(!is_there("0"), "it was one too many");
        assert!(names[1..].iter().all(|it| is_there(it)));
        works.forget_files(1000 + FILE_SECONDS - 1);
        assert!(is_there("1"));
        works.forget_files(1000 + FILE_SECONDS);
        assert!(!names.iter().any(|it| is_there(it)));
    }
}
