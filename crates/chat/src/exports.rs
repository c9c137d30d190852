//! The messages of past hours as files. `spec/rest/open_msg_svc.get_history.yaml`.
//!
//! A job writes the files of each hour that is over, then notes them in the store in one transaction: an hour
//! that is not noted is written again, so a crash in between costs work and nothing else.

mod files;
mod lines;
mod link;

use std::{collections::BTreeMap, path::Path, sync::Arc};

use store::{StoreError, exports as table};

use crate::{
    Chat,
    apps::App,
    error::Error,
    shard,
    zone::{SECONDS_PER_DAY, SECONDS_PER_HOUR},
};

pub use files::{BadName, FileName, folder};
pub use link::{Link, check};
pub use store::exports::File;

/// A message may be on its way to the disk for so long after its second, on a node whose clock differs by so
/// much. Seconds.
const SLACK: i64 = 60;
/// How often the newest message is marked at least. Seconds.
const MARK_EVERY: i64 = 120;
/// Messages read in one step.
const STEP: i64 = 1000;
/// Text of all files under way at one time. Bytes.
const BUFFER_BYTES_MAX: usize = 32 << 20;

/// What a file is about; the numbers are those in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Kind {
    C2c = 1,
    Group = 2,
}

impl Kind {
    /// As requests and file names have it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::C2c => "C2C",
            Kind::Group => "Group",
        }
    }

    pub fn from_name(name: &str) -> Option<Kind> {
        [Kind::C2c, Kind::Group].into_iter().find(|it| it.name() == name)
    }
}

/// What there is of an hour.
pub enum Hour {
    Files(Vec<File>),
    /// Not over or not exported yet, or nothing was sent in it.
    Nothing,
    /// Its files are gone.
    TooOld,
}

/// The files of the hour that begins at this second.
pub async fn of(chat: &Chat, app: &Arc<App>, kind: Kind, hour: i64) -> Result<Hour, Error> {
    if hour < oldest(app, chat.clock.now()) {
        return Ok(Hour::TooOld);
    }
    let id = app.id;
    let files = chat.db.read(move |tx| table::files(tx, id, kind as i64, hour)).await?;
    Ok(if files.is_empty() { Hour::Nothing } else { Hour::Files(files) })
}

/// The earliest second at which an hour may begin whose files are kept.
fn oldest(app: &App, now: i64) -> i64 {
    now - app.state().settings.operations_history_days * SECONDS_PER_DAY
}

/// The first of an hour of the app that is not before `time`.
fn next_hour(app: &App, time: i64) -> i64 {
    let into = app.state().zone.into_hour(time);
    if into == 0 { time } else { time - into + SECONDS_PER_HOUR }
}

impl Chat {
    /// Writes the files of hours that are over and removes those that are too old, below `data`. Called from
    /// time to time; returns how many hours were exported.
    pub async fn export_history(&self, data: &Path) -> Result<usize, Error> {
        let now = self.clock.now();
        self.mark_log(now).await?;
        let mut exported = 0;
        for kind in [Kind::C2c, Kind::Group] {
            for (hour, apps) in self.pending_hours(now, kind).await? {
                let mut files = Files::new(data, &apps, kind, hour);
                let is_read = match kind {
                    Kind::C2c => self.read_hour(hour, &mut files).await?,
                    Kind::Group => self.read_hour_of_groups(hour, &mut files).await?,
                };
                if is_read {
                    self.finish_hour(kind, hour, files).await?;
                    exported += 1;
                }
            }
        }
        self.prune_exports(data, now).await?;
        Ok(exported)
    }

    async fn mark_log(&self, now: i64) -> Result<(), StoreError> {
        let newest = self.db.read(move |tx| table::mark_before(tx, now)).await?;
        if newest.is_some_and(|it| now - it.0 < MARK_EVERY) {
            return Ok(());
        }
        self.db.write(key(), move |tx| table::mark(tx, now)).await
    }

    /// Hours that are over and not exported, the oldest first, each with the apps that wait for it.
    async fn pending_hours(&self, now: i64, kind: Kind) -> Result<BTreeMap<i64, Vec<Arc<App>>>, StoreError> {
        let apps = self.apps.all();
        let read = self.db.read(move |tx| {
            let mut pending: BTreeMap<i64, Vec<Arc<App>>> = BTreeMap::new();
            let Some((first, _)) = table::mark_after(tx, 0)? else { return Ok(pending) };
            for app in apps {
                // An hour that had begun before the first mark may still be found: see `range`.
                let mut hour = next_hour(&app, oldest(&app, now).max(first - SECONDS_PER_HOUR));
                let exported = table::exported_since(tx, app.id, kind as i64, hour)?;
                while hour + SECONDS_PER_HOUR + SLACK <= now {
                    if exported.binary_search(&hour).is_err() {
                        pending.entry(hour).or_default().push(app.clone());
                    }
                    hour += SECONDS_PER_HOUR;
                }
            }
            Ok::<_, StoreError>(pending)
        });
        read.await
    }

