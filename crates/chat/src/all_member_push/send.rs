//! Making a push. The order of checks is that of `spec/concepts/push-to-all-users.md`.

use std::{collections::BTreeMap, sync::Arc};

use proto::{Code, Fail, element::Body};
use store::{Tx, pushes};

use super::{Condition, Mark, marks};
use crate::{Cx, accounts, error::Error, messages::check_size, offline_push, relations::key};

/// Added to the number of a push for its TaskId, as in the vendor's sample.
const TASK_BASE: i64 = 10_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// By what a backend chooses the receivers; attributes by name.
#[derive(Clone, Debug)]
pub enum Wanted {
    Attributes { every: BTreeMap<String, String>, some: BTreeMap<String, String> },
    Tags { every: Vec<String>, some: Vec<String> },
}

impl Wanted {
    /// With the numbers of the attributes; 90033 for a name that is not defined.
    fn condition(self, tx: &mut dyn Tx, app: u32) -> Result<Condition, Error> {
        match self {
            Wanted::Tags { every, some } => {
                let tags = |it: Vec<String>| it.into_iter().map(Mark::Tag).collect();
                Ok(Condition { every: tags(every), some: tags(some) })
            }
            Wanted::Attributes { every, some } => {
                let names = marks::names(tx, app)?;
                let numbered = |it: BTreeMap<String, String>| {
                    let each = |(name, value): (String, String)| {
                        Ok(Mark::Attribute(marks::number(&names, &name)?, value))
                    };
                    it.into_iter().map(each).collect::<Result<Vec<_>, Fail>>()
                };
                Ok(Condition { every: numbered(every)?, some: numbered(some)? })
            }
        }
    }
}

pub struct Outgoing {
    pub from: String,
    /// Names the task: the same again is no new push.
    pub random: u32,
    /// How long it waits for users who are away; 0 is only for who is online. Seconds.
    pub life_seconds: i64,
    pub body: Arc<Body>,
    pub wanted: Wanted,
    /// OfflinePushInfo as JSON, empty for none.
    pub push_info: String,
}

/// 90045 where the app has pushes switched off.
pub fn must_be_enabled(cx: &Cx) -> Result<(), Fail> {
    if cx.app.state().settings.push_all_enabled { Ok(()) } else { Err(Code::PushAllOff.into()) }
}

/// Accepts a push and gives the id of its task. It is durable when this returns, and goes out from then on.
pub async fn push(cx: &Cx, it: Outgoing) -> Result<String, Error> {
    let sender = accounts::find_active(cx, &it.from).await?;
    let sender = sender.ok_or_else(|| Fail::with(Code::C2cFrom, "From_Account does not exist"))?;
    check_size(cx, it.body.json(), "")?;
    // Taken before the push is stored: one that could not go out is not accepted.
    let slot = cx.chat.deliveries.slot()?;
    let (app, random, now) = (cx.app.id, it.random, cx.chat.clock.millis());
    let second = now / 1000;
    let row = pushes::Push {
        made_at: now,
        waits_until: if it.life_seconds == 0 { 0 } else { second + it.life_seconds },
        sender: it.from,
        seq: cx.chat.random.u32().into(),
        random: random.into(),
        nick: sender.nick.clone(),
        face: sender.face.clone(),
        push_info: it.push_info,
        body: it.body.json().to_owned(),
        ..pushes::Push::default()
    };
    let (at, after, wanted) = (cx.clone(), cx.clone(), it.wanted);
    let done = cx.chat.db.write_then(
        key(app),
        move |tx| store(tx, &at, row, wanted),
        move |stored: &Stored| {
            if stored.is_new {
                after.chat.deliveries.add(&after.app, stored.id, slot);
            }
        },
    );
    let id = done.await?.id;
    Ok(format!("{app}_{}_{random}", TASK_BASE + id))
}

struct Stored {
    id: i64,
    /// No earlier call made it.
    is_new: bool,
}

fn store(tx: &mut dyn Tx, cx: &Cx, mut it: pushes::Push, wanted: Wanted) -> Result<Stored, Error> {
    let (app, now, state) = (cx.app.id, it.made_at, cx.app.state());
    let settings = &state.settings;
    it.condition = wanted.condition(tx, app)?.write()?;
    let newest = pushes::newest(tx, app)?;
    let pause = settings.push_all_min_interval_seconds.saturating_mul(1000);
    // After a clock was set back the last push is in the future; that must not stop pushes.
    if newest.is_some_and(|it| (0..pause).contains(&(now - it.made_at))) {
        return Err(Code::PushTooSoon.into());
    }
    let today = state.zone.day_start(now / 1000).saturating_mul(1000);
    if pushes::count_since(tx, app, today)? >= settings.push_all_per_day {
        return Err(Code::PushAllQuota.into());
    }
    let window = settings.push_all_random_dedup_days.saturating_mul(SECONDS_PER_DAY * 1000);
    if window > 0
        && let Some(id) = pushes::find(tx, app, it.random, now.saturating_sub(window))?
    {
        return Ok(Stored { id, is_new: false });
    }
    let newest = newest.unwrap_or_default();
    it.id = newest.id + 1;
    // Messages of one second have the order of their numbers.
    if newest.made_at / 1000 == now / 1000 && it.seq <= newest.seq {
        it.seq = (newest.seq + 1).min(u32::MAX.into());
    }
    pushes::insert(tx, app, &it)?;
    offline_push::post_all(tx, cx, &it)?;
    Ok(Stored { id: it.id, is_new: true })
}
