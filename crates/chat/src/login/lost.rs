//! Connections that are lost: their sessions stay, for the client to come back.

use std::{net::IpAddr, sync::Arc};

use proto::platform::Class;
use store::{Pending, accounts as rows, sessions as table};

use super::told::{self, Change};
use crate::{
    Chat,
    apps::App,
    error::Error,
    live::{Outlet, Session},
    shard, status,
};

/// How a connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It was closed, by whichever side, or broke.
    LinkClosed,
    /// Nothing was heard of the client for too long.
    Silence,
}

/// The connection of a session was lost. The session itself goes on.
pub async fn detach(
    chat: &Arc<Chat>,
    app: &Arc<App>,
    session: &Session,
    outlet: &Arc<dyn Outlet>,
    how: Loss,
) -> Result<(), Error> {
    if let Some(noted) = lose(chat, app, session, outlet, how) {
        noted.await?;
    }
    Ok(())
}

/// [`detach`], without waiting until the loss is noted in the store: that is queued when this returns. `None` when the
/// session has another connection by now, or has ended.
pub fn lose(
    chat: &Arc<Chat>,
    app: &Arc<App>,
    session: &Session,
    outlet: &Arc<dyn Outlet>,
    how: Loss,
) -> Option<Pending<bool, Error>> {
    app.live.detach(session, Some(outlet)).then(|| note_lost(chat, app, session, outlet.source(), how))
}

/// Notes in the store that the session has no connection any more; queued when this returns.
pub(super) fn note_lost(
    chat: &Arc<Chat>,
    app: &Arc<App>,
    session: &Session,
    ip: IpAddr,
    how: Loss,
) -> Pending<bool, Error> {
    // Web clients have no time-out of their own among the vendor's reasons.
    let change = match (how, session.platform.class()) {
        (Loss::LinkClosed, _) | (_, Class::Web) => Change::Lost,
        (Loss::Silence, _) => Change::Silent,
    };
    let (hash, now, user, app_id) = (session.hash, chat.clock.now(), session.user.clone(), app.id);
    let (at_end, chat_at_end, name) = (app.clone(), chat.clone(), user.clone());
    let (in_tx, app_in_tx, platform) = (chat.clone(), app.clone(), session.platform);
    chat.db.write_then(
        shard(app.id, &session.user),
        move |tx| {
            table::set_detached(tx, &hash, now, now)?;
            told::tell(tx, (&in_tx, &app_in_tx), (&user, platform, Some(ip)), change, &[])?;
            rows::set_seen_at(tx, app_id, &user, now)?;
            Ok::<_, Error>(status::has_any(tx, app_id, &user)?)
        },
        move |has_any| status::left(&chat_at_end, &at_end, &name, *has_any),
    )
}
