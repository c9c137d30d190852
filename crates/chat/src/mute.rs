//! Global mute: who may not send at all, one-to-one or to groups. `spec/rest/openconfigsvr.setnospeaking.yaml`.

use crate::{Cx, accounts, error::Error, shard};

/// What stands for "for ever", in seconds.
pub const FOR_EVER: u32 = u32::MAX;

/// Mutes a user for so many seconds from now, 0 to end it; what is `None` stays. False for no such account.
pub async fn set(cx: &Cx, user: &str, c2c: Option<u32>, group: Option<u32>) -> Result<bool, Error> {
    let now = cx.chat.clock.now();
    let until = |seconds: u32| match seconds {
        0 => 0,
        FOR_EVER => i64::MAX,
        seconds => now + i64::from(seconds),
    };
    let (app, name) = (cx.app.id, user.to_owned());
    let (c2c, group) = (c2c.map(until), group.map(until));
    let done = cx
        .chat
        .db
        .write(shard(app, user), move |tx| store::accounts::set_muted_until(tx, app, &name, c2c, group));
    let found = done.await?;
    cx.app.accounts.forget(user);
    Ok(found)
}

/// The seconds that are left of each mute: one-to-one, groups. `None` for no such account.
pub async fn left(cx: &Cx, user: &str) -> Result<Option<(u32, u32)>, Error> {
    let now = cx.chat.clock.now();
    let left = |until: i64| match until {
        i64::MAX => FOR_EVER,
        until => u32::try_from((until - now).max(0)).unwrap_or(FOR_EVER),
    };
    let found = accounts::find(cx, user).await?;
    Ok(found.map(|it| (left(it.muted_until.0), left(it.muted_until.1))))
}
