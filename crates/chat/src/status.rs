//! The status that users see of one another: a number and a text of their own; who is told of it.
//! `spec/concepts/accounts-and-status.md` 5 and 6.
//!
//! A change is not told where it happens: [`changed`] notes the user, and a loop reads what the status is by
//! then and tells those who watch. So a login does not wait for a hundred thousand friends, and of two quick
//! changes the second is what is told last.

mod absences;
mod announcements;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use proto::{Code, Fail, json::quote, user_id};
use store::{StoreError, Tx, accounts as rows, sessions, subscriptions as table};

use crate::{
    Chat, Cx,
    apps::App,
    error::Error,
    live::Push,
    shard,
    webhooks::{Hook, Line, StateChange, StateInfo, tell},
};

pub(crate) use absences::Absences;
pub(crate) use announcements::Announcements;

/// Most bytes of a custom status.
pub const CUSTOM_BYTES_MAX: usize = 100;

/// What others see of a user. The numbers are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Status {
    Online = 1,
    /// The last connection was lost without a goodbye.
    Away = 2,
    /// Never logged in, logged out or kicked by REST.
    LoggedOut = 3,
}

/// The status of a user with the text that it set for itself, empty when there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub status: Status,
    pub custom: String,
}

impl Shown {
    /// The custom status as it is sent to clients: BASE64.
    pub fn encoded(&self) -> String {
        encode(&self.custom)
    }

    fn push(&self, user: &str) -> Push {
        Push::events(&format!(
            "{{\"Event\":15,\"UserStatusList\":[{{\"To_Account\":{},\"Status\":{},\"CustomStatus\":\"{}\"}}]}}",
            quote(user),
            self.status as i64,
            self.encoded()
        ))
    }
}

fn encode(custom: &str) -> String {
    STANDARD.encode(custom)
}

/// What is to be seen of a user now; `None` for an id that is no account.
fn shown(tx: &mut dyn Tx, app: &App, user: &str) -> Result<Option<Shown>, StoreError> {
    let Some(account) = rows::get(tx, app.id, user)? else { return Ok(None) };
    let custom = rows::custom_status(tx, app.id, user)?.unwrap_or_default();
    let status = if user_id::is_robot(user) || app.live.is_online(user) {
        Status::Online
    } else if sessions::left_silently(tx, app.id, user, account.valid_from)? {
        Status::Away
    } else {
        Status::LoggedOut
    };
    Ok(Some(Shown { status, custom }))
}

fn must_be_on(cx: &Cx) -> Result<(), Error> {
    if cx.app.state().settings.status_enabled { Ok(()) } else { Err(Code::StatusOff.into()) }
}

/// The status of each user, `None` for ids that are no account.
pub async fn of(cx: &Cx, users: Vec<String>) -> Result<Vec<Option<Shown>>, Error> {
    must_be_on(cx)?;
    let app = cx.app.clone();
    let read = cx
        .chat
        .db
        .read(move |tx| users.iter().map(|it| shown(tx, &app, it)).collect::<Result<Vec<_>, StoreError>>());
    Ok(read.await?)
}

/// A user's own custom status as it is sent to clients.
pub async fn own_custom(cx: &Cx, user: &str) -> Result<String, Error> {
    let (app, name) = (cx.app.id, user.to_owned());
    let read = cx.chat.db.read(move |tx| rows::custom_status(tx, app, &name));
    Ok(encode(&read.await?.unwrap_or_default()))
}

/// Sets the caller's own custom status, or clears it with an empty text.
pub async fn set_custom(cx: &Cx, custom: String) -> Result<(), Error> {
    if custom.len() > CUSTOM_BYTES_MAX || custom.contains('\0') {
        let info = format!("CustomStatus must have at most {CUSTOM_BYTES_MAX} bytes, none of them 0");
        return Err(Fail::with(Code::AccountParam, info).into());
    }
    let (at, app, user) = (cx.clone(), cx.app.clone(), cx.caller.user().to_owned());
    let (name, in_tx) = (user.clone(), cx.clone());
    let done = cx.chat.db.write_then(
        shard(app.id, &user),
        move |tx| {
            if !rows::set_custom_status(tx, app.id, &name, &custom)? {
                return Ok(None);
            }
            tell(tx, &in_tx, Hook::StateStateChange, Line::User(&name), |_| {
                let (action, reason) = ("CustomStatusChange", "SetCustomStatus");
                Ok(StateChange {
                    event_time: in_tx.chat.clock.millis(),
                    info: StateInfo { action, user: &name, reason, custom_status: Some(&custom) },
                    kicked: Vec::new(),
                })
            })?;
            Ok::<_, Error>(shown(tx, &app, &name)?)
        },
        move |now| {
            let Some(now) = now else { return };
            at.app.live.push(&user, at.caller.instance(), || now.push(&user));
            changed(&at.chat, &at.app, &user);
            watch_absence(&at, &user);
        },
    );
    done.await?;
    Ok(())
}

