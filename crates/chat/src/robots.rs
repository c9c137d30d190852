//! Robots: accounts that only backends speak for. `spec/concepts/robots.md` 1.

use proto::{Code, Fail, user_id};
use store::{accounts as rows, robots as table};

use crate::{
    Cx,
    accounts::{self, Import},
    error::Error,
    shard,
    statistics::Event,
};

/// Most bytes of a robot's nickname, avatar address and signature. `spec/concepts/profiles.md` 1.
pub const TEXT_BYTES_MAX: usize = accounts::NICK_BYTES_MAX;

/// A robot to make; absent fields stay as they are.
pub struct Robot {
    pub user: String,
    pub nick: Option<String>,
    pub face: Option<String>,
    pub signature: Option<String>,
}

impl Robot {
    fn fields(self) -> (String, Vec<(&'static str, String)>) {
        let signature = self.signature.map(|it| (crate::profiles::SIGNATURE, proto::json::quote(&it)));
        let import = Import { user: self.user, nick: self.nick, face: self.face };
        let mut fields = import.fields();
        fields.extend(signature);
        (import.user, fields)
    }
}

/// Makes a robot, or makes a deleted one valid again. Refused beyond the app's number of robots (10008).
pub async fn create(cx: &Cx, robot: Robot) -> Result<(), Error> {
    let (user, fields) = robot.fields();
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    let most = usize::try_from(cx.app.state().settings.robots_max).unwrap_or(usize::MAX);
    let (name, changed) = (user.clone(), fields.clone());
    // Robots are counted, so they are made under one key.
    let done = cx.chat.db.write(key(app), move |tx| {
        let valid = table::is_valid(tx, app, &name)? == Some(true);
        if !valid && table::all(tx, app)?.len() >= most {
            return Err(Error::from(Fail::with(Code::GroupRequest, format!("more than {most} robots"))));
        }
        let new = rows::insert(tx, app, &name, now, 0)?;
        let place = rows::get(tx, app, &name)?.map_or(0, |it| it.tiny);
        table::put(tx, app, &name, place)?;
        fields.iter().try_for_each(|(tag, value)| crate::profiles::put(tx, app, &name, tag, value))?;
        Ok(new)
    });
    let new = done.await?;
    cx.app.count(now, Event::AccountMade, usize::from(new));
    cx.app.accounts.forget(&user);
    crate::profiles::announce(&cx.chat, &cx.app, &user, None, &changed).await;
    Ok(())
}

/// Makes a robot invalid. Its profile, relations and history stay. One that is none is no error.
pub async fn delete(cx: &Cx, user: &str) -> Result<(), Error> {
    let (app, name) = (cx.app.id, user.to_owned());
    let done = cx.chat.db.write(key(app), move |tx| table::invalidate(tx, app, &name));
    done.await?;
    cx.app.accounts.forget(user);
    Ok(())
}

/// Valid robots in the order of their creation.
pub async fn all(cx: &Cx) -> Result<Vec<String>, Error> {
    let app = cx.app.id;
    Ok(cx.chat.db.read(move |tx| table::all(tx, app)).await?)
}

/// Whether an id may be a robot's.
pub fn is_id(user: &str) -> bool {
    user_id::is_robot(user) && user_id::check_characters(user).is_ok()
}

fn key(app: u32) -> u64 {
    shard(app, "\0robots")
}
