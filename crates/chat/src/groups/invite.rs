//! Bringing others into a group, and asking them first where the app wants that.
//!
//! Contract: `spec/rest/group_open_http_svc.add_group_member.yaml`,
//! `spec/client/commands/group_open_http_svc.handle_invite_join_group.yaml`.

use std::collections::HashMap;

use proto::{Code, Fail};
use store::{
    Tx,
    group_requests::{self as table, Request, answer, kind},
};

use super::{
    Group, InviteOption, Kind, Role, Told, backend, find,
    join::{How, admit, admit_silently, check_room, check_way, known},
    make::is_in_too_many,
    member_in,
    notices::{self, Notice, Report},
    open,
    requests::{self, Decision, authentication, remark_info},
    told::change,
};
use crate::{Cx, error::Error, webhooks::Hook};

/// What an invitation came to; the numbers are Result on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i64)]
pub enum Invited {
    /// There is no such user.
    Failed = 0,
    Added = 1,
    Already = 2,
    /// Waits for an admin, or for the invited.
    Waiting = 3,
    /// Is in too many groups.
    TooMany = 4,
}

/// Brings users into a group; the outcomes are in the order of `users`, which may repeat one.
pub async fn invite(
    cx: &Cx,
    group_id: &str,
    users: Vec<String>,
    silent: bool,
) -> Result<Vec<Invited>, Error> {
    let number = find(cx, group_id).await?.number();
    backend::note_full(cx, group_id, invite_to(cx, number, users, silent).await).await
}

/// Asks the backend about all users of the call, if somebody of them can come in; says who may not.
async fn ask_backend(cx: &Cx, number: i64, users: &[String]) -> Result<backend::Refused, Error> {
    let all = users.to_vec();
    let looked = backend::look(cx, Hook::GroupCallbackBeforeInviteJoinGroup, move |tx, cx| {
        let group = open(tx, number)?;
        let must_ask = must_ask(tx, cx, &group)?;
        let free = sort(tx, cx, &group, &all)?.free;
        if !must_ask {
            check_room(&group, free.len())?;
        }
        Ok((group, free.is_empty()))
    });
    match looked.await? {
        Some((group, false)) => backend::ask_invite(cx, &group, users).await,
        Some((_, true)) | None => Ok(backend::Refused::new()),
    }
}

async fn invite_to(cx: &Cx, number: i64, users: Vec<String>, silent: bool) -> Result<Vec<Invited>, Error> {
    let refused = ask_backend(cx, number, &users).await?;
    let at = cx.clone();
    change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        let must_ask = must_ask(tx, &at, &group)?;
        let mut sorted = sort(tx, &at, &group, &users)?;
        sorted.free.retain(|it| !refused.contains(it));
        sorted.outcomes.retain(|it, _| !refused.contains(it));
        let free = sorted.free.clone();
        let inviter = at.caller.user();
        let outcome = if must_ask {
            requests::ask_leaders(tx, &at, told, &group, (kind::INVITATION, inviter), &free, "")?;
            Invited::Waiting
        } else {
            bring_in(tx, &at, told, &mut group, &free, (inviter, silent))?
        };
        sorted.outcomes.extend(free.into_iter().map(|it| (it, outcome)));
        Ok(users.iter().map(|it| sorted.outcomes.get(it).copied().unwrap_or(Invited::Failed)).collect())
    })
    .await
}

/// Whether the caller's invitations wait for an admin; refused where it may not invite at all.
fn must_ask(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<bool, Error> {
    if group.kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "this group type does not support adding members").into());
    }
    if cx.is_admin() {
        return Ok(false);
    }
    let member = member_in(tx, group.number(), cx.caller.user())?;
    let Some(member) = member else {
        return Err(Fail::with(Code::GroupDenied, "only members may invite").into());
    };
    match InviteOption::from_number(group.row.invite_option) {
        InviteOption::FreeAccess => Ok(false),
        InviteOption::NeedPermission => Ok(member.role == Role::Member),
        InviteOption::DisableInvite => {
            Err(Fail::with(Code::GroupDenied, "nobody can be invited to this group").into())
        }
    }
}

/// Users sorted by whether they can come in.
struct Sorted {
    free: Vec<String>,
    outcomes: HashMap<String, Invited>,
}

