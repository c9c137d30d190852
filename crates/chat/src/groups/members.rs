//! Who is in a group, and taking members in from elsewhere.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_member_info.yaml`,
//! `spec/rest/group_open_http_svc.import_group_member.yaml`.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::{Code, Fail};
use store::{StoreError, Tx, group_members as rows, group_messages as log};

use super::{
    Action, Group, Kind, Member, MsgFlag, Role, Told, find,
    invite::Invited,
    join::{came_in, known, room},
    make::is_in_too_many,
    may, member, member_in, open,
    told::change,
    topics,
};
use crate::{Cx, error::Error};

/// Members of a page at most; a community's pages are shorter, and those that clients ask for.
const PAGE_MAX: i64 = 6000;
const SMALL_PAGE_MAX: i64 = 100;
/// Members that are read when all are asked for: so many do not fit into an answer.
const ALL_MAX: i64 = 50_000;
/// What a client of a community sends for the first page.
const FIRST: [&str; 2] = ["", "0"];

/// Which members are asked for.
pub struct Wanted {
    /// None for all roles.
    pub roles: Vec<Role>,
    pub limit: Option<i64>,
    pub offset: i64,
    /// The cursor of a community's page.
    pub next: String,
}

pub struct Page {
    /// Of the whole group.
    pub total: i64,
    pub members: Vec<Member>,
    /// Of a community: the next cursor, empty at the end.
    pub next: Option<String>,
}

fn bad(info: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

/// The group, if the caller may read its members.
async fn readable(cx: &Cx, group_id: &str) -> Result<Arc<Group>, Error> {
    let group = find(cx, group_id).await?;
    if group.kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "an AVChatRoom keeps no members").into());
    }
    if !cx.is_admin() && member(cx, &group, cx.caller.user()).await?.is_none() {
        return Err(Fail::with(Code::GroupDenied, "only members may read the members").into());
    }
    Ok(group)
}

/// A page of members in the order of joining.
pub async fn list(cx: &Cx, group_id: &str, wanted: Wanted) -> Result<Page, Error> {
    let group = readable(cx, group_id).await?;
    let is_community = group.kind == Kind::Community;
    let most = if is_community || !cx.is_admin() { SMALL_PAGE_MAX } else { PAGE_MAX };
    if wanted.limit.is_some_and(|it| it > most) {
        return Err(bad(format!("Limit is more than {most}")));
    }
    if is_community && wanted.offset > 0 {
        return Err(bad("a community has Next instead of Offset"));
    }
    let roles = match wanted.roles.is_empty() {
        true => Role::Member.bit() | Role::Admin.bit() | Role::Owner.bit(),
        false => wanted.roles.iter().fold(0, |bits, it| bits | it.bit()),
    };
    let (number, now) = (group.number(), cx.chat.clock.now());
    if !is_community {
        let limit = wanted.limit.unwrap_or(if cx.is_admin() { ALL_MAX } else { SMALL_PAGE_MAX });
        let read = cx.chat.db.read(move |tx| {
            let found = rows::page_at(tx, number, wanted.offset, roles, limit)?;
            with_mutes(tx, number, now, found)
        });
        return Ok(Page { total: group.row.members, members: read.await?, next: None });
    }
    let (joined_at, user) = match FIRST.contains(&&*wanted.next) {
        true => (0, String::new()),
        false => read_cursor(number, &wanted.next).ok_or_else(|| bad("Next is no cursor of this group"))?,
    };
    let limit = wanted.limit.unwrap_or(SMALL_PAGE_MAX);
    let read = cx.chat.db.read(move |tx| {
        // One more shows whether there is a further page.
        let found = rows::page(tx, number, (joined_at, &user), roles, limit + 1)?;
        with_mutes(tx, number, now, found)
    });
    let mut members = read.await?;
    let has_more = members.len() as i64 > limit;
    members.truncate(usize::try_from(limit).unwrap_or(0));
    let last = members.last().filter(|_| has_more);
    let next = last.map_or_else(String::new, |it| cursor(number, &it.row));
    Ok(Page { total: group.row.members, members, next: Some(next) })
}

fn with_mutes(
    tx: &mut dyn Tx,
    group: i64,
    now: i64,
    found: Vec<rows::Member>,
) -> Result<Vec<Member>, StoreError> {
    let mutes: HashMap<_, _> = rows::muted(tx, group, now)?.into_iter().collect();
    let member = |row: rows::Member| Member {
        role: Role::from_number(row.role),
        flag: MsgFlag::from_number(row.flag),
        muted_until: mutes.get(&row.user).copied().unwrap_or(0),
        row,
    };
    Ok(found.into_iter().map(member).collect())
}

