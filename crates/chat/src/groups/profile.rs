//! What is shown of groups, and changing it.
//!
//! Contract: `spec/rest/group_open_http_svc.get_group_info.yaml`,
//! `spec/rest/group_open_http_svc.modify_group_base_info.yaml`.

use std::{borrow::Cow, collections::HashMap, fmt::Write};

use proto::{Code, Fail, json::quote};
use serde_json::{Map, Value};
use store::{Tx, group_members as members, groups as rows, joined_groups::newest};

use super::{
    Action, ApplyOption, Group, InviteOption, Kind, Member, MsgFlag, Role, Told, backend,
    fields::{self, Level},
    find, live_rooms,
    make::{check_texts, clamp, may_have_apply},
    may, member_in, open,
    tips::{self, Change, Keep, Op, Tip},
    told::change,
    view,
};
use crate::{Cx, accounts, error::Error};

/// Members of a community that its profile lists.
const COMMUNITY_MEMBERS_MAX: i64 = 100;
/// Members that the profiles of one call list together; with more an answer would be over 1 MB.
const MEMBERS_MAX: usize = 50_000;
/// Members read in one step.
const STEP: i64 = 1000;
/// All roles, as bits.
const ROLES: i64 = 7;

/// A group with what its profile shows besides its row.
#[derive(Clone, Debug)]
pub struct Profile {
    pub group: Group,
    /// Number and time of the newest stored message; 0 for none.
    pub last_seq: i64,
    pub last_time: i64,
}

/// What is looked for with groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    Nothing,
    /// What their profile lists of their members.
    Members,
    /// The caller's membership. Private groups of others are refused.
    Own,
    /// The same; the owner of a live room is refused while it is not there.
    OwnPresence,
    /// What somebody who searches may see: no Private groups.
    Public,
}

/// A group that was found.
pub struct Found {
    pub profile: Profile,
    pub members: Vec<Member>,
}

fn denied(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupDenied, info.into()).into()
}

