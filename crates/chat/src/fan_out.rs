//! Group events on their way to the sessions of this node.
//!
//! A message to ten thousand members is ten thousand writes: too much for the store's writer, after whose
//! commits events are made. They are handed over here in the order of the commits and worked off by threads
//! of their own; one group is always the same thread's, so that its order stays.

mod lane;

use std::{
    collections::{HashSet, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use store::Db;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::{
    apps::App,
    live::{Push, Seats},
    statistics::Event as Counted,
};

use lane::Lane;

const THREADS: usize = 2;
/// Messages that may wait to be delivered; further senders wait before theirs is stored.
const MESSAGES_WAITING_MAX: usize = 16_384;
/// Changes waiting for a thread at most; beyond it whoever makes them waits.
const JOBS_WAITING_MAX: usize = 4 * MESSAGES_WAITING_MAX;

/// Which members of a group are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    All,
    Only(Vec<String>),
    But(Arc<HashSet<String>>),
}

/// What is done, in this order, after a change of a group is durable.
#[derive(Clone)]
pub enum Event {
    /// To the online members. `json` is one event of an `EventArray`.
    Room {
        group: i64,
        json: String,
        audience: Audience,
        /// This instance is not told.
        except: Option<i64>,
        /// Members that discard messages are passed over.
        is_message: bool,
    },
    /// To the sessions of one user, a member or not.
    User {
        user: String,
        json: String,
        except: Option<i64>,
    },
    /// The user is a member now, and receives with this flag.
    Enter {
        group: i64,
        user: String,
        flag: i64,
    },
    Leave {
        group: i64,
        user: String,
    },
    /// Nobody is a member any more.
    Close {
        group: i64,
    },
}

struct Job {
    app: Arc<App>,
    events: Vec<Event>,
    now: i64,
    /// Given back when it is done.
    _slot: Option<OwnedSemaphorePermit>,
}

/// The threads, and what waits for them.
pub struct FanOut {
    lanes: Lanes,
    slots: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

type Lanes = Arc<[Lane<Job>; THREADS]>;

#[derive(Default)]
struct Waiting {
    jobs: AtomicUsize,
    done: Notify,
}

impl FanOut {
    /// The writers of `db` hand over what they committed, a batch with one waking of each thread.
    pub(crate) fn start(db: &Db) -> std::io::Result<FanOut> {
        let waiting = Arc::new(Waiting::default());
        let lanes: Lanes = Arc::new(std::array::from_fn(|_| Lane::new(JOBS_WAITING_MAX)));
        for nr in 0..THREADS {
            let (lanes, waiting) = (lanes.clone(), waiting.clone());
            thread::Builder::new()
                .name(format!("fan-out-{nr}"))
                .spawn(move || serve(&lanes[nr], &waiting))?;
        }
        let at_end = Arc::downgrade(&lanes);
        db.on_batch_end(move || {
            if let Some(lanes) = at_end.upgrade() {
                lanes.iter().for_each(Lane::wake);
            }
        });
        Ok(FanOut { lanes, slots: Arc::new(Semaphore::new(MESSAGES_WAITING_MAX)), waiting })
    }

    /// A place in the queue, to be taken before a message is stored.
    pub(crate) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().acquire_owned().await.ok()
    }

    /// Called after the commit, in the order of the commits.
    pub(crate) fn hand_over(
        &self,
        app: &Arc<App>,
        group: i64,
        events: Vec<Event>,
        now: i64,
        slot: Option<OwnedSemaphorePermit>,
    ) {
        if events.is_empty() {
            return;
        }
        self.waiting.jobs.fetch_add(1, Ordering::AcqRel);
        let job = Job { app: app.clone(), events, now, _slot: slot };
        self.lanes[group.unsigned_abs() as usize % THREADS].push(job, store::is_finishing());
    }

    /// Returns when nothing waits.
    pub async fn settled(&self) {
        loop {
            let done = self.waiting.done.notified();
            if self.waiting.jobs.load(Ordering::Acquire) == 0 {
                return;
            }
            done.await;
        }
    }
}

/// The threads end with it, once nothing waits.
impl Drop for FanOut {
    fn drop(&mut self) {
        self.lanes.iter().for_each(Lane::close);
    }
}

fn serve(lane: &Lane<Job>, waiting: &Waiting) {
    let mut jobs = VecDeque::new();
    while lane.take(&mut jobs) {
        for job in jobs.drain(..) {
            // Its pushes are lost then, as those of a broken connection are; what follows is not.
            if catch_unwind(AssertUnwindSafe(|| work(&job))).is_err() {
                tracing::error!("handing out a group's event panicked");
            }
            drop(job);
            if waiting.jobs.fetch_sub(1, Ordering::AcqRel) == 1 {
                waiting.done.notify_waiters();
            }
        }
    }
}

fn work(job: &Job) {
    let (live, mut delivered) = (&job.app.live, 0);
    for event in &job.events {
        match event {
            Event::Room { group, json, audience, except, is_message } => {
                let count = room(live.seats(*group), job, json, audience, *except, *is_message);
                delivered += if *is_message { count } else { 0 };
            }
            Event::User { user, json, except } => {
                live.push(user, *except, || Push::events(json));
            }
            Event::Enter { group, user, flag } => live.enter(*group, user, *flag),
            Event::Leave { group, user } => live.leave(*group, user),
            Event::Close { group } => live.close(*group),
        }
    }
    job.app.count(job.now, Counted::GroupDelivered, delivered);
}

/// The receive option of a member that wants no messages.
const DISCARD: i64 = 2;

fn room(
    seats: Seats,
    job: &Job,
    json: &str,
    audience: &Audience,
    except: Option<i64>,
    is_message: bool,
) -> usize {
    if seats.is_empty() {
        return 0;
    }
    let push = Push::events(json);
    let mut count = 0;
    let named: HashSet<&str> = match audience {
        Audience::Only(users) => users.iter().map(String::as_str).collect(),
        Audience::All | Audience::But(_) => HashSet::new(),
    };
    for (user, flag) in seats {
        let is_meant = match audience {
            Audience::All => true,
            Audience::Only(_) => named.contains(&*user),
            Audience::But(users) => !users.contains(&*user),
        };
        if is_meant && !(is_message && flag == DISCARD) {
            count += job.app.live.push_shared(&user, except, &push);
        }
    }
    count
}
