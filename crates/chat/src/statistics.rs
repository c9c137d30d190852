//! What an app did each day. `spec/rest/openconfigsvr.getappinfo.yaml`.
//!
//! Events are counted in memory and added to the store every few seconds and at the end of the process: a
//! crash loses the counts of the last seconds, never a message. Distinct users are counted by rows that say
//! what a user did on a day, so that restarts and further nodes do not count anybody twice.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_cache::sync::Cache;
use store::{StoreError, Tx, daily};

use crate::{
    Chat,
    apps::App,
    error::Error,
    shard,
    zone::{SECONDS_PER_DAY, Zone},
};

/// Users whose doings of the day are remembered, so that they are not written again. Per app.
const KNOWN_MAX: usize = 100_000;
/// Days that an answer holds at most.
pub const DAYS_MAX: i64 = 30;
/// Rows of old days forgotten in one step.
const PRUNE_STEP: i64 = 1000;

/// What is counted by the event; the numbers are places in the tally.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Login,
    AccountMade,
    AccountDeleted,
    C2cSent,
    C2cDelivered,
    FriendAdded,
    FriendRemoved,
    GroupSent,
    GroupDelivered,
    GroupJoined,
    GroupLeft,
    GroupMade,
    GroupDismissed,
}

/// Name of each event in the store, in the order of [`Event`].
const NAMES: [&str; 13] = [
    "logins",
    "accounts_made",
    "accounts_deleted",
    "c2c_sent",
    "c2c_delivered",
    "friends_added",
    "friends_removed",
    "group_sent",
    "group_delivered",
    "group_joins",
    "group_leaves",
    "groups_made",
    "groups_disbanded",
];

/// Bits of what a user did on a day.
const LOGGED_IN: i64 = 1;
const SENT_C2C: i64 = 1 << 1;
const SENT_TO_GROUP: i64 = 1 << 2;

/// A name in the store with the bits of which any makes a user count, once a day.
const DISTINCT: [(&str, i64); 5] = [
    ("active_users", LOGGED_IN | SENT_C2C | SENT_TO_GROUP),
    ("login_users", LOGGED_IN),
    ("senders", SENT_C2C | SENT_TO_GROUP),
    ("c2c_senders", SENT_C2C),
    ("group_senders", SENT_TO_GROUP),
];

/// The counts of one day that are not in the store yet. Its users are those who did something new in the
/// seconds since the last time.
#[derive(Default)]
struct Tally {
    day: i64,
    counts: [i64; NAMES.len()],
    online_max: i64,
    users: HashMap<String, i64>,
}

impl Tally {
    fn is_empty(&self) -> bool {
        self.online_max == 0 && self.users.is_empty() && self.counts.iter().all(|it| *it == 0)
    }

    fn store(&self, tx: &mut dyn Tx, app: u32) -> Result<(), StoreError> {
        for (name, count) in NAMES.iter().zip(self.counts) {
            if count > 0 {
                daily::add(tx, app, self.day, name, count)?;
            }
        }
        daily::raise(tx, app, self.day, "online_max", self.online_max)?;
        let mut new = [0; DISTINCT.len()];
        for (user, did) in &self.users {
            let known = daily::note(tx, app, self.day, user, *did)?;
            for (count, (_, bits)) in new.iter_mut().zip(DISTINCT) {
                *count += i64::from(known & bits == 0 && did & bits != 0);
            }
        }
        for (count, (name, _)) in new.into_iter().zip(DISTINCT) {
            if count > 0 {
                daily::add(tx, app, self.day, name, count)?;
            }
        }
        Ok(())
    }
}

/// The running counts of one app.
pub struct Statistics {
    /// One entry a day, nearly always only today.
    tallies: Mutex<Vec<Tally>>,
    /// By user: the day and what is known to be stored, or about to be.
    known: Cache<String, (i64, i64)>,
    /// Messages since the start: one to one, in groups, in live rooms.
    sent: [AtomicU64; 3],
}