fn cursor(group: i64, last: &rows::Member) -> String {
    URL_SAFE_NO_PAD.encode(format!("{group}:{}:{}", last.joined_at, last.user))
}

fn read_cursor(group: i64, text: &str) -> Option<(i64, String)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (of, rest) = text.split_once(':')?;
    let (joined_at, user) = rest.split_once(':')?;
    let is_whole = of == group.to_string() && !user.contains('\0');
    if is_whole { Some((joined_at.parse().ok()?, user.to_owned())) } else { None }
}

/// The members among these users, each once, in their order.
pub async fn named(cx: &Cx, group_id: &str, users: Vec<String>) -> Result<Vec<Member>, Error> {
    let number = readable(cx, group_id).await?.number();
    let read = cx.chat.db.read(move |tx| {
        let mut found: Vec<Member> = Vec::new();
        for user in &users {
            if found.iter().all(|it| it.row.user != *user) {
                found.extend(member_in(tx, number, user)?);
            }
        }
        Ok::<_, StoreError>(found)
    });
    Ok(read.await?)
}

/// What each of these users is in the group; `None` for who is no member.
pub async fn roles(cx: &Cx, group_id: &str, users: Vec<String>) -> Result<Vec<Option<Role>>, Error> {
    let number = readable(cx, group_id).await?.number();
    let read = cx.chat.db.read(move |tx| {
        let role = |it: &String| Ok(rows::get(tx, number, it)?.map(|it| Role::from_number(it.role)));
        users.iter().map(role).collect::<Result<_, StoreError>>()
    });
    Ok(read.await?)
}

/// A member that comes from elsewhere.
pub struct Imported {
    pub user: String,
    pub role: Role,
    pub joined_at: Option<i64>,
    pub unread: i64,
}

/// Takes members in without telling anybody. Whoever cannot come in fails alone.
pub async fn import(cx: &Cx, group_id: &str, all: Vec<Imported>) -> Result<Vec<Invited>, Error> {
    let group = find(cx, group_id).await?;
    if group.kind == Kind::AvChatRoom {
        return Err(Fail::with(Code::GroupDenied, "an AVChatRoom keeps no members").into());
    }
    let has_admins = may(group.kind, Role::Owner, Action::SetAdmin);
    if !has_admins && all.iter().any(|it| it.role == Role::Admin) {
        return Err(Fail::with(Code::GroupDenied, "groups of this type have no admins").into());
    }
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, told| {
        let mut group = open(tx, number)?;
        let users: Vec<_> = all.iter().map(|it| it.user.clone()).collect();
        let known = known(tx, at.app.id, &users)?;
        let mut outcomes = Vec::with_capacity(all.len());
        for it in &all {
            outcomes.push(match known.contains(&it.user) {
                true => import_one(tx, &at, told, &mut group, it)?,
                false => Invited::Failed,
            });
        }
        Ok(outcomes)
    })
    .await
}

fn import_one(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &mut Group,
    it: &Imported,
) -> Result<Invited, Error> {
    let (number, now) = (group.number(), cx.chat.clock.now());
    if rows::get(tx, number, &it.user)?.is_some() {
        return Ok(Invited::Already);
    }
    let is_early = it.joined_at.is_some_and(|it| it <= group.row.created_at || it > now);
    if is_early || room(group) < 1 || is_in_too_many(tx, cx, &it.user)? {
        return Ok(Invited::Failed);
    }
    let newest = log::newest_seq(tx, number)?;
    let member = rows::Member {
        user: it.user.clone(),
        role: it.role as i64,
        joined_at: it.joined_at.unwrap_or(now),
        joined_seq: match it.joined_at {
            Some(second) => log::last_before(tx, number, second)?,
            None => newest,
        },
        read_seq: newest - it.unread.min(newest),
        flag: group.kind.default_flag() as i64,
        ..rows::Member::default()
    };
    rows::insert(tx, cx.app.id, number, &member)?;
    if it.joined_at.is_none() {
        topics::note_joining(tx, group, std::slice::from_ref(&it.user), now)?;
    }
    told.enter(&it.user, member.flag);
    came_in(tx, told, group, 1)?;
    Ok(Invited::Added)
}
