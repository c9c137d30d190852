//! Who is online where. `spec/concepts/accounts-and-status.md` 5.

use std::collections::HashMap;

use proto::{
    platform::{Class, Platform},
    user_id,
};
use store::{StoreError, among};

use crate::{Cx, error::Error};

const SECONDS_PER_DAY: i64 = 86_400;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Offline,
    PushOnline,
    Online,
}

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Offline => "Offline",
            Status::PushOnline => "PushOnline",
            Status::Online => "Online",
        }
    }
}

/// One instance that is not offline.
pub struct Device {
    /// As `query_online_status` names it.
    pub platform: &'static str,
    pub status: Status,
    pub inst_id: i64,
}

/// The devices of a user; the user's own status is the best of them.
pub struct Presence {
    pub devices: Vec<Device>,
    /// The text that the user set for itself, empty when there is none.
    pub custom: String,
    is_robot: bool,
}

impl Presence {
    pub fn status(&self) -> Status {
        if self.is_robot {
            return Status::Online;
        }
        self.devices.iter().map(|it| it.status).max().unwrap_or(Status::Offline)
    }
}

/// The presence of each account, `None` for ids that are none. Visible at once after the event.
pub async fn of(cx: &Cx, users: Vec<String>) -> Result<Vec<Option<Presence>>, Error> {
    let app = cx.app.clone();
    let push_online = app.state().settings.status_push_online_days * SECONDS_PER_DAY;
    let since = cx.chat.clock.now() - push_online;
    let read = cx.chat.db.read(move |tx| {
        let customs = among::custom_statuses(tx, app.id, &users)?;
        let mut alive: HashMap<String, Vec<among::Alive>> = HashMap::new();
        for it in among::alive(tx, app.id, &users)? {
            alive.entry(it.user.clone()).or_default().push(it);
        }
        let mut out = Vec::with_capacity(users.len());
        for user in &users {
            let Some(custom) = customs.get(user).cloned() else {
                out.push(None);
                continue;
            };
            let attached = app.live.of(user);
            let mut devices: Vec<_> = attached
                .iter()
                .map(|it| Device {
                    platform: it.platform.status_name(),
                    status: Status::Online,
                    inst_id: it.inst_id,
                })
                .collect();
            for it in alive.get(user).into_iter().flatten() {
                let platform = Platform::from_number(it.platform);
                let waits = platform.class() == Class::Mobile && it.detached_at > since;
                if waits && !attached.iter().any(|session| session.inst_id == it.inst_id) {
                    let status = Status::PushOnline;
                    devices.push(Device { platform: platform.status_name(), status, inst_id: it.inst_id });
                }
            }
            out.push(Some(Presence { devices, custom, is_robot: user_id::is_robot(user) }));
        }
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}