impl Default for Statistics {
    fn default() -> Statistics {
        Statistics { tallies: Mutex::default(), known: Cache::new(KNOWN_MAX), sent: Default::default() }
    }
}

impl Statistics {
    fn with(&self, day: i64, work: impl FnOnce(&mut Tally)) {
        let mut tallies = self.tallies.lock().expect("no holder panics");
        if tallies.last().is_none_or(|it| it.day != day) {
            tallies.push(Tally { day, ..Tally::default() });
        }
        if let Some(today) = tallies.last_mut() {
            work(today);
        }
    }

    fn did(&self, day: i64, user: &str, bits: i64) {
        let known = self.known.get(user).filter(|it| it.0 == day).map_or(0, |it| it.1);
        if known | bits == known {
            return;
        }
        self.known.insert(user.to_owned(), (day, known | bits));
        self.with(day, |it| *it.users.entry(user.to_owned()).or_default() |= bits);
    }

    fn take(&self) -> Vec<Tally> {
        std::mem::take(&mut *self.tallies.lock().expect("no holder panics"))
    }

    /// Puts back what could not be stored.
    fn give_back(&self, mut tallies: Vec<Tally>) {
        let mut now = self.tallies.lock().expect("no holder panics");
        tallies.append(&mut now);
        *now = tallies;
    }
}

impl App {
    fn day(&self, now: i64) -> i64 {
        self.state().zone.day(now)
    }

    /// Counts an event, so many times.
    pub(crate) fn count(&self, now: i64, event: Event, times: usize) {
        if times > 0 {
            let times = i64::try_from(times).unwrap_or(i64::MAX);
            self.statistics.with(self.day(now), |it| it.counts[event as usize] += times);
        }
    }

    /// Counts a login of a user.
    pub(crate) fn count_login(&self, now: i64, user: &str) {
        self.count(now, Event::Login, 1);
        self.statistics.did(self.day(now), user, LOGGED_IN);
        self.note_online(now);
    }

    /// Counts a one-to-one message of a user, delivered to so many sessions.
    pub(crate) fn count_c2c(&self, now: i64, sender: &str, delivered: usize) {
        let (day, delivered) = (self.day(now), i64::try_from(delivered).unwrap_or(i64::MAX));
        self.statistics.with(day, |it| {
            it.counts[Event::C2cSent as usize] += 1;
            it.counts[Event::C2cDelivered as usize] += delivered;
        });
        self.statistics.did(day, sender, SENT_C2C);
        self.statistics.sent[0].fetch_add(1, Ordering::Relaxed);
    }

    /// Messages since the start: one to one, in groups, in live rooms.
    pub fn messages_sent(&self) -> [u64; 3] {
        [0, 1, 2].map(|it: usize| self.statistics.sent[it].load(Ordering::Relaxed))
    }

    /// Counts a group message of a user.
    pub(crate) fn count_group_message(&self, now: i64, sender: &str, is_live_room: bool) {
        self.statistics.sent[1 + usize::from(is_live_room)].fetch_add(1, Ordering::Relaxed);
        self.count(now, Event::GroupSent, 1);
        self.statistics.did(self.day(now), sender, SENT_TO_GROUP);
    }

    /// Notes how many users are online.
    fn note_online(&self, now: i64) {
        let online = self.live.users_online();
        self.statistics.with(self.day(now), |it| it.online_max = it.online_max.max(online));
    }
}

/// One day of an app, by the names in the store.
pub struct Day {
    /// Days since 1970 in the app's time zone.
    pub day: i64,
    counts: BTreeMap<String, i64>,
}

impl Day {
    pub fn get(&self, what: &str) -> i64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// As `YYYYMMDD`.
    pub fn date(&self) -> String {
        Zone::UTC.date(self.day * SECONDS_PER_DAY)
    }
}

impl Chat {
    /// Adds what was counted to the store. Called every few seconds and at the end.
    pub async fn store_statistics(&self) -> Result<(), Error> {
        for app in self.apps.all() {
            self.store_statistics_of(&app).await?;
        }
        Ok(())
    }