fn bad(info: impl Into<Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

/// The groups of these ids, in their order, each with its own result.
pub async fn profiles(cx: &Cx, ids: &[String], with: With) -> Result<Vec<Result<Found, Fail>>, Error> {
    let (mut all, mut listed) = (Vec::with_capacity(ids.len()), 0);
    for id in ids {
        match profile(cx, id, with).await {
            Ok(it) => {
                listed += it.members.len();
                all.push(Ok(it));
            }
            Err(Error::Fail(fail)) => all.push(Err(fail)),
            Err(error) => return Err(error),
        }
        if listed > MEMBERS_MAX {
            return Err(Code::GroupAnswerTooLong.into());
        }
    }
    Ok(all)
}

async fn profile(cx: &Cx, id: &str, with: With) -> Result<Found, Error> {
    if id.is_empty() {
        return Err(Code::GroupIdInvalid.into());
    }
    let number = find(cx, id).await?.number();
    let at = cx.clone();
    cx.chat
        .db
        .read(move |tx| {
            let group = open(tx, number)?;
            let members = beside(tx, &at, &group, with)?;
            let (last_seq, last_time) = newest(tx, number)?;
            Ok(Found { profile: Profile { group, last_seq, last_time }, members })
        })
        .await
}

fn beside(tx: &mut dyn Tx, cx: &Cx, group: &Group, with: With) -> Result<Vec<Member>, Error> {
    match with {
        With::Nothing => Ok(Vec::new()),
        With::Members => listed(tx, cx, group),
        With::Own | With::OwnPresence => {
            let own = member_in(tx, group.number(), cx.caller.user())?;
            let is_owner = group.row.owner == cx.caller.user();
            let sees = group.row.active || is_owner;
            if group.kind == Kind::Private && (own.is_none() || !sees) {
                return Err(denied("only members see this group"));
            }
            if with == With::OwnPresence && group.kind == Kind::AvChatRoom && is_owner && own.is_none() {
                return Err(denied("the owner has not joined this room"));
            }
            Ok(own.into_iter().collect())
        }
        With::Public if group.kind == Kind::Private => Err(denied("this group type cannot be searched")),
        With::Public => Ok(Vec::new()),
    }
}

/// The members that a profile lists: all, of a community the first, of a live room none.
fn listed(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<Vec<Member>, Error> {
    let (number, mut after) = (group.number(), (i64::MIN, String::new()));
    if !group.kind.has_members() {
        return Ok(Vec::new());
    }
    if group.kind == Kind::Community {
        let page = members::page(tx, number, (after.0, &after.1), ROLES, COMMUNITY_MEMBERS_MAX)?;
        let with_mute = |it: members::Member| {
            let until = members::muted_until(tx, number, &it.user)?;
            Ok(new_member(it, until))
        };
        return page.into_iter().map(with_mute).collect();
    }
    let muted: HashMap<_, _> = members::muted(tx, number, cx.chat.clock.now())?.into_iter().collect();
    let mut all = Vec::new();
    loop {
        let page = members::page(tx, number, (after.0, &after.1), ROLES, STEP)?;
        let is_last = (page.len() as i64) < STEP;
        for it in page {
            after = (it.joined_at, it.user.clone());
            let until = muted.get(&it.user).copied().unwrap_or(0);
            all.push(new_member(it, until));
        }
        if is_last || all.len() > MEMBERS_MAX {
            return Ok(all);
        }
    }
}

pub(super) fn new_member(row: members::Member, muted_until: i64) -> Member {
    Member { role: Role::from_number(row.role), flag: MsgFlag::from_number(row.flag), row, muted_until }
}

/// What is to change of a group; what is `None` stays.
#[derive(Default)]
pub struct Changes {
    pub name: Option<String>,
    pub introduction: Option<String>,
    pub notification: Option<String>,
    pub face: Option<String>,
    pub max_members: Option<i64>,
    pub apply: Option<ApplyOption>,
    pub invite: Option<InviteOption>,
    pub mute_all: Option<bool>,
    /// Whether members read what was said before they came.
    pub older_history: Option<bool>,
    /// Only these keys; an empty value deletes.
    pub custom: Option<Map<String, Value>>,
}

impl Changes {
    fn has_profile(&self) -> bool {
        [&self.name, &self.introduction, &self.notification, &self.face].into_iter().any(Option::is_some)
    }

    fn has_options(&self) -> bool {
        self.max_members.is_some()
            || self.apply.is_some()
            || self.invite.is_some()
            || self.mute_all.is_some()
            || self.older_history.is_some()
            || self.custom.is_some()
    }

    /// Whether the values are possible for this group.
    fn check(&self, cx: &Cx, group: &Group) -> Result<(), Error> {
        let state = cx.app.state();
        let texts = [&self.name, &self.introduction, &self.notification, &self.face];
        check_texts(&state.settings, texts.map(|it| it.as_deref()))?;
        if self.apply.is_some_and(|it| !may_have_apply(group.kind, it)) {
            return Err(bad("ApplyJoinOption is not possible for this type"));
        }
        if self.invite.is_some() && group.kind == Kind::AvChatRoom {
            return Err(bad("InviteJoinOption is not possible for an AVChatRoom"));
        }
        if self.older_history.is_some() && matches!(group.kind, Kind::AvChatRoom | Kind::Community) {
            return Err(bad("HistoryMsgBeforeJoin is not possible for this type"));
        }
        let Some(custom) = &self.custom else { return Ok(()) };
        let declared = &state.settings.groups_custom_fields;
        fields::check(declared, Level::Group, group.kind, custom)?;
        let closed = declared.iter().find(|it| !it.app_write && custom.contains_key(&it.name));
        match closed {
            Some(it) if !cx.is_admin() => Err(denied(format!("clients may not write {:?}", it.name))),
            _ => Ok(()),
        }
    }
}

/// Changes a group, and tells its members in one tip. `operator` is who does it, if not the caller.
pub async fn change_profile(
    cx: &Cx,
    id: &str,
    operator: Option<String>,
    changes: Changes,
) -> Result<(), Error> {
    let group = find(cx, id).await?;
    let operator = operator.unwrap_or_else(|| cx.caller.user().to_owned());
    if accounts::find_active(cx, &operator).await?.is_none() {
        return Err(Fail::with(Code::GroupAccountUnknown, "From_Account does not exist").into());
    }
    if group.kind == Kind::AvChatRoom {
        live_rooms::prepare(cx, &group).await?;
    }
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        check_rights(tx, &at, &group, &changes)?;
        changes.check(&at, &group)?;
        apply(tx, &at, told, &group, &operator, &changes)
    })
    .await
}

/// A client needs the right to everything that it changes.
fn check_rights(tx: &mut dyn Tx, cx: &Cx, group: &Group, changes: &Changes) -> Result<(), Error> {
    if cx.is_admin() {
        return Ok(());
    }
    let user = cx.caller.user();
    let role = match member_in(tx, group.number(), user)? {
        Some(it) => it.role,
        None if !group.kind.has_members() && group.row.owner == user => Role::Owner,
        None => return Err(denied("only members may change the group")),
    };
    let needed =
        [(changes.has_profile(), Action::ChangeProfile), (changes.has_options(), Action::ChangeOptions)];
    for (_, action) in needed.into_iter().filter(|it| it.0) {
        if !may(group.kind, role, action) {
            return Err(denied("the role does not allow this change"));
        }
    }
    Ok(())
}

