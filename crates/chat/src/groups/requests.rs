//! Applications and members' invitations that wait for a group's owner or admins.
//!
//! Contract: `spec/concepts/group-system.md` 4.5, `spec/client/commands/group_open_http_svc.get_pendency.yaml`,
//! `spec/client/commands/group_open_http_svc.handle_apply_join_group.yaml`.

use std::fmt::Write;

use proto::{Code, Fail, json::quote};
use store::{
    Tx, group_members as members,
    group_requests::{self as table, Led, Request, answer, kind},
};

use super::{
    Group, Role, Told, backend, find,
    invite::bring_in,
    join::{How, admit, check_way, known},
    make::is_in_too_many,
    member_in,
    notices::{self, Notice, Report},
    open,
    told::change,
    wire::Shown,
};
use crate::{Cx, error::Error};

/// Requests that a handler is shown, the newest.
const LISTED_MAX: i64 = 50;
/// How long requests and notices are kept, in seconds.
pub(crate) const KEPT_SECONDS: i64 = 7 * 86_400;
/// Leaders that are told of a request, the owner first; the others find it in their lists.
const LEADERS_TOLD_MAX: usize = 100;

/// What somebody decides about a request.
pub struct Decision {
    pub agrees: bool,
    pub text: String,
    /// From the notice or the list.
    pub auth: String,
}

/// The text of a notice, with a comma before it.
pub(super) fn remark_info(text: &str) -> String {
    format!(",\"RemarkInfo\":{}", quote(text))
}

/// By what a notice's receiver names the request, with a comma before it.
pub(super) fn authentication(auth: &str) -> String {
    format!(",\"Authentication\":{}", quote(auth))
}

/// Notes requests of `asker`, one for each joiner, and tells the leaders with one notice 1. Older ones that wait
/// between the same two are replaced.
pub(super) fn ask_leaders(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    (kind, asker): (i64, &str),
    joiners: &[String],
    remark: &str,
) -> Result<(), Error> {
    if joiners.is_empty() {
        return Ok(());
    }
    let mut leaders = members::leaders(tx, group.number())?;
    leaders.truncate(LEADERS_TOLD_MAX);
    let (auth, asked_at) = (cx.chat.random.token(), cx.chat.clock.millis());
    for joiner in joiners {
        if let Some(old) = table::waiting(tx, group.number(), kind, asker, joiner)? {
            replace(tx, cx, &old, &leaders)?;
        }
        let request = Request {
            group: group.number(),
            kind,
            asker: asker.to_owned(),
            joiner: joiner.clone(),
            remark: remark.to_owned(),
            auth: auth.clone(),
            asked_at,
            ..Request::default()
        };
        table::insert(tx, cx.app.id, &request)?;
    }
    let mut more = format!("{}{}", remark_info(remark), authentication(&auth));
    if kind == kind::INVITATION {
        let names: Vec<_> = joiners.iter().map(|it| quote(it)).collect();
        let shown = joiners.iter().map(|it| Shown::read(tx, cx.app.id, group.number(), it));
        let shown: Vec<_> = shown.map(|it| it.map(|it| it.json())).collect::<Result<_, _>>()?;
        _ = write!(
            more,
            ",\"MemberList_Account\":[{}],\"MsgMemberExtraInfoList\":[{}]",
            names.join(","),
            shown.join(",")
        );
    }
    for (leader, _) in &leaders {
        let more = more.clone();
        let notice = Notice { report: Report::Application, operator: asker, to: leader, more, except: None };
        notices::tell(tx, cx, told, (group, None), notice)?;
    }
    Ok(())
}

/// Takes a request back, and its notices when they were about nothing else.
fn replace(tx: &mut dyn Tx, cx: &Cx, old: &Request, leaders: &[(String, i64)]) -> Result<(), Error> {
    table::remove(tx, old.id)?;
    let others = table::by_auth(tx, cx.app.id, old.group, &old.auth)?;
    if others.iter().any(|it| it.answer == answer::NONE) {
        return Ok(());
    }
    for (leader, _) in leaders {
        store::notices::remove_about(tx, cx.app.id, leader, &old.auth)?;
    }
    Ok(())
}

