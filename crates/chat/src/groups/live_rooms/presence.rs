//! Coming and going, and what becomes of those who are away.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use proto::{Code, Fail};
use store::{Tx, group_members as members, groups as rows, live_rooms as table};

use super::super::{
    Group, Role, Told, backend,
    join::How,
    member, member_in,
    notices::{self, Notice, Report},
    open,
    tips::{self, Change, Op, Tip},
    told::change,
};
use super::{
    find_room,
    marks::{STAYS, STAYS_SECONDS},
    room::{self, Room},
};
use crate::{Caller, Chat, Cx, apps::App, error::Error, statistics::Event as Counted, webhooks::Hook};

/// Messages that a joiner gets at most, and how old they may be. Seconds.
const HISTORY_MAX: usize = 20;
const HISTORY_SECONDS: i64 = 86_400;
/// People read in one step when the queue is filled.
const STEP: i64 = 1000;

/// How somebody came in.
pub struct Joined {
    pub key: String,
    /// Recent messages, if they were asked for.
    pub history: Vec<String>,
}

/// Whether a tip of who came or went may be told to so many people. Were it told without a bound, a room that fills with
/// thousands would do nothing else, for each of them would be told of each. `spec/README.md`
fn may_tell(cx: &Cx, number: i64, count: i64) -> bool {
    let most = match cx.app.state().settings.groups_avchatroom_tip_deliveries_per_second {
        0 => 0,
        deliveries => (deliveries / count.max(1)).max(1),
    };
    // Messages are counted under the room's number, attributes under its negative.
    cx.app.groups.sent.take_rate(i64::MIN + number, cx.chat.clock.now(), most)
}

/// How many people are in the room, as tips tell it.
fn online_info(count: i64) -> String {
    format!(",\"MemberNum\":{count},\"OnlineInf\":{{\"Num\":{count},\"ET\":60}}")
}

/// The caller comes in, or is in already. Refused while banned (10007).
pub async fn join(cx: &Cx, group: &Arc<Group>, wants_history: bool) -> Result<Joined, Error> {
    let user = cx.caller.user().to_owned();
    let (at, number) = (cx.clone(), group.number());
    let room = room::prepare(cx, number).await?;
    let name = user.clone();
    let is_new = backend::look(cx, Hook::GroupCallbackBeforeApplyJoinGroup, move |tx, cx| {
        check_ban(tx, cx, number, &name)?;
        Ok(member_in(tx, number, &name)?.is_none())
    });
    if is_new.await? == Some(true) {
        backend::ask_apply(cx, group).await?;
    }
    change(cx, number, move |tx, told| come_in(tx, &at, told, number, &user)).await?;
    let history = if wants_history { history(cx, &room, i64::MAX) } else { Vec::new() };
    Ok(Joined { key: cx.chat.random.token(), history })
}

/// Messages with numbers below `before` that an app lets joiners see.
fn history(cx: &Cx, room: &Room, before: i64) -> Vec<String> {
    let state = cx.app.state();
    let most =
        usize::try_from(state.settings.groups_avchatroom_history_on_join).unwrap_or(0).min(HISTORY_MAX);
    match state.settings.features_avchatroom_history {
        true => room.latest(cx.chat.clock.now(), HISTORY_SECONDS, most, before),
        false => Vec::new(),
    }
}

/// What was said in a room lately, for somebody who is in it or watches it with this key (10007 for others).
/// `before` is the number that polling starts with. Nothing comes before the first, so that one means everything.
pub async fn recent(cx: &Cx, group_id: &str, key: Option<&str>, before: i64) -> Result<Vec<String>, Error> {
    let group = find_room(cx, group_id).await?;
    let watches = key.is_some_and(|it| cx.app.groups.rooms.is_guest(it, group_id, cx.chat.clock.now()));
    if !watches && member(cx, &group, cx.caller.user()).await?.is_none() {
        return Err(Fail::with(Code::GroupDenied, "only who is in the room may do this").into());
    }
    let room = room::prepare(cx, group.number()).await?;
    Ok(history(cx, &room, if before <= 1 { i64::MAX } else { before }))
}

fn check_ban(tx: &mut dyn Tx, cx: &Cx, number: i64, user: &str) -> Result<(), Error> {
    match table::banned_until(tx, number, user)? > cx.chat.clock.now() {
        true => Err(Fail::with(Code::GroupDenied, "the user is banned from this room").into()),
        false => Ok(()),
    }
}

fn come_in(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, number: i64, user: &str) -> Result<(), Error> {
    let (group, now) = (open(tx, number)?, cx.chat.clock.now());
    check_ban(tx, cx, number, user)?;
    if member_in(tx, number, user)?.is_some() {
        // A second page, or one that came back.
        let flag = group.kind.default_flag() as i64;
        told.enter(user, flag);
        return Ok(());
    }
    let role = if group.row.owner == user { Role::Owner } else { Role::Member };
    let member = members::Member {
        user: user.to_owned(),
        role: role as i64,
        joined_at: now,
        flag: group.kind.default_flag() as i64,
        ..members::Member::default()
    };
    members::insert(tx, cx.app.id, number, &member)?;
    let count = rows::add_members(tx, number, 1)?;
    told.enter(user, member.flag);
    told.count(Counted::GroupJoined, 1);
    told.forget_group(group.id());
    let users = [user.to_owned()];
    let more = format!(",\"GroupJoinType\":1{}", online_info(count));
    if may_tell(cx, number, count) {
        let tip = Tip { op: Op::Joined, operator: user, users: &users, more, but: Vec::new() };
        tips::tell(tx, cx, told, (&group, None), Change::Members, tip)?;
    }
    backend::joined(tx, cx, &group, &users, (How::Applied, user))
}