/// Refused when nobody is known (10019), and when all that could come have too many groups (10037).
fn sort(tx: &mut dyn Tx, cx: &Cx, group: &Group, users: &[String]) -> Result<Sorted, Error> {
    let known = known(tx, cx.app.id, users)?;
    if known.is_empty() {
        return Err(Fail::with(Code::GroupAccountUnknown, "none of the users exists").into());
    }
    let mut sorted = Sorted { free: Vec::new(), outcomes: HashMap::new() };
    let (mut over, mut already) = (0, 0);
    for user in users {
        if !known.contains(user) || sorted.outcomes.contains_key(user) || sorted.free.contains(user) {
            continue;
        }
        if member_in(tx, group.number(), user)?.is_some() {
            already += 1;
            sorted.outcomes.insert(user.clone(), Invited::Already);
        } else if is_in_too_many(tx, cx, user)? {
            over += 1;
            sorted.outcomes.insert(user.clone(), Invited::TooMany);
        } else {
            sorted.free.push(user.clone());
        }
    }
    match over > 0 && already == 0 && sorted.free.is_empty() {
        true => Err(Code::GroupUserFull.into()),
        false => Ok(sorted),
    }
}

/// Makes the users members, or asks them where the app wants that.
pub(super) fn bring_in(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    users: &[String],
    (inviter, silent): (&str, bool),
) -> Result<Invited, Error> {
    if users.is_empty() {
        return Ok(Invited::Added);
    }
    check_room(group, users.len())?;
    if cx.app.state().settings.groups_invite_needs_consent {
        for user in users {
            ask(tx, cx, told, group, inviter, user)?;
        }
        return Ok(Invited::Waiting);
    }
    match silent {
        true => admit_silently(tx, cx, told, group, users, (How::Invited, inviter))?,
        false => admit(tx, cx, told, group, users, (How::Invited, inviter))?,
    }
    Ok(Invited::Added)
}

/// Notice 12: the invited is asked. An older invitation of the same inviter is replaced.
fn ask(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    inviter: &str,
    user: &str,
) -> Result<(), Error> {
    if let Some(old) = table::waiting(tx, group.number(), kind::CONSENT, inviter, user)? {
        table::remove(tx, old.id)?;
        store::notices::remove_about(tx, cx.app.id, user, &old.auth)?;
    }
    let request = Request {
        group: group.number(),
        kind: kind::CONSENT,
        asker: inviter.to_owned(),
        joiner: user.to_owned(),
        auth: cx.chat.random.token(),
        asked_at: cx.chat.clock.millis(),
        ..Request::default()
    };
    table::insert(tx, cx.app.id, &request)?;
    let more = format!("{}{}", remark_info(""), authentication(&request.auth));
    let notice = Notice { report: Report::Invitation, operator: inviter, to: user, more, except: None };
    notices::tell(tx, cx, told, (group, None), notice)
}

/// The invitation that the caller means: by the authentication, else by who invited.
fn find_invitation(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: i64,
    inviter: &str,
    auth: &str,
) -> Result<Option<Request>, Error> {
    let user = cx.caller.user();
    let named = table::by_auth(tx, cx.app.id, group, auth)?.into_iter().next();
    let found = match named {
        Some(it) => Some(it).filter(|it| it.kind == kind::CONSENT && it.joiner == user),
        None => table::waiting(tx, group, kind::CONSENT, inviter, user)?,
    };
    Ok(found.filter(|it| it.answer == answer::NONE))
}

/// The caller accepts or refuses an invitation that notice 12 told it of.
pub async fn answer(cx: &Cx, group_id: &str, inviter: String, it: Decision) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    let done = change(cx, number, move |tx, told| {
        let (mut group, user) = (open(tx, number)?, at.caller.user().to_owned());
        let found = find_invitation(tx, &at, number, &inviter, &it.auth)?;
        let request = found.ok_or(Code::GroupHandledAlready)?;
        if it.agrees {
            if member_in(tx, number, &user)?.is_some() {
                return Err(Code::GroupMemberAlready.into());
            }
            check_way(tx, &at, &group, &user)?;
        }
        requests::settle(tx, &at, std::slice::from_ref(&request), &it)?;
        if it.agrees {
            admit(tx, &at, told, &mut group, std::slice::from_ref(&user), (How::Invited, &request.asker))?;
        }
        let report = if it.agrees { Report::InvitationAccepted } else { Report::InvitationRefused };
        let more = remark_info(&it.text);
        let notice = Notice { report, operator: &user, to: &request.asker, more, except: None };
        notices::tell(tx, &at, told, (&group, None), notice)
    });
    backend::note_full(cx, group_id, done.await).await
}
