//! The apps of this server: settings, keys, and what is kept in memory for each.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, atomic::AtomicI64, atomic::Ordering},
};

use arc_swap::ArcSwap;
use proto::{
    Code, Fail,
    usersig::{Credentials, PublicKey},
};
use serde_json::Value;
use store::{StoreError, Tx};

use crate::{
    Chat,
    accounts::AccountCache,
    conversations::Kept,
    error::Error,
    groups::{Groups, PRIORITIES},
    language::Asked,
    limits::{Bucket, PerMinute, PerSecond},
    live::Live,
    messages::{Routes, UnreadCounts},
    offline_push::{AppPushes, Channels},
    settings::Settings,
    signatures::Signatures,
    sources::Network,
    statistics::Statistics,
    webhooks::{AppHooks, Hooks},
    zone::Zone,
};

/// One app: an SDKAppID with everything that is isolated by it.
pub struct App {
    pub id: u32,
    state: ArcSwap<State>,
    /// One bucket for each REST command, in the order of the command table.
    buckets: OnceLock<Box<[Bucket]>>,
    /// All REST calls together.
    pub total: Bucket,
    pub signatures: Signatures,
    pub accounts: AccountCache,
    pub(crate) routes: Routes,
    pub(crate) unread: UnreadCounts,
    pub(crate) lists: Kept,
    pub(crate) groups: Groups,
    /// Against too many friend requests, and too many removals of friends.
    pub(crate) friend_pace: PerMinute,
    pub(crate) unfriend_pace: PerMinute,
    /// Against too many changes of one message's extensions.
    pub(crate) extension_pace: PerMinute,
    /// Against too many searches of one user.
    pub(crate) search_pace: PerSecond,
    /// Against too many logins of one user.
    pub(crate) login_pace: PerMinute,
    pub live: Live,
    pub(crate) statistics: Statistics,
    pub hooks: AppHooks,
    pub pushes: AppPushes,
    pub(crate) asked: Asked,
}

/// Settings with what is derived from them once.
pub struct State {
    pub settings: Settings,
    pub credentials: Credentials,
    pub sources: Vec<Network>,
    /// Of days and hours in the operations data.
    pub zone: Zone,
    /// The webhooks that are on.
    pub hooks: Hooks,
    /// The push services that are on.
    pub channels: Channels,
    /// Grows with each change; part of the key of cached decisions.
    pub version: i64,
}

impl State {
    pub fn new(settings: Settings, version: i64) -> State {
        let credentials = Credentials {
            hmac_secrets: settings.app_hmac_secrets.clone(),
            public_keys: settings
                .app_public_keys
                .iter()
                .filter_map(|it| PublicKey::from_pem(it).ok())
                .collect(),
        };
        let sources = settings.app_rest_ip_allow.iter().filter_map(|it| Network::parse(it)).collect();
        let zone = Zone::parse(&settings.operations_timezone).unwrap_or(Zone::UTC);
        let hooks = Hooks::of(&settings);
        let channels = Channels::of(&settings);
        State { settings, credentials, sources, zone, hooks, channels, version }
    }
}

impl App {
    /// Group messages that the rate limit dropped since the start, by `MsgPriority`: high, normal, low, lowest.
    pub fn dropped_group_messages(&self) -> [u64; PRIORITIES] {
        self.groups.dropped()
    }

    fn new(id: u32, state: State) -> App {
        App {
            id,
            state: ArcSwap::from_pointee(state),
            buckets: OnceLock::new(),
            total: Bucket::default(),
            signatures: Signatures::default(),
            accounts: AccountCache::default(),
            routes: Routes::default(),
            unread: UnreadCounts::default(),
            lists: Kept::default(),
            groups: Groups::default(),
            friend_pace: PerMinute::default(),
            unfriend_pace: PerMinute::default(),
            extension_pace: PerMinute::default(),
            search_pace: PerSecond::default(),
            login_pace: PerMinute::default(),
            live: Live::default(),
            statistics: Statistics::default(),
            hooks: AppHooks::default(),
            pushes: AppPushes::default(),
            asked: Asked::default(),
        }
    }

    pub fn state(&self) -> arc_swap::Guard<Arc<State>> {
        self.state.load()
    }

    pub fn is_admin(&self, user: &str) -> bool {
        self.state().settings.app_admins.iter().any(|it| it == user)
    }

    /// The bucket of the command at `index` of a table of `commands`.
    pub fn bucket(&self, index: usize, commands: usize) -> Option<&Bucket> {
        self.buckets.get_or_init(|| (0..commands).map(|_| Bucket::default()).collect()).get(index)
    }
}

/// All apps by id. Read on every request, changed rarely.
#[derive(Default)]
pub struct Apps {
    map: ArcSwap<HashMap<u32, Arc<App>>>,
    /// Version of the apps table that the map shows.
    seen: AtomicI64,
}

impl Apps {
    pub fn get(&self, id: u32) -> Option<Arc<App>> {
        self.map.load().get(&id).cloned()
    }

    pub fn all(&self) -> Vec<Arc<App>> {
        self.map.load().values().cloned().collect()
    }

