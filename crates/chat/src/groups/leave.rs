//! Leaving a group, by one's own will or another's.
//!
//! Contract: `spec/client/commands/group_open_http_svc.quit_group.yaml`,
//! `spec/rest/group_open_http_svc.delete_group_member.yaml`.

use std::fmt::Write;

use proto::{Code, Fail, json::quote};
use store::{Tx, group_members as members, groups as rows};

use super::{
    Action, Group, Kind, Member, Role, Told, backend, find, may, may_act_on, member_in,
    notices::{self, Notice, Report},
    open,
    requests::remark_info,
    tips::{self, Change, Op, Tip},
    told::change,
};
use crate::{Cx, error::Error, statistics::Event as Counted};

/// The caller leaves a group that is no live room.
pub async fn leave(cx: &Cx, group_id: &str) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let (mut group, user) = (open(tx, number)?, at.caller.user().to_owned());
        let member = member_in(tx, number, &user)?;
        let member = member.ok_or_else(|| Fail::with(Code::GroupDenied, "the caller is no member"))?;
        if member.role == Role::Owner && group.kind != Kind::Private {
            return Err(Code::GroupOwnerStays.into());
        }
        let notice = Notice {
            report: Report::Left,
            operator: &user,
            to: &user,
            more: String::new(),
            except: at.caller.instance(),
        };
        notices::tell(tx, &at, told, (&group, None), notice)?;
        take_out(tx, &at, told, &mut group, &[member], Some((Op::Left, String::new())))?;
        backend::left(tx, &at, &group, [&user], ("Quit", &user))
    })
    .await
}

/// Members that are to be removed.
pub struct Removal {
    pub users: Vec<String>,
    pub reason: String,
    /// The other members are not told.
    pub silent: bool,
}

/// Removes members; who is none is passed over.
pub async fn remove(cx: &Cx, group_id: &str, it: Removal) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        if group.kind == Kind::AvChatRoom {
            return Err(Fail::with(
                Code::GroupParam,
                "members of an AVChatRoom cannot be removed, only banned",
            )
            .into());
        }
        let gone = removable(tx, &at, &group, &it.users)?;
        if gone.is_empty() {
            return Ok(());
        }
        if group.row.active {
            for member in &gone {
                let (operator, more) = (at.caller.user(), remark_info(&it.reason));
                let notice =
                    Notice { report: Report::Kicked, operator, to: &member.row.user, more, except: None };
                notices::tell(tx, &at, told, (&group, None), notice)?;
            }
        }
        let tip = (!it.silent).then(|| (Op::Kicked, why(&gone, &it.reason)));
        take_out(tx, &at, told, &mut group, &gone, tip)?;
        let users = gone.iter().map(|it| &it.row.user);
        backend::left(tx, &at, &group, users, ("Kicked", at.caller.user()))
    })
    .await
}

/// The members among the users. Refused when the caller may not remove one of them.
fn removable(tx: &mut dyn Tx, cx: &Cx, group: &Group, users: &[String]) -> Result<Vec<Member>, Error> {
    let role = match cx.is_admin() {
        true => None,
        false => Some(acting(tx, cx, group, Action::Kick)?),
    };
    let mut gone: Vec<Member> = Vec::new();
    for user in users {
        if gone.iter().any(|it| it.row.user == *user) {
            continue;
        }
        let Some(member) = member_in(tx, group.number(), user)? else { continue };
        if role.is_some_and(|it| !may_act_on(it, member.role)) {
            return Err(Fail::with(Code::GroupDenied, format!("the caller may not remove {user:?}")).into());
        }
        gone.push(member);
    }
    Ok(gone)
}

/// The role of a client that may do this; others are refused with 10007.
pub(super) fn acting(tx: &mut dyn Tx, cx: &Cx, group: &Group, action: Action) -> Result<Role, Error> {
    let role = member_in(tx, group.number(), cx.caller.user())?.map(|it| it.role);
    role.filter(|it| may(group.kind, *it, action))
        .ok_or_else(|| Fail::with(Code::GroupDenied, "the caller may not do this in the group").into())
}

/// The reason as tip 3 shows it. Clients read the first member only together with the second.
fn why(gone: &[Member], reason: &str) -> String {
    if reason.is_empty() {
        return String::new();
    }
    let users: Vec<_> = gone.iter().map(|it| format!("{{\"UserId\":{}}}", quote(&it.row.user))).collect();
    format!(",\"MemberExtraInfo\":{{\"Reason\":{}}},\"MsgMemberInfo\":[{}]", quote(reason), users.join(","))
}

/// Ends memberships, and tells those who stay with a tip. A group whose owner goes has none.
fn take_out(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    gone: &[Member],
    tip: Option<(Op, String)>,
) -> Result<(), Error> {
    let number = group.number();
    gone.iter().for_each(|it| told.leave(&it.row.user));
    group.row.members = rows::add_members(tx, number, -(gone.len() as i64))?;
    if gone.iter().any(|it| it.role == Role::Owner) {
        group.row.owner.clear();
        group.row.info_seq += 1;
        group.row.info_at = cx.chat.clock.now();
        rows::update(tx, &group.row)?;
    }
    if let Some((op, why)) = tip {
        let users: Vec<_> = gone.iter().map(|it| it.row.user.clone()).collect();
        let mut more = format!(",\"MemberNum\":{}", group.row.members);
        if op == Op::Left {
            more.push_str(",\"GroupJoinType\":0");
        }
        _ = write!(more, "{why}");
        let tip = Tip { op, operator: cx.caller.user(), users: &users, more, but: Vec::new() };
        tips::tell(tx, cx, told, (group, None), Change::Members, tip)?;
    }
    for member in gone {
        members::remove(tx, number, &member.row.user)?;
        if group.row.support_topic {
            members::forget_topics(tx, number, &member.row.user)?;
        }
    }
    told.forget_group(group.id());
    told.count(Counted::GroupLeft, gone.len());
    Ok(())
}