/// A call need not come over a connection that its session is attached to. Then no end of a connection will
/// end what the call began.
fn watch_absence(cx: &Cx, user: &str) {
    if !cx.app.live.is_online(user) {
        cx.chat.absences.add(&cx.chat, &cx.app, user);
    }
}

/// Subscribes the caller to the status of others; its oldest subscriptions give way. Returns the ids that are
/// no account.
pub async fn subscribe(cx: &Cx, targets: Vec<String>) -> Result<Vec<String>, Error> {
    must_be_on(cx)?;
    let most = usize::try_from(cx.app.state().settings.status_max_subscriptions).unwrap_or(usize::MAX);
    let (at, app, user) = (cx.clone(), cx.app.id, cx.caller.user().to_owned());
    let name = user.clone();
    let done = cx.chat.db.write_then(
        shard(app, &user),
        move |tx| {
            let last = table::of(tx, app, &name)?.last().map_or(0, |it| it.1);
            let mut unknown = Vec::new();
            for (place, target) in (last + 1..).zip(targets) {
                if target == name {
                    continue;
                }
                if rows::get(tx, app, &target)?.is_none() {
                    unknown.push(target);
                    continue;
                }
                table::put(tx, app, &name, &target, place)?;
            }
            let all = table::of(tx, app, &name)?;
            for (target, _) in &all[..all.len().saturating_sub(most)] {
                table::remove(tx, app, &name, target)?;
            }
            Ok::<_, Error>(unknown)
        },
        move |_| watch_absence(&at, &user),
    );
    done.await
}

/// Ends subscriptions of the caller, all of them without a list.
pub async fn unsubscribe(cx: &Cx, targets: Option<Vec<String>>) -> Result<(), Error> {
    must_be_on(cx)?;
    let (app, user) = (cx.app.id, cx.caller.user().to_owned());
    let done = cx.chat.db.write(shard(app, &user), move |tx| {
        match targets {
            None => drop(table::remove_all(tx, app, &user)?),
            Some(targets) => targets.iter().try_for_each(|it| table::remove(tx, app, &user, it))?,
        }
        Ok::<_, Error>(())
    });
    done.await
}

/// Notes that the status or the custom status of a user may have changed, so that those who watch are told.
/// Called after the commit.
pub(crate) fn changed(chat: &Chat, app: &App, user: &str) {
    chat.announcements.add(app.id, user);
}

/// A session of the user is not attached any more. `has_any`: there is something that ends with an absence.
/// Called after the commit.
pub(crate) fn left(chat: &Chat, app: &App, user: &str, has_any: bool) {
    if app.live.is_online(user) {
        return;
    }
    changed(chat, app, user);
    if has_any {
        chat.absences.add(chat, app, user);
    }
}

/// Whether the user has a custom status or a subscription.
pub(crate) fn has_any(tx: &mut dyn Tx, app: u32, user: &str) -> Result<bool, StoreError> {
    let custom = rows::custom_status(tx, app, user)?;
    Ok(custom.is_some_and(|it| !it.is_empty()) || table::has_any(tx, app, user)?)
}

/// Ends custom status and subscriptions. Says whether others have to be told.
pub(crate) fn clear(tx: &mut dyn Tx, app: u32, user: &str) -> Result<bool, StoreError> {
    table::remove_all(tx, app, user)?;
    rows::set_custom_status(tx, app, user, "")
}

impl Chat {
    /// Tells changes of status as they come; never returns.
    pub async fn tell_statuses(&self) {
        self.announcements.serve(self).await;
    }

    /// Tells the changes of status that wait.
    pub async fn tell_waiting_statuses(&self) {
        self.announcements.tell_waiting(self).await;
    }

    /// Ends custom status and subscriptions of users who have been away for long enough. Called every second.
    pub async fn end_absences(self: &Arc<Chat>) -> Result<(), Error> {
        absences::end(self).await
    }
}