    /// The version of the apps table that is in force.
    pub fn version(&self) -> i64 {
        self.seen.load(Ordering::Acquire)
    }
}

impl Chat {
    /// Reads the apps again if another process, or this one, changed them. Says whether anything was new.
    pub async fn refresh_apps(&self) -> Result<bool, StoreError> {
        let seen = self.apps.version();
        let read = self.db.read(move |tx| {
            let version = store::apps::version(tx)?;
            if version == seen {
                return Ok(None);
            }
            Ok::<_, StoreError>(Some((version, store::apps::all(tx)?)))
        });
        let Some((version, rows)) = read.await? else { return Ok(false) };
        let old = self.apps.map.load_full();
        let mut map = HashMap::with_capacity(rows.len());
        for row in rows {
            let settings = match Settings::from_json(&row.settings) {
                Ok(it) => it,
                Err(error) => {
                    tracing::error!(app = row.sdkappid, %error, "the stored settings of an app cannot be read");
                    if let Some(app) = old.get(&row.sdkappid) {
                        map.insert(row.sdkappid, app.clone());
                    }
                    continue;
                }
            };
            let app = match old.get(&row.sdkappid) {
                Some(app) if app.state().settings == settings => app.clone(),
                Some(app) => {
                    app.state.store(Arc::new(State::new(settings, version)));
                    app.clone()
                }
                None => Arc::new(App::new(row.sdkappid, State::new(settings, version))),
            };
            map.insert(row.sdkappid, app);
        }
        self.apps.map.store(Arc::new(map));
        self.apps.seen.store(version, Ordering::Release);
        Ok(true)
    }

    /// Makes an app with its administrators' accounts.
    pub fn create_app(
        &self,
        id: u32,
        settings: Settings,
    ) -> impl Future<Output = Result<(), Error>> + Send + '_ {
        // What waits holds these two; all settings together would make it long.
        let (stored, admins) = (Value::Object(settings.changed()).to_string(), settings.app_admins);
        async move {
            if id == 0 {
                return Err(Fail::with(Code::BadAppId, "an SDKAppID is a number from 1 to 4294967295").into());
            }
            let now = self.clock.now();
            let made = self.db.write(0, move |tx| {
                if !store::apps::insert(tx, id, &stored, now)? {
                    return Err(Error::from(Fail::with(
                        Code::BadAppId,
                        format!("the app {id} exists already"),
                    )));
                }
                admins.iter().try_for_each(|it| store::accounts::insert(tx, id, it, now, 0).map(drop))?;
                Ok(())
            });
            made.await?;
            self.refresh_apps().await?;
            Ok(())
        }
    }

    /// Puts a new secret key in front. The older ones stay valid, or are dropped; gives how many are valid.
    pub async fn rotate_key(&self, id: u32, key: Option<String>, drop_old: bool) -> Result<usize, Error> {
        let key = key.unwrap_or_else(|| self.random.secret());
        self.change_keys(id, move |keys| {
            if drop_old {
                keys.clear();
            }
            keys.insert(0, key);
        })
        .await
    }

    /// Makes every key but the newest invalid; gives how many are valid.
    pub async fn drop_old_keys(&self, id: u32) -> Result<usize, Error> {
        self.change_keys(id, |keys| keys.truncate(1)).await
    }

    async fn change_keys(
        &self,
        id: u32,
        change: impl FnOnce(&mut Vec<String>) + Send + 'static,
    ) -> Result<usize, Error> {
        let changed = self.edit_settings(id, move |_, settings| {
            let mut keys = settings.app_hmac_secrets.clone();
            change(&mut keys);
            let count = keys.len();
            settings.set("app.hmac_secrets", keys.into()).map_err(bad_setting)?;
            Ok(count)
        });
        changed.await
    }

    /// Changes settings of an app, all of them or none; new administrators get their accounts.
    pub async fn change_app(&self, id: u32, changes: Vec<(String, Value)>) -> Result<(), Error> {
        let now = self.clock.now();
        let changed = self.edit_settings(id, move |tx, settings| {
            for (key, value) in changes {
                settings.set(&key, value).map_err(bad_setting)?;
            }
            let admins = &settings.app_admins;
            admins.iter().try_for_each(|it| store::accounts::insert(tx, id, it, now, 0).map(drop))?;
            Ok(())
        });
        changed.await
    }

    /// Changes the settings of an app in one transaction, and has them count.
    async fn edit_settings<T: Send + 'static>(
        &self,
        id: u32,
        edit: impl FnOnce(&mut dyn Tx, &mut Settings) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let edited = self.db.write(0, move |tx| {
            let unknown = || Error::from(Fail::with(Code::NoSuchApp, format!("there is no app {id}")));
            let stored = store::apps::get(tx, id)?.ok_or_else(unknown)?;
            let mut settings = Settings::from_json(&stored).map_err(bad_setting)?;
            let out = edit(tx, &mut settings)?;
            store::apps::set_settings(tx, id, &Value::Object(settings.changed()).to_string())?;
            Ok::<_, Error>(out)
        });
        let out = edited.await?;
        self.refresh_apps().await?;
        Ok(out)
    }
}

fn bad_setting(why: String) -> Error {
    Fail::with(Code::BadAppId, why).into()
}
