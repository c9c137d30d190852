//! Accounts: import, look-up, deletion. `spec/concepts/accounts-and-status.md` 1–3.

use std::sync::Arc;

use proto::{Code, Fail, user_id};
use quick_cache::sync::Cache;
use store::{StoreError, Tx, accounts as rows};

use crate::{
    Chat, Cx, apps::App, error::Error, login, profiles, relations, settings::Settings, shard,
    statistics::Event,
};

/// Accounts whose hot facts are kept in memory, per app.
const CACHED_MAX: usize = 100_000;
/// Most bytes of a nickname or an avatar's address. `spec/concepts/profiles.md` 1.
pub const NICK_BYTES_MAX: usize = 500;
/// TinyIds start above this, in the range that the vendor's clients know.
const TINY_BASE: i64 = 144_115_000_000_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// What every message needs to know of its sender and receiver.
pub struct Account {
    /// The account's TinyId as it goes over the wire.
    pub tiny_id: Arc<str>,
    /// JSON literals of the current nickname and avatar; empty when unset.
    pub nick: String,
    pub face: String,
    /// Until which second the user may not send one-to-one messages, and group messages.
    pub muted_until: (i64, i64),
    /// A robot that was deleted: its messages and messages to it fail as if it were no account.
    pub is_retired: bool,
}

pub fn tiny_id(tiny: i64) -> String {
    (TINY_BASE + tiny).to_string()
}

/// The number of which a TinyId is made.
pub(crate) fn tiny_number(tiny_id: &str) -> i64 {
    tiny_id.parse::<i64>().map_or(0, |it| it - TINY_BASE)
}

pub struct AccountCache(Cache<String, Arc<Account>>);

impl Default for AccountCache {
    fn default() -> AccountCache {
        AccountCache(Cache::new(CACHED_MAX))
    }
}

impl AccountCache {
    /// Called after the commit of whatever changed the account.
    pub(crate) fn forget(&self, user: &str) {
        self.0.remove(user);
    }
}

/// The account of this id, or `None`.
pub async fn find(cx: &Cx, user: &str) -> Result<Option<Arc<Account>>, Error> {
    if let Some(it) = cx.app.accounts.0.get(user) {
        return Ok(Some(it));
    }
    let (app, name) = (cx.app.id, user.to_owned());
    let load = async {
        let read = cx.chat.db.read(move |tx| load(tx, app, &name));
        read.await.map_err(Some)?.map(Arc::new).ok_or(None::<StoreError>)
    };
    match cx.app.accounts.0.get_or_insert_async(user, load).await {
        Ok(it) => Ok(Some(it)),
        Err(None) => Ok(None),
        Err(Some(error)) => Err(error.into()),
    }
}

/// The account of this id, unless it is a robot that was deleted: somebody to write to, or in whose name.
pub async fn find_active(cx: &Cx, user: &str) -> Result<Option<Arc<Account>>, Error> {
    Ok(find(cx, user).await?.filter(|it| !it.is_retired))
}

/// TinyId of an account, empty for an id that is none (any more).
pub(crate) async fn tiny_of(cx: &Cx, user: &str) -> Result<String, Error> {
    Ok(find(cx, user).await?.map_or_else(String::new, |it| it.tiny_id.to_string()))
}

fn load(tx: &mut dyn Tx, app: u32, user: &str) -> Result<Option<Account>, StoreError> {
    let Some(row) = rows::get(tx, app, user)? else { return Ok(None) };
    let mut account = Account {
        tiny_id: tiny_id(row.tiny).into(),
        nick: String::new(),
        face: String::new(),
        muted_until: (row.c2c_muted_until, row.group_muted_until),
        is_retired: user_id::is_robot(user) && store::robots::is_valid(tx, app, user)? != Some(true),
    };
    for (tag, value) in store::profiles::all(tx, app, user)? {
        match tag.as_str() {
            profiles::NICK => account.nick = value,
            profiles::FACE => account.face = value,
            _ => {}
        }
    }
    Ok(Some(account))
}

/// One account to import; absent fields stay as they are.
#[derive(Debug)]
pub struct Import {
    pub user: String,
    pub nick: Option<String>,
    pub face: Option<String>,
}

impl Import {
    fn check(&self) -> Result<(), Error> {
        if user_id::check(&self.user).is_err() {
            return Err(Fail::with(Code::AccountParam, "UserID is invalid").into());
        }
        for (name, value) in [("Nick", &self.nick), ("FaceUrl", &self.face)] {
            if value.as_ref().is_some_and(|it| it.len() > NICK_BYTES_MAX) {
                let info = format!("{name} is longer than {NICK_BYTES_MAX} bytes");
                return Err(Fail::with(Code::ProfileTooLong, info).into());
            }
        }
        Ok(())
    }