    async fn store_statistics_of(&self, app: &Arc<App>) -> Result<(), Error> {
        let now = self.clock.now();
        app.note_online(now);
        let (id, today) = (app.id, app.day(now));
        let tallies: Vec<_> = app.statistics.take().into_iter().filter(|it| !it.is_empty()).collect();
        let changed = |it: &Tally| {
            it.counts[Event::AccountMade as usize] > 0 || it.counts[Event::AccountDeleted as usize] > 0
        };
        let accounts_changed = tallies.iter().any(changed);
        let days: Vec<_> = tallies.iter().map(|it| it.day).chain([today]).collect();
        // The number of accounts is counted outside the write, which others wait for.
        let read = self.db.read(move |tx| {
            let known = daily::since(tx, id, days[0])?;
            let is_known = |day: &i64| known.iter().any(|it| it.0 == *day && it.1 == ACCOUNTS);
            let mut wanted: Vec<_> = days.into_iter().filter(|it| !is_known(it)).collect();
            if accounts_changed && !wanted.contains(&today) {
                wanted.push(today);
            }
            let total = if wanted.is_empty() { 0 } else { store::accounts::count_all(tx, id)? };
            Ok::<_, StoreError>((wanted, total))
        });
        let (wanted, total) = match read.await {
            Ok(it) => it,
            Err(error) => {
                app.statistics.give_back(tallies);
                return Err(error.into());
            }
        };
        if tallies.is_empty() && wanted.is_empty() {
            return Ok(());
        }
        let tallies = Arc::new(tallies);
        let stored = tallies.clone();
        let done = self.db.write(shard(id, "\0statistics"), move |tx| {
            stored.iter().try_for_each(|it| it.store(tx, id))?;
            wanted.iter().try_for_each(|day| daily::set(tx, id, *day, ACCOUNTS, total))
        });
        let done = done.await;
        if done.is_err()
            && let Some(tallies) = Arc::into_inner(tallies)
        {
            app.statistics.give_back(tallies);
        }
        Ok(done?)
    }

    /// Forgets who did what on days that are over. Returns how many rows went.
    pub async fn prune_statistics(&self) -> Result<u64, Error> {
        let mut gone = 0;
        for app in self.apps.all() {
            let (id, before) = (app.id, app.day(self.clock.now()) - 1);
            let key = shard(id, "\0statistics");
            gone += self.db.write(key, move |tx| daily::prune_users(tx, id, before, PRUNE_STEP)).await?;
        }
        Ok(gone)
    }

    /// The days since the app's first, at most [`DAYS_MAX`], newest first, with all that was counted until now.
    pub async fn days(&self, app: &Arc<App>) -> Result<Vec<Day>, Error> {
        self.store_statistics_of(app).await?;
        let last = app.day(self.clock.now()) - i64::from(!app.state().settings.operations_include_today);
        let (id, first) = (app.id, last - DAYS_MAX + 1);
        let read = self.db.read(move |tx| {
            let oldest = daily::first_day(tx, id)?;
            let accounts = daily::value_before(tx, id, first, ACCOUNTS)?;
            Ok::<_, StoreError>((oldest, accounts, daily::since(tx, id, first)?))
        });
        let (oldest, mut accounts, rows) = read.await?;
        let Some(oldest) = oldest else { return Ok(Vec::new()) };
        let mut by_day: BTreeMap<i64, BTreeMap<String, i64>> = BTreeMap::new();
        for (day, what, value) in rows {
            by_day.entry(day).or_default().insert(what, value);
        }
        let mut days = Vec::new();
        for day in oldest.max(first)..=last {
            let mut counts = by_day.remove(&day).unwrap_or_default();
            // A day on which the server did not run ends as it began.
            accounts = *counts.entry(ACCOUNTS.to_owned()).or_insert(accounts);
            days.push(Day { day, counts });
        }
        days.reverse();
        Ok(days)
    }
}

/// Accounts at the end of a day, so far.
const ACCOUNTS: &str = "accounts";
