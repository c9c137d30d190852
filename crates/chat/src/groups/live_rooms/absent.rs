//! Who of a live room has been without a connection for some time, and who is back: told to the app's backend.
//! `spec/webhooks/Group.CallbackOnMemberStateChange.yaml`

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use store::{Tx, group_members as members, live_rooms as table};

use super::{
    super::{backend, key},
    marks::{STAYS, STAYS_SECONDS},
};
use crate::{Chat, apps::App, error::Error, webhooks::Hook};

/// How long somebody may be without a connection before it is told. Seconds.
const UNNOTICED_SECONDS: i64 = 20;
/// Users that are remembered as absent; of those beyond it nothing is told.
const ABSENT_MAX: usize = 200_000;

struct Absence {
    since: i64,
    /// Whether the backend knows of it.
    is_told: bool,
}

/// Users without a connection whose last one ended while the webhook was on, by app and name.
#[derive(Default)]
pub(crate) struct Absent(Mutex<HashMap<(u32, Arc<str>), Absence>>);

impl Absent {
    pub(super) fn note(&self, app: &App, user: &Arc<str>, now: i64) {
        if !app.state().hooks.has(Hook::GroupCallbackOnMemberStateChange) {
            return;
        }
        let mut absent = self.0.lock().expect("no holder panics");
        if absent.len() < ABSENT_MAX {
            absent.insert((app.id, user.clone()), Absence { since: now, is_told: false });
        }
    }

    /// Those who are absent for so long that it is to be told, each once.
    fn due(&self, now: i64) -> Vec<(u32, Arc<str>)> {
        let mut absent = self.0.lock().expect("no holder panics");
        let is_due = |it: &Absence| !it.is_told && it.since + UNNOTICED_SECONDS < now;
        let due = absent.iter_mut().filter(|it| is_due(it.1));
        due.map(|(who, it)| {
            it.is_told = true;
            who.clone()
        })
        .collect()
    }

    /// The user is back, or has left. Says whether the backend knew of the absence.
    pub(super) fn forget(&self, app: u32, user: &str) -> bool {
        let mut absent = self.0.lock().expect("no holder panics");
        !absent.is_empty() && absent.remove(&(app, user.into())).is_some_and(|it| it.is_told)
    }
}

impl Chat {
    /// Tells of those who have been away for some time.
    pub(super) async fn tell_absent(self: &Arc<Self>, now: i64) -> Result<(), Error> {
        for (app, user) in self.absent.due(now) {
            let Some(app) = self.apps.get(app) else { continue };
            match app.live.is_online(&user) {
                true => drop(self.absent.forget(app.id, &user)),
                false => tell(self, &app, &user, false).await?,
            }
        }
        Ok(())
    }
}

/// The user has a connection again, the first one.
pub(crate) async fn returned(chat: &Arc<Chat>, app: &Arc<App>, user: &str) {
    if chat.absent.forget(app.id, user)
        && let Err(error) = tell(chat, app, user, true).await
    {
        tracing::warn!(%error, "the return of a user to a live room could not be told to the app's backend");
    }
}

/// Tells it of each room that the user is in.
async fn tell(chat: &Arc<Chat>, app: &Arc<App>, user: &str, is_online: bool) -> Result<(), Error> {
    let (id, name) = (app.id, user.to_owned());
    let rooms = chat.db.read(move |tx| table::of_user(tx, id, &name)).await?;
    for (number, group) in rooms {
        let (chat_in, app_in, user) = (chat.clone(), app.clone(), user.to_owned());
        let done = chat.db.write(key(app.id, number), move |tx| match counts(tx, &chat_in, number, &user)? {
            true => backend::state_changed(tx, (&chat_in, &app_in), &group, &user, is_online),
            false => Ok(()),
        });
        done.await?;
    }
    Ok(())
}

/// Whether the user is in the room still, and not counted there without a connection.
fn counts(tx: &mut dyn Tx, chat: &Chat, number: i64, user: &str) -> Result<bool, Error> {
    let staying = table::marked_since(tx, number, STAYS, chat.clock.now() - STAYS_SECONDS)?;
    Ok(members::get(tx, number, user)?.is_some() && !staying.iter().any(|it| it == user))
}