    /// The profile fields that are given.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let nick = self.nick.as_ref().map(|it| (profiles::NICK, proto::json::quote(it)));
        let face = self.face.as_ref().map(|it| (profiles::FACE, proto::json::quote(it)));
        nick.into_iter().chain(face).collect()
    }
}

/// Imports an account or, when it is there, overwrites the fields given.
pub async fn import(cx: &Cx, import: Import) -> Result<(), Error> {
    import.check()?;
    let state = cx.app.state();
    let (app, now, settings) = (cx.app.clone(), cx.chat.clock.now(), state.settings.clone());
    let (user, fields) = (import.user.clone(), import.fields());
    let key = shard(app.id, &user);
    let changed = fields.clone();
    let done = cx.chat.db.write(key, move |tx| {
        let new = create(tx, app.id, &user, now, &settings)?;
        fields.iter().try_for_each(|(tag, value)| profiles::put(tx, app.id, &user, tag, value))?;
        Ok::<_, Error>(new)
    });
    let new = done.await?;
    cx.app.accounts.forget(&import.user);
    cx.app.count(now, Event::AccountMade, usize::from(new));
    if !new && !changed.is_empty() {
        profiles::announce(&cx.chat, &cx.app, &import.user, None, &changed).await;
    }
    Ok(())
}

/// Makes the account unless it is there. Says whether it is new. Refused by the app's quota (70398) and while
/// a deleted id is blocked (70399).
pub(crate) fn create(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    now: i64,
    settings: &Settings,
) -> Result<bool, Error> {
    if rows::get(tx, app, user)?.is_some() {
        return Ok(false);
    }
    let deleted_at = rows::deleted_at(tx, app, user)?;
    let blocked_for = settings.accounts_reimport_block_days * SECONDS_PER_DAY;
    if deleted_at.is_some_and(|it| now < it + blocked_for) {
        return Err(Code::ReimportBlocked.into());
    }
    if settings.accounts_max > 0 && rows::count(tx, app)? >= settings.accounts_max {
        return Err(Code::AccountQuota.into());
    }
    Ok(rows::insert(tx, app, user, now, deleted_at.unwrap_or(0))?)
}

/// Which of these ids are accounts, in their order.
pub async fn check(cx: &Cx, users: Vec<String>) -> Result<Vec<bool>, Error> {
    let app = cx.app.id;
    let read = cx.chat.db.read(move |tx| {
        users.iter().map(|it| Ok(rows::get(tx, app, it)?.is_some())).collect::<Result<Vec<_>, StoreError>>()
    });
    Ok(read.await?)
}

/// User ids after `after`, in byte order.
pub async fn list(chat: &Chat, app: &App, after: String, limit: u32) -> Result<Vec<String>, Error> {
    let app = app.id;
    Ok(chat.db.read(move |tx| rows::list(tx, app, &after, limit.into())).await?)
}

/// Deletes an account with all that is its own, and ends its sessions. Messages stay with the peers.
pub async fn delete(cx: &Cx, user: &str) -> Result<(), Error> {
    let state = cx.app.state();
    if state.settings.app_admins.iter().any(|it| it == user) || user_id::is_robot(user) {
        return Err(Fail::with(Code::AccountParam, "administrators and robots cannot be deleted so").into());
    }
    if !state.settings.accounts_allow_delete {
        return Err(Code::DeleteForbidden.into());
    }
    let (app, name, now): (Arc<App>, _, _) = (cx.app.clone(), user.to_owned(), cx.chat.clock.now());
    let after = (app.clone(), name.clone());
    // Under the key of relations, which go too; a login at the same time holds the account's row.
    let done = cx.chat.db.write_then(
        relations::key(app.id),
        move |tx| {
            if !rows::delete(tx, app.id, &name, now)? {
                return Err(Error::from(Code::AccountUnknown));
            }
            Ok(login::end_all(tx, app.id, &name, login::End::KickedByRest, now)?)
        },
        move |ended| {
            let (app, name) = after;
            app.accounts.forget(&name);
            app.routes.clear();
            app.groups.forget_all();
            app.count(now, Event::AccountDeleted, 1);
            login::tell_ended(&app, ended, login::End::KickedByRest);
        },
    );
    done.await?;
    Ok(())
}