/// Notes the caller's answer to requests of one call, and forgets the notice by which the caller knew of them once
/// none of them waits.
pub(super) fn settle(tx: &mut dyn Tx, cx: &Cx, requests: &[Request], it: &Decision) -> Result<(), Error> {
    let (caller, now) = (cx.caller.user(), cx.chat.clock.now());
    let answer = if it.agrees { answer::AGREED } else { answer::REFUSED };
    for request in requests {
        table::set_answer(tx, request.id, answer, (caller, now, &it.text))?;
    }
    let Some(first) = requests.first() else { return Ok(()) };
    let all = table::by_auth(tx, cx.app.id, first.group, &first.auth)?;
    if all.iter().all(|it| it.answer != answer::NONE) {
        store::notices::remove_about(tx, cx.app.id, caller, &first.auth)?;
    }
    Ok(())
}

/// Refuses callers that may not decide for the group with 10007.
fn check_leader(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<(), Error> {
    let role = member_in(tx, group.number(), cx.caller.user())?.map(|it| it.role);
    match role {
        Some(Role::Owner | Role::Admin) => Ok(()),
        Some(Role::Member) | None => {
            Err(Fail::with(Code::GroupDenied, "only the owner and admins decide on requests").into())
        }
    }
}

/// Decides on an application, or on all that one notice told of a member's invitation: by the authentication,
/// else by who asked.
pub async fn decide(cx: &Cx, group_id: &str, asker: String, it: Decision) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    let done = change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        check_leader(tx, &at, &group)?;
        let found = find_requests(tx, &at, number, &asker, &it.auth)?;
        let waiting: Vec<_> = found.into_iter().filter(|it| it.answer == answer::NONE).collect();
        match waiting.first().map(|it| it.kind) {
            None => Err(Code::GroupHandledAlready.into()),
            Some(kind::APPLICATION) => decide_application(tx, &at, told, &mut group, &waiting[0], &it),
            Some(_) => decide_invitation(tx, &at, told, &mut group, &waiting, &it),
        }
    });
    backend::note_full(cx, group_id, done.await).await
}

fn find_requests(
    tx: &mut dyn Tx,
    cx: &Cx,
    group: i64,
    asker: &str,
    auth: &str,
) -> Result<Vec<Request>, Error> {
    let mut found = table::by_auth(tx, cx.app.id, group, auth)?;
    found.retain(|it| it.kind != kind::CONSENT);
    if !found.is_empty() {
        return Ok(found);
    }
    if let Some(it) = table::waiting(tx, group, kind::APPLICATION, asker, asker)? {
        return Ok(vec![it]);
    }
    match table::newest_of(tx, group, kind::INVITATION, asker)? {
        Some(it) => Ok(table::by_auth(tx, cx.app.id, group, &it.auth)?),
        None => Ok(Vec::new()),
    }
}

/// Decides on a member's invitation of one user.
pub async fn decide_one(
    cx: &Cx,
    group_id: &str,
    (inviter, invited): (String, String),
    it: Decision,
) -> Result<(), Error> {
    let number = find(cx, group_id).await?.number();
    let at = cx.clone();
    let done = change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        check_leader(tx, &at, &group)?;
        let found = table::waiting(tx, number, kind::INVITATION, &inviter, &invited)?;
        let request = found.ok_or(Code::GroupHandledAlready)?;
        decide_invitation(tx, &at, told, &mut group, &[request], &it)
    });
    backend::note_full(cx, group_id, done.await).await
}