    /// Ids between which the messages of an hour are: after the first, up to the second. `None` while that
    /// cannot be told.
    async fn range(&self, hour: i64) -> Result<Option<(i64, i64)>, StoreError> {
        let read = self.db.read(move |tx| {
            let Some((_, last)) = table::mark_after(tx, hour + SECONDS_PER_HOUR + SLACK)? else {
                return Ok(None);
            };
            let first = match table::mark_before(tx, hour - SLACK)? {
                Some((_, id)) => id,
                // The log was empty when the marks began, or else older messages cannot be told apart.
                None => match table::mark_after(tx, 0)? {
                    Some((_, 0)) => 0,
                    _ => last,
                },
            };
            Ok::<_, StoreError>(Some((first, last)))
        });
        read.await
    }

    /// Collects the one-to-one messages of an hour. False while it cannot be told which they are.
    async fn read_hour(&self, hour: i64, files: &mut Files) -> Result<bool, Error> {
        let Some((mut after, last)) = self.range(hour).await? else { return Ok(false) };
        let times = (hour, hour + SECONDS_PER_HOUR);
        loop {
            let step = self.db.read(move |tx| table::sent_between(tx, (after, last), times, STEP)).await?;
            let is_last = (step.len() as i64) < STEP;
            after = step.last().map_or(after, |it| it.id);
            for it in step {
                files.add(it.app, it.time, it.seq, lines::peer(&it));
            }
            files.make_room().await?;
            if is_last {
                return Ok(true);
            }
        }
    }

    /// Collects the messages of groups and topics of an hour, second by second.
    async fn read_hour_of_groups(&self, hour: i64, files: &mut Files) -> Result<bool, Error> {
        let (mut from, until) = (hour, hour + SECONDS_PER_HOUR);
        loop {
            let read = self.db.read(move |tx| {
                let Some(second) = table::next_group_second(tx, from, until)? else { return Ok(None) };
                Ok::<_, StoreError>(Some((second, table::group_sent_in(tx, second)?)))
            });
            let Some((second, messages)) = read.await? else { return Ok(true) };
            for it in messages {
                files.add(it.app, it.time, it.seq, lines::group(&it));
            }
            files.make_room().await?;
            from = second + 1;
        }
    }

    /// Writes the files of an hour and notes them.
    async fn finish_hour(&self, kind: Kind, hour: i64, files: Files) -> Result<(), Error> {
        for (app, builder) in files.0 {
            let app = u32::try_from(app).map_err(|_| StoreError::Shape("an app has a wrong id"))?;
            let files = builder.finish().await?;
            let count = files.len();
            self.db.write(key(), move |tx| table::put(tx, app, kind as i64, hour, &files)).await?;
            tracing::debug!(app, kind = kind.name(), hour, files = count, "hour exported");
        }
        Ok(())
    }

    async fn prune_exports(&self, data: &Path, now: i64) -> Result<(), Error> {
        let mut oldest_of_all = now;
        for app in self.apps.all() {
            let before = oldest(&app, now);
            // Marks are needed for the hour before, too.
            oldest_of_all = oldest_of_all.min(before - 2 * SECONDS_PER_HOUR);
            let id = app.id;
            self.db.write(key(), move |tx| table::prune_files(tx, id, before)).await?;
            files::remove_before(data, &app, before).await?;
        }
        Ok(self.db.write(key(), move |tx| table::prune(tx, oldest_of_all)).await?)
    }
}

fn key() -> u64 {
    shard(0, "\0exports")
}

/// The files of one hour that are under way, by app.
struct Files(BTreeMap<i64, files::Builder>);

impl Files {
    fn new(data: &Path, apps: &[Arc<App>], kind: Kind, hour: i64) -> Files {
        let builder = |it: &Arc<App>| (it.id.into(), files::Builder::new(data, it, kind, hour));
        Files(apps.iter().map(builder).collect())
    }

    /// Adds a message of an app that waits for the hour.
    fn add(&mut self, app: i64, time: i64, seq: i64, line: String) {
        if let Some(it) = self.0.get_mut(&app) {
            it.add(time, seq, line);
        }
    }

    /// Writes parts out until the rest fits into memory.
    async fn make_room(&mut self) -> Result<(), Error> {
        while self.0.values().map(files::Builder::bytes).sum::<usize>() > BUFFER_BYTES_MAX {
            let Some(largest) = self.0.values_mut().max_by_key(|it| it.bytes()) else { break };
            largest.finish_part().await?;
        }
        Ok(())
    }
}
