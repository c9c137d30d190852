//! Taking a user who comes online into the rooms of its groups.

use std::sync::Arc;

use store::group_members as rows;

use super::live_rooms;
use crate::{Chat, apps::App, error::Error};

/// Memberships read in one step.
const STEP: i64 = 1000;

/// Called after a session was attached and before its login is answered: what happens in the user's groups from
/// then on is pushed, and what happened before is found by what the client asks for.
pub async fn enter_all(chat: &Arc<Chat>, app: &Arc<App>, user: &str) -> Result<(), Error> {
    live_rooms::returned(chat, app, user).await;
    loop {
        let Some(left) = app.live.times_left(user) else { return Ok(()) };
        let groups = read(chat, app, user).await?;
        if app.live.enter_all(user, left, &groups) {
            return Ok(());
        }
    }
}

async fn read(chat: &Chat, app: &App, user: &str) -> Result<Vec<(i64, i64)>, Error> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (id, name) = (app.id, user.to_owned());
        let step = chat.db.read(move |tx| rows::groups_of(tx, id, &name, after, STEP)).await?;
        all.extend(step.iter().map(|(group, member)| (*group, member.flag)));
        match step.last() {
            Some(last) if step.len() as i64 == STEP => after = last.0,
            _ => return Ok(all),
        }
    }
}
