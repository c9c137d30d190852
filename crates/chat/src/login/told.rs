//! What an app's backend is told of sessions. `spec/webhooks/State.StateChange.yaml`

use std::net::IpAddr;

use proto::platform::Platform;
use store::{Tx, sessions as table};

use crate::{
    Chat,
    apps::App,
    error::Error,
    webhooks::{Hook, KickedDevice, Line, Origin, StateChange, StateInfo, tell_from},
};

/// What happened to a session.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Login,
    Logout,
    /// The connection ended without a goodbye.
    Lost,
    /// Nothing was heard of a native client for too long.
    Silent,
}

impl Change {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Change::Login => ("Login", "Register"),
            Change::Logout => ("Logout", "Unregister"),
            Change::Lost => ("Disconnect", "LinkClose"),
            Change::Silent => ("Disconnect", "TimeOut"),
        }
    }
}

/// Tells of one instance of a user; `kicked` are the platforms of others that its login pushed out.
pub(super) fn tell(
    tx: &mut dyn Tx,
    at: (&Chat, &App),
    (user, platform, ip): (&str, Platform, Option<IpAddr>),
    change: Change,
    kicked: &[Platform],
) -> Result<(), Error> {
    let origin = Origin { ip, platform: platform.webhook_query_name() };
    let (action, reason) = change.words();
    tell_from(tx, at, origin, Hook::StateStateChange, Line::User(user), |_| {
        Ok(StateChange {
            event_time: at.0.clock.millis(),
            info: StateInfo { action, user, reason, custom_status: None },
            kicked: kicked.iter().map(|it| KickedDevice { platform: it.webhook_name() }).collect(),
        })
    })
}

/// Whoever was connected when the server ended without a goodbye has lost the connection.
pub(super) fn tell_left_behind(tx: &mut dyn Tx, chat: &Chat, app: &App) -> Result<(), Error> {
    if !app.state().hooks.has(Hook::StateStateChange) {
        return Ok(());
    }
    for it in table::attached(tx, app.id)? {
        let platform = Platform::from_number(it.platform);
        tell(tx, (chat, app), (&it.user, platform, None), Change::Lost, &[])?;
    }
    Ok(())
}
