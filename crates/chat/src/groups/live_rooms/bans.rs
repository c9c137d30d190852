//! Keeping people out of a room for a time. `spec/rest/group_open_http_svc.ban_group_member.yaml`.

use proto::{Code, Fail, json::quote};
use store::{Tx, group_members as members, groups as rows, live_rooms as table};

use super::super::{
    Action, Group, Role, Told, backend, may, may_act_on, member_in,
    notices::{self, Notice, Report},
    open,
    tips::{self, Change, Op, Tip},
    told::change,
};
use crate::{Cx, error::Error, statistics::Event as Counted};

/// Longest Description of a ban. Bytes.
pub const BAN_DESCRIPTION_BYTES_MAX: usize = 1000;

/// A running ban.
pub struct Banned {
    pub user: String,
    /// Unix seconds of its end.
    pub until: i64,
}

fn denied(info: &'static str) -> Error {
    Fail::with(Code::GroupDenied, info).into()
}

/// Refuses with 10007 when the app has no bans, or the caller may not ban.
fn check_right(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    if !cx.app.state().settings.features_avchatroom_ban {
        return Err(denied("features.avchatroom_ban is off"));
    }
    if cx.is_admin() {
        return Ok(());
    }
    let role = member_in(tx, group.number(), cx.caller.user())?.map(|it| it.role);
    let is_owner = group.row.owner == cx.caller.user();
    match is_owner || role.is_some_and(|it| may(group.kind, it, Action::Ban)) {
        true => Ok(()),
        false => Err(denied("only the owner and admins may ban")),
    }
}

/// A client bans only whom it stands above.
fn check_rank(tx: &mut dyn Tx, cx: &Cx, group: &Group, user: &str) -> Result<(), Error> {
    let mut rank = |user: &str| -> Result<Role, Error> {
        if user == group.row.owner {
            return Ok(Role::Owner);
        }
        Ok(member_in(tx, group.number(), user)?.map_or(Role::Member, |it| it.role))
    };
    match cx.is_admin() || may_act_on(rank(cx.caller.user())?, rank(user)?) {
        true => Ok(()),
        false => Err(denied("only who stands below can be banned")),
    }
}

/// Bans users for so many seconds, present or not; who is there is thrown out. A ban again replaces the first.
pub async fn ban(
    cx: &Cx,
    group_id: &str,
    users: Vec<String>,
    seconds: u32,
    description: String,
) -> Result<(), Error> {
    let number = super::find_room(cx, group_id).await?.number();
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_right(tx, &at, &group)?;
        let until = at.chat.clock.now() + i64::from(seconds);
        let mut thrown_out = Vec::new();
        for user in &users {
            check_rank(tx, &at, &group, user)?;
            table::ban(tx, number, user, until, &description)?;
            let more = terms(seconds, &description);
            let notice =
                Notice { report: Report::Banned, operator: at.caller.user(), to: user, more, except: None };
            notices::tell(tx, &at, told, (&group, None), notice)?;
            if members::get(tx, number, user)?.is_some() {
                members::remove(tx, number, user)?;
                table::clear_marks(tx, number, user)?;
                told.leave(user);
                thrown_out.push(user.clone());
            }
        }
        if !thrown_out.is_empty() {
            rows::add_members(tx, number, -(thrown_out.len() as i64))?;
            told.count(Counted::GroupLeft, thrown_out.len());
            told.forget_group(group.id());
            backend::left(tx, &at, &group, &thrown_out, ("Kicked", at.caller.user()))?;
        }
        let more = terms(seconds, &description);
        tell(tx, &at, told, &group, Op::Banned, &users, more)
    })
    .await
}

fn terms(seconds: u32, description: &str) -> String {
    format!(",\"BanDuration\":{seconds},\"BanDescription\":{}", quote(description))
}

fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    op: Op,
    users: &[String],
    more: String,
) -> Result<(), Error> {
    let tip = Tip { op, operator: cx.caller.user(), users, more, but: Vec::new() };
    tips::tell(tx, cx, told, (group, None), Change::Bans, tip)
}

/// Lifts bans; users without one are passed over.
pub async fn unban(cx: &Cx, group_id: &str, users: Vec<String>) -> Result<(), Error> {
    let number = super::find_room(cx, group_id).await?.number();
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_right(tx, &at, &group)?;
        let (mut freed, now) = (Vec::new(), at.chat.clock.now());
        for user in users {
            let was_banned = table::banned_until(tx, number, &user)? > now;
            table::unban(tx, number, &user)?;
            if !was_banned || freed.contains(&user) {
                continue;
            }
            let notice = Notice {
                report: Report::Unbanned,
                operator: at.caller.user(),
                to: &user,
                more: String::new(),
                except: None,
            };
            notices::tell(tx, &at, told, (&group, None), notice)?;
            freed.push(user);
        }
        match freed.is_empty() {
            true => Ok(()),
            false => tell(tx, &at, told, &group, Op::Unbanned, &freed, String::new()),
        }
    })
    .await
}

/// Running bans by their end, and the offset of the next page; 0 after the last.
pub async fn bans(cx: &Cx, group_id: &str, offset: i64, limit: i64) -> Result<(Vec<Banned>, i64), Error> {
    let group = super::find_room(cx, group_id).await?;
    let (at, number, now) = (cx.clone(), group.number(), cx.chat.clock.now());
    let found = cx.chat.db.read(move |tx| {
        check_right(tx, &at, &group)?;
        Ok::<_, Error>(table::bans(tx, number, now, offset, limit + 1)?)
    });
    let mut found = found.await?;
    let has_more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(0));
    let next = if has_more { offset + limit } else { 0 };
    Ok((found.into_iter().map(|(user, until)| Banned { user, until }).collect(), next))
}