fn apply(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    old: &Group,
    operator: &str,
    changes: &Changes,
) -> Result<(), Error> {
    let mut group = old.clone();
    let row = &mut group.row;
    for (field, new) in [
        (&mut row.name, &changes.name),
        (&mut row.introduction, &changes.introduction),
        (&mut row.notification, &changes.notification),
        (&mut row.face, &changes.face),
    ] {
        if let Some(new) = new {
            field.clone_from(new);
        }
    }
    if let Some(wanted) = changes.max_members {
        row.max_members = clamp(cx, old.kind, wanted);
    }
    row.apply_option = changes.apply.map_or(row.apply_option, |it| it as i64);
    row.invite_option = changes.invite.map_or(row.invite_option, |it| it as i64);
    row.muted_all = changes.mute_all.unwrap_or(row.muted_all);
    if let Some(shown) = changes.older_history {
        row.older_history = if shown { view::OLDER_SHOWN } else { view::OLDER_HIDDEN };
    }
    if let Some(custom) = &changes.custom {
        row.custom = fields::merged(&row.custom, custom)?;
    }
    if group.row == old.row {
        return Ok(());
    }
    group.row.info_seq += 1;
    group.row.info_at = cx.chat.clock.now();
    rows::update(tx, &group.row)?;
    if group.row.name != old.row.name {
        crate::search::keep_group(tx, &group.row)?;
    }
    told.forget_group(group.id());
    tell(tx, cx, told, (old, &group), operator)?;
    backend::info_changed(tx, cx, (old, &group), operator)
}

/// Tip 6 with what changed and what the app wants to have told, stored if any of it is.
fn tell(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (old, new): (&Group, &Group),
    operator: &str,
) -> Result<(), Error> {
    let parts = [
        (Change::Profile, profile_part(&old.row, &new.row)),
        (Change::Options, options_part(&old.row, &new.row)),
        (Change::CustomFields, custom_part(cx, &old.row, &new.row)?),
    ];
    let told_parts: Vec<_> = parts
        .into_iter()
        .map(|(change, part)| (change.keep(cx, new.kind), change, part))
        .filter(|it| it.0 != Keep::Off && !it.2.is_empty())
        .collect();
    let stored = told_parts.iter().find(|it| it.0 == Keep::Stored);
    let Some((_, change, _)) = stored.or(told_parts.first()) else { return Ok(()) };
    let all: String = told_parts.iter().map(|it| it.2.as_str()).collect();
    let more = format!(",\"MsgGroupNewInfo\":{{{}}}", all.trim_start_matches(','));
    let tip = Tip { op: Op::GroupChanged, operator, users: &[], more, but: Vec::new() };
    tips::tell(tx, cx, told, (new, None), *change, tip)
}

fn profile_part(old: &rows::Group, new: &rows::Group) -> String {
    let mut out = String::new();
    for (name, old, new) in [
        ("GroupName", &old.name, &new.name),
        ("GroupIntroduction", &old.introduction, &new.introduction),
        ("GroupNotification", &old.notification, &new.notification),
        ("GroupFaceUrl", &old.face, &new.face),
    ] {
        if old != new {
            _ = write!(out, ",\"{name}\":{}", quote(new));
        }
    }
    out
}

fn options_part(old: &rows::Group, new: &rows::Group) -> String {
    let mut out = String::new();
    if old.apply_option != new.apply_option {
        let name = ApplyOption::from_number(new.apply_option).name();
        _ = write!(out, ",\"GroupApplyJoinOption\":\"{name}\"");
    }
    if old.invite_option != new.invite_option {
        let name = InviteOption::from_number(new.invite_option).name();
        _ = write!(out, ",\"InviteJoinOption\":\"{name}\"");
    }
    if old.muted_all != new.muted_all {
        _ = write!(out, ",\"ShutupAll\":{}", i64::from(new.muted_all));
    }
    out
}

/// The custom fields that changed and that clients may read; one that was deleted has no value.
fn custom_part(cx: &Cx, old: &rows::Group, new: &rows::Group) -> Result<String, Error> {
    let (before, after) = (fields::read(&old.custom)?, fields::read(&new.custom)?);
    let state = cx.app.state();
    let may_read =
        |key: &str| state.settings.groups_custom_fields.iter().all(|it| it.name != key || it.app_read);
    let changed = after.iter().filter(|it| before.get(it.0) != Some(it.1));
    let mut items: Vec<_> = changed
        .filter(|it| may_read(it.0))
        .map(|(key, value)| format!("{{\"Key\":{},\"Value\":{value}}}", quote(key)))
        .collect();
    let gone = before.keys().filter(|it| !after.contains_key(*it) && may_read(it));
    items.extend(gone.map(|key| format!("{{\"Key\":{},\"Value\":\"\"}}", quote(key))));
    if items.is_empty() {
        return Ok(String::new());
    }
    Ok(format!(",\"MsgAppDefinedData\":[{}]", items.join(",")))
}