fn decide_application(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    request: &Request,
    it: &Decision,
) -> Result<(), Error> {
    let user = &request.joiner;
    if it.agrees {
        if member_in(tx, group.number(), user)?.is_some() {
            return Err(Code::GroupMemberAlready.into());
        }
        check_way(tx, cx, group, user)?;
    }
    settle(tx, cx, std::slice::from_ref(request), it)?;
    let report = if it.agrees { Report::Approved } else { Report::Refused };
    let more = remark_info(&it.text);
    let notice = Notice { report, operator: cx.caller.user(), to: user, more, except: None };
    notices::tell(tx, cx, told, (group, None), notice)?;
    match it.agrees {
        true => admit(tx, cx, told, group, std::slice::from_ref(user), (How::Applied, user)),
        false => Ok(()),
    }
}

/// Requests of one inviter. With an agreement those come in that can; when nobody can, the reason is told.
fn decide_invitation(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    requests: &[Request],
    it: &Decision,
) -> Result<(), Error> {
    let Some(inviter) = requests.first().map(|it| it.asker.clone()) else { return Ok(()) };
    let free = if it.agrees { able(tx, cx, group, requests)? } else { Vec::new() };
    settle(tx, cx, requests, it)?;
    if it.agrees {
        return bring_in(tx, cx, told, group, &free, (&inviter, false)).map(drop);
    }
    let more = remark_info(&it.text);
    let notice =
        Notice { report: Report::Refused, operator: cx.caller.user(), to: &inviter, more, except: None };
    notices::tell(tx, cx, told, (group, None), notice)
}

/// Those of the joiners who can come in.
fn able(tx: &mut dyn Tx, cx: &Cx, group: &Group, requests: &[Request]) -> Result<Vec<String>, Error> {
    let joiners: Vec<_> = requests.iter().map(|it| it.joiner.clone()).collect();
    let known = known(tx, cx.app.id, &joiners)?;
    let (mut free, mut why) = (Vec::new(), Code::GroupAccountUnknown);
    for user in joiners.into_iter().filter(|it| known.contains(it)) {
        if member_in(tx, group.number(), &user)?.is_some() {
            why = Code::GroupMemberAlready;
        } else if is_in_too_many(tx, cx, &user)? {
            why = Code::GroupUserFull;
        } else {
            free.push(user);
        }
    }
    if free.is_empty() { Err(why.into()) } else { Ok(free) }
}

/// A request as a handler sees it.
pub struct Listed {
    pub led: Led,
    /// JSON literals of nickname and avatar of who asks.
    pub nick: String,
    pub face: String,
}

/// A page of requests.
pub struct Page {
    pub items: Vec<Listed>,
    /// Where the next page begins; 0 when there is none.
    pub next: i64,
    /// How many of all requests wait.
    pub waiting: i64,
}

/// The newest requests that the caller may decide on: of communities, or of all other groups. `start` is 0 or
/// the end of the page before; requests of one millisecond are never parted.
pub async fn list(cx: &Cx, communities: bool, start: i64, limit: usize) -> Result<Page, Error> {
    let at = cx.clone();
    let read = cx.chat.db.read(move |tx| {
        let since = at.chat.clock.millis() - KEPT_SECONDS * 1000;
        let all = table::led_by(tx, at.app.id, at.caller.user(), communities, since, LISTED_MAX)?;
        let waiting = all.iter().filter(|it| it.request.answer == answer::NONE).count() as i64;
        let rest: Vec<_> = all.into_iter().filter(|it| start == 0 || it.request.asked_at < start).collect();
        let mut end = limit.max(1).min(rest.len());
        while end > 0 && end < rest.len() && rest[end].request.asked_at == rest[end - 1].request.asked_at {
            end += 1;
        }
        let next = if end < rest.len() { rest[end - 1].request.asked_at } else { 0 };
        let mut items = Vec::with_capacity(end);
        for led in rest.into_iter().take(end) {
            let (nick, face) = crate::relations::display(tx, at.app.id, &led.request.asker)?;
            items.push(Listed { led, nick, face });
        }
        Ok::<_, store::StoreError>(Page { items, next, waiting })
    });
    Ok(read.await?)
}
