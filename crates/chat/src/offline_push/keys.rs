//! The keys that an app shows to push services. They are secrets of the server, beside the settings, so that no list
//! of settings shows them.

use store::{Db, StoreError, secrets};

use super::Channel;

/// Longest key or account that is kept. Bytes.
pub const KEY_BYTES_MAX: usize = 16 * 1024;

/// The keys of all apps.
#[derive(Clone)]
pub struct Keys(Db);

fn name(app: u32, channel: Channel) -> String {
    format!("push.{}.{app}", channel.name())
}

impl Keys {
    pub fn of(db: &Db) -> Keys {
        Keys(db.clone())
    }

    /// The key of an app for a service, if it has one.
    pub async fn get(&self, app: u32, channel: Channel) -> Result<Option<String>, StoreError> {
        self.0.read(move |tx| secrets::get(tx, &name(app, channel))).await
    }

    /// Sets the key, or removes it.
    pub async fn set(&self, app: u32, channel: Channel, key: Option<String>) -> Result<(), StoreError> {
        let done = self.0.write(0, move |tx| match &key {
            Some(key) => secrets::set(tx, &name(app, channel), key),
            None => secrets::remove(tx, &name(app, channel)),
        });
        done.await
    }
}