/// The caller goes. Not being in the room is 10007.
pub async fn quit(cx: &Cx, group: &Arc<Group>) -> Result<(), Error> {
    let user = cx.caller.user().to_owned();
    let (at, number, except) = (cx.clone(), group.number(), cx.caller.instance());
    change(cx, number, move |tx, told| {
        if !go_out(tx, &at, told, number, &user)? {
            return Err(Fail::with(Code::GroupDenied, "the user is not in this room").into());
        }
        let group = open(tx, number)?;
        let notice = Notice { report: Report::Left, operator: &user, to: &user, more: String::new(), except };
        notices::tell(tx, &at, told, (&group, None), notice)
    })
    .await
}

/// Takes somebody out with tip 2. False for who was not there.
fn go_out(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, number: i64, user: &str) -> Result<bool, Error> {
    let group = open(tx, number)?;
    let shown_before = members::get(tx, number, user)?.is_some();
    if !shown_before {
        return Ok(false);
    }
    let count = rows::add_members(tx, number, -1)?;
    let users = [user.to_owned()];
    let more = format!(",\"GroupJoinType\":0{}", online_info(count));
    told.leave(user);
    if may_tell(cx, number, count) {
        let tip = Tip { op: Op::Left, operator: user, users: &users, more, but: users.to_vec() };
        tips::tell(tx, cx, told, (&group, None), Change::Members, tip)?;
    }
    members::remove(tx, number, user)?;
    table::clear_marks(tx, number, user)?;
    told.forget_group(group.id());
    told.count(Counted::GroupLeft, 1);
    backend::left(tx, cx, &group, &users, ("Quit", user))?;
    Ok(true)
}

/// People who lost their last connection while in a room: (when it counts as leaving, app, user).
#[derive(Default)]
pub(crate) struct Away {
    queue: Mutex<VecDeque<(i64, u32, String)>>,
    /// Set at the start: whoever is in a room then is away.
    is_filled: AtomicBool,
}

impl Away {
    fn note(&self, app: &App, user: &str, now: i64) {
        let entry = (now + app.state().settings.groups_avchatroom_offline_seconds, app.id, user.to_owned());
        self.queue.lock().expect("no holder panics").push_back(entry);
    }

    fn due(&self, now: i64) -> Option<(u32, String)> {
        let mut queue = self.queue.lock().expect("no holder panics");
        match queue.front() {
            Some(it) if it.0 <= now => queue.pop_front().map(|it| (it.1, it.2)),
            _ => None,
        }
    }
}

impl Chat {
    /// Takes people out of live rooms who have been away for too long. Called every few seconds.
    pub async fn empty_live_rooms(self: &Arc<Self>) -> Result<(), Error> {
        let now = self.clock.now();
        if !self.away.is_filled.swap(true, Ordering::AcqRel) {
            self.fill_away(now).await?;
        }
        for app in self.apps.all() {
            for user in app.live.take_gone() {
                self.away.note(&app, &user, now);
                self.absent.note(&app, &user, now);
            }
        }
        self.tell_absent(now).await?;
        while let Some((app, user)) = self.away.due(now) {
            let Some(app) = self.apps.get(app) else { continue };
            if !app.live.is_online(&user) {
                self.take_out(&app, user, now).await?;
            }
        }
        Ok(())
    }

    async fn fill_away(&self, now: i64) -> Result<(), Error> {
        let mut after = (0, String::new());
        loop {
            let from = after.clone();
            let step = self.db.read(move |tx| table::present(tx, (from.0, &from.1), STEP)).await?;
            for (app, user) in &step {
                let app = u32::try_from(*app).ok().and_then(|it| self.apps.get(it));
                if let Some(app) = app {
                    self.away.note(&app, user, now);
                    self.absent.note(&app, &user.as_str().into(), now);
                }
            }
            match step.last() {
                Some(last) if step.len() as i64 == STEP => after = last.clone(),
                _ => return Ok(()),
            }
        }
    }

    async fn take_out(self: &Arc<Self>, app: &Arc<App>, user: String, now: i64) -> Result<(), Error> {
        let (id, name) = (app.id, user.clone());
        let rooms = self.db.read(move |tx| table::of_user(tx, id, &name)).await?;
        let cx = Cx { chat: self.clone(), app: app.clone(), caller: Caller::Guest, ip: None };
        let mut is_gone = true;
        for (_, room) in rooms {
            let Ok(group) = find_room(&cx, &room).await else { continue };
            let (at, number, name) = (cx.clone(), group.number(), user.clone());
            let stays = change(&cx, number, move |tx, told| {
                let staying = table::marked_since(tx, number, STAYS, now - STAYS_SECONDS)?;
                match staying.contains(&name) {
                    true => Ok(true),
                    false => go_out(tx, &at, told, number, &name).map(|_| false),
                }
            });
            if stays.await? {
                is_gone = false;
                self.away.note(app, &user, now);
            }
        }
        if is_gone {
            self.absent.forget(app.id, &user);
        }
        Ok(())
    }
}
