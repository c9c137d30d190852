//! Coming into a group: by an application, and what every way in has in common.
//! `spec/concepts/group-system.md` 4.

use std::collections::HashSet;

use proto::{Code, Fail};
use store::{
    StoreError, Tx, among, group_members as members, group_messages as log, group_requests::kind,
    groups as rows,
};

use super::{
    ApplyOption, Group, Kind, Role, Told, backend, find,
    make::{added, is_in_too_many},
    member_in,
    notices::{self, Notice, Report},
    open, requests,
    tips::{self, Change, Op, Tip},
    told::change,
    topics,
};
use crate::{Cx, error::Error, statistics::Event as Counted, webhooks::Hook};

/// How somebody came in; the numbers are GroupJoinType on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub(super) enum How {
    Applied = 1,
    Invited = 2,
}

/// What an application came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    Joined,
    /// It waits for the group's owner or an admin.
    Waiting,
}

/// The caller applies to become a member of a group that is no live room.
pub async fn apply(cx: &Cx, group_id: &str, remark: String) -> Result<Applied, Error> {
    let number = find(cx, group_id).await?.number();
    backend::note_full(cx, group_id, apply_for(cx, number, remark).await).await
}

async fn apply_for(cx: &Cx, number: i64, remark: String) -> Result<Applied, Error> {
    let looked = backend::look(cx, Hook::GroupCallbackBeforeApplyJoinGroup, move |tx, cx| {
        let group = open(tx, number)?;
        check_apply(tx, cx, &group)?;
        Ok(group)
    });
    if let Some(group) = looked.await? {
        backend::ask_apply(cx, &group).await?;
    }
    let at = cx.clone();
    change(cx, number, move |tx, told| apply_in(tx, &at, told, number, &remark)).await
}

/// Whether the caller may apply at all.
fn check_apply(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<ApplyOption, Error> {
    let user = cx.caller.user();
    if member_in(tx, group.number(), user)?.is_some() {
        return Err(Code::GroupMemberAlready.into());
    }
    let option = ApplyOption::from_number(group.row.apply_option);
    if group.kind == Kind::Private || option == ApplyOption::DisableApply {
        return Err(Fail::with(Code::GroupDenied, "nobody can apply for this group").into());
    }
    check_way(tx, cx, group, user)?;
    Ok(option)
}

fn apply_in(tx: &mut dyn Tx, cx: &Cx, told: &mut Told, number: i64, remark: &str) -> Result<Applied, Error> {
    let mut group = open(tx, number)?;
    let user = cx.caller.user().to_owned();
    let option = check_apply(tx, cx, &group)?;
    if option == ApplyOption::NeedPermission {
        requests::ask_leaders(
            tx,
            cx,
            told,
            &group,
            (kind::APPLICATION, &user),
            std::slice::from_ref(&user),
            remark,
        )?;
        return Ok(Applied::Waiting);
    }
    // The user's other sessions learn of the group by it.
    let notice = Notice {
        report: Report::Approved,
        operator: &user,
        to: &user,
        more: requests::remark_info(""),
        except: cx.caller.instance(),
    };
    notices::tell(tx, cx, told, (&group, None), notice)?;
    admit(tx, cx, told, &mut group, std::slice::from_ref(&user), (How::Applied, &user))?;
    Ok(Applied::Joined)
}

/// Whether one user more may come in: 10014 for a full group, 10037 for somebody with too many groups.
pub(super) fn check_way(tx: &mut dyn Tx, cx: &Cx, group: &Group, user: &str) -> Result<(), Error> {
    check_room(group, 1)?;
    match is_in_too_many(tx, cx, user)? {
        true => Err(Code::GroupUserFull.into()),
        false => Ok(()),
    }
}

/// Refuses more members than there is room for with 10014.
pub(super) fn check_room(group: &Group, more: usize) -> Result<(), Error> {
    match room(group) < more as i64 {
        true => Err(Code::GroupFull.into()),
        false => Ok(()),
    }
}

/// How many members more the group may have.
pub(super) fn room(group: &Group) -> i64 {
    match group.row.max_members {
        0 => i64::MAX,
        most => most - group.row.members,
    }
}

/// Those of the users that are accounts; a robot that was deleted is none.
pub(super) fn known(tx: &mut dyn Tx, app: u32, users: &[String]) -> Result<HashSet<String>, StoreError> {
    let mut known = among::accounts(tx, app, users)?;
    for user in users.iter().filter(|it| proto::user_id::is_robot(it)) {
        if known.contains(user) && store::robots::is_valid(tx, app, user)? != Some(true) {
            known.remove(user);
        }
    }
    Ok(known)
}

/// Makes members of users that are none, and tells them and the others. `who` is whose deed it is: the
/// inviter's, or the joiner's own.
pub(super) fn admit(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    users: &[String],
    (how, who): (How, &str),
) -> Result<(), Error> {
    admit_silently(tx, cx, told, group, users, (how, who))?;
    if how == How::Invited && group.row.active {
        for user in users {
            added(tx, cx, told, group, who, user)?;
        }
    }
    let more = format!(",\"MemberNum\":{},\"GroupJoinType\":{}", group.row.members, how as i64);
    let tip = Tip { op: Op::Joined, operator: who, users, more, but: Vec::new() };
    tips::tell(tx, cx, told, (group, None), Change::Members, tip)
}

/// The same without telling the users; the app's backend hears of it.
pub(super) fn admit_silently(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    users: &[String],
    by: (How, &str),
) -> Result<(), Error> {
    let (number, now) = (group.number(), cx.chat.clock.now());
    let newest = log::newest_seq(tx, number)?;
    for user in users {
        let member = members::Member {
            user: user.clone(),
            role: Role::Member as i64,
            joined_at: now,
            joined_seq: newest,
            read_seq: newest,
            flag: group.kind.default_flag() as i64,
            ..members::Member::default()
        };
        members::insert(tx, cx.app.id, number, &member)?;
        told.enter(user, member.flag);
    }
    topics::note_joining(tx, group, users, now)?;
    told.count(Counted::GroupJoined, users.len());
    came_in(tx, told, group, users.len())?;
    backend::joined(tx, cx, group, users, by)
}

/// The group has so many members more.
pub(super) fn came_in(
    tx: &mut dyn Tx,
    told: &mut Told,
    group: &mut Group,
    count: usize,
) -> Result<(), Error> {
    group.row.members = rows::add_members(tx, group.number(), count as i64)?;
    told.forget_group(group.id());
    Ok(())
}
