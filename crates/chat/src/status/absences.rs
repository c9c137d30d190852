//! Users who are away and have something that ends with an absence: a custom status, or subscriptions.
//!
//! They wait in memory for the end of their time of grace. What is in memory only says whom to look at:
//! whether they have been away for long enough is decided from the store. Where some could not be kept, and after a
//! start, they are looked for in the store.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Mutex},
};

use store::{Pending, StoreError, Tx, accounts as rows, sessions, subscriptions as table};

use crate::{Chat, apps::App, error::Error, shard};

/// Users that wait; those over it are looked for when half of them are through.
const WAITING_MAX: usize = 100_000;
/// Absences looked at in one call.
const DUE_MAX: usize = 5_000;
/// Users read in one step.
const STEP: i64 = 1000;

#[derive(Default)]
pub(crate) struct Absences(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// When to look at whom, the first at the top.
    due: BinaryHeap<Reverse<(i64, u32, String)>>,
    /// There may be users in the store who do not wait here.
    is_incomplete: bool,
}

impl Waiting {
    fn add(&mut self, at: i64, app: u32, user: &str) {
        if self.due.len() >= WAITING_MAX {
            self.is_incomplete = true;
            return;
        }
        self.due.push(Reverse((at, app, user.to_owned())));
    }

    fn take(&mut self, now: i64, most: usize) -> Vec<(u32, String)> {
        let mut taken = Vec::new();
        while taken.len() < most && self.due.peek().is_some_and(|it| it.0.0 <= now) {
            taken.extend(self.due.pop().map(|Reverse((_, app, user))| (app, user)));
        }
        taken
    }
}

impl Absences {
    /// Looks at the user when the time of grace from now is over.
    pub(super) fn add(&self, chat: &Chat, app: &App, user: &str) {
        self.add_at(chat.clock.now() + grace(app), app.id, user);
    }

    fn add_at(&self, at: i64, app: u32, user: &str) {
        self.0.lock().expect("no holder panics").add(at, app, user);
    }

    /// The store may know of users that do not wait here, as after a start.
    pub(crate) fn look_in_store(&self) {
        self.0.lock().expect("no holder panics").is_incomplete = true;
    }

    /// Whether to look in the store now; then that is on the way.
    fn begin_search(&self) -> bool {
        let mut waiting = self.0.lock().expect("no holder panics");
        let wanted = waiting.is_incomplete && waiting.due.len() <= WAITING_MAX / 2;
        waiting.is_incomplete &= !wanted;
        wanted
    }
}

fn grace(app: &App) -> i64 {
    app.state().settings.status_offline_grace_seconds
}

pub(super) async fn end(chat: &Arc<Chat>) -> Result<(), Error> {
    if chat.absences.begin_search() {
        search(chat).await.inspect_err(|_| chat.absences.look_in_store())?;
    }
    let due = chat.absences.0.lock().expect("no holder panics").take(chat.clock.now(), DUE_MAX);
    // All are queued before the first is waited for, so that they share commits.
    let mut ends = Vec::with_capacity(due.len());
    for (app, user) in due {
        if let Some(app) = chat.apps.get(app) {
            ends.push(end_one(chat, &app, user));
        }
    }
    for it in ends {
        it.await.inspect_err(|_| chat.absences.look_in_store())?;
    }
    Ok(())
}

/// Finds those who are away in the store.
async fn search(chat: &Chat) -> Result<(), Error> {
    type Read = fn(&mut dyn Tx, u32, &str, i64) -> Result<Vec<String>, StoreError>;
    let now = chat.clock.now();
    for app in chat.apps.all() {
        for read in [rows::with_custom_status as Read, table::subscribers as Read] {
            let (id, mut after) = (app.id, String::new());
            loop {
                let from = after;
                let step = chat.db.read(move |tx| read(tx, id, &from, STEP)).await?;
                let away = step.iter().filter(|it| !app.live.is_online(it));
                away.for_each(|it| chat.absences.add_at(now, id, it));
                match step.last() {
                    Some(last) if step.len() as i64 == STEP => after = last.clone(),
                    _ => break,
                }
            }
        }
    }
    Ok(())
}

/// What became of an absence.
enum Outcome {
    /// The user is back, or gone; another absence is noted when it begins.
    Over,
    /// It began later than was thought.
    LastsUntil(i64),
    /// What ends with it has ended; `true` when others have to be told.
    Ended(bool),
}

fn end_one(chat: &Arc<Chat>, app: &Arc<App>, user: String) -> Pending<Outcome, Error> {
    let (now, name, at) = (chat.clock.now(), user.clone(), app.clone());
    let (chat_at_end, app_at_end) = (chat.clone(), app.clone());
    chat.db.write_then(
        shard(app.id, &user),
        move |tx| {
            let Some(account) = rows::get(tx, at.id, &name)? else { return Ok(Outcome::Over) };
            // A login may be on its way to being attached, so both the store and memory are asked.
            if at.live.is_online(&name) || sessions::is_attached(tx, at.id, &name)? {
                return Ok(Outcome::Over);
            }
            let until = account.seen_at + grace(&at);
            if until > now {
                return Ok(Outcome::LastsUntil(until));
            }
            Ok(Outcome::Ended(super::clear(tx, at.id, &name)?))
        },
        move |outcome| match outcome {
            Outcome::LastsUntil(until) => chat_at_end.absences.add_at(*until, app_at_end.id, &user),
            Outcome::Ended(true) => super::changed(&chat_at_end, &app_at_end, &user),
            Outcome::Ended(false) | Outcome::Over => {}
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_taken_when_their_time_has_come() {
        let mut waiting = Waiting::default();
        for (at, user) in [(30, "c"), (10, "a"), (20, "b")] {
            waiting.add(at, 1, user);
        }
        let names = |it: Vec<(u32, String)>| it.into_iter().map(|it| it.1).collect::<Vec<_>>();
        assert_eq!(names(waiting.take(9, 10)), Vec::<String>::new());
        assert_eq!(names(waiting.take(20, 10)), ["a", "b"]);
        assert_eq!(names(waiting.take(20, 10)), Vec::<String>::new());
        assert_eq!(names(waiting.take(99, 0)), Vec::<String>::new());
        assert_eq!(names(waiting.take(99, 1)), ["c"]);
    }

    #[test]
    fn users_over_the_bound_are_looked_for_later() {
        let absences = Absences::default();
        for n in 0..WAITING_MAX + 1 {
            absences.add_at(0, 1, &n.to_string());
        }
        assert!(!absences.begin_search(), "there is no room yet");
        absences.0.lock().unwrap().take(0, WAITING_MAX / 2);
        assert!(absences.begin_search());
        assert!(!absences.begin_search(), "it is looked for once");
    }
}
