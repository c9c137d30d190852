//! Changing one membership: role, receive option, name card, custom fields, mute.
//!
//! Contract: `spec/rest/group_open_http_svc.modify_group_member_info.yaml`, for clients
//! `spec/client/commands/group_open_http_svc.modify_group_member_info.yaml`.

use proto::{Code, Fail, json::quote};
use serde_json::{Map, Value};
use store::{Tx, group_members as rows, topic_members};

use super::{
    Action, Group, Kind, Member, MsgFlag, Role, Told, Topic, backend,
    fields::{self, Level},
    find, may, may_act_on, member_in, mute,
    notices::{self, Notice, Report},
    open,
    tips::{self, Op, Tip},
    told::change,
    topic, topics,
};
use crate::{Cx, error::Error};

/// Admins of a live room. `spec/concepts/group-system.md` 3.
const ROOM_ADMINS_MAX: i64 = 5;

/// What is to change about a member; everything or nothing of it does.
pub struct Change {
    pub user: String,
    /// Admin or Member.
    pub role: Option<Role>,
    pub flag: Option<MsgFlag>,
    pub card: Option<String>,
    pub custom: Map<String, Value>,
    /// Seconds, 0 ends a mute.
    pub mute: Option<u32>,
    /// Receive option and mute are those of the topic.
    pub topic: Option<String>,
}

fn bad(info: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

fn denied(info: &'static str) -> Error {
    Fail::with(Code::GroupDenied, info).into()
}

impl Change {
    /// What is of no topic.
    fn is_of_group(&self) -> bool {
        self.role.is_some() || self.card.is_some() || !self.custom.is_empty()
    }

    fn check(&self, cx: &Cx) -> Result<(), Error> {
        if !self.is_of_group() && self.flag.is_none() && self.mute.is_none() {
            return Err(bad("there is nothing to change"));
        }
        if self.role == Some(Role::Owner) {
            return Err(bad("Role must be Admin or Member; change_group_owner hands a group over"));
        }
        if self.topic.is_some() && self.is_of_group() {
            return Err(bad("only MsgFlag and MuteTime are of a topic"));
        }
        let most = cx.app.state().settings.groups_max_bytes_name_card;
        match self.card.as_ref().is_some_and(|it| it.len() as i64 > most || it.contains('\0')) {
            true => Err(bad(format!("NameCard is longer than {most} bytes"))),
            false => Ok(()),
        }
    }

    /// What a kind of group does not have.
    fn check_kind(&self, cx: &Cx, kind: Kind) -> Result<(), Error> {
        if kind == Kind::AvChatRoom
            && (cx.is_admin() || self.flag.is_some() || self.card.is_some() || !self.custom.is_empty())
        {
            return Err(denied("an AVChatRoom keeps no member profiles"));
        }
        if self.mute.is_some() {
            mute::check_kind(kind)?;
        }
        if self.role == Some(Role::Admin) && !may(kind, Role::Owner, Action::SetAdmin) {
            return Err(denied("groups of this type have no admins"));
        }
        let declared = &cx.app.state().settings.groups_member_custom_fields;
        fields::check(declared, Level::Member, kind, &self.custom)
    }

    /// Whether a client of this role may do it; a target that is not there counts as a member.
    fn check_rights(&self, cx: &Cx, kind: Kind, own: Role, target: Role) -> Result<(), Error> {
        let is_self = cx.caller.user() == self.user;
        let is_above = may_act_on(own, target);
        if self.role.is_some() && !(may(kind, own, Action::SetAdmin) && target != Role::Owner) {
            return Err(denied("only the owner makes and unmakes admins"));
        }
        if self.mute.is_some() && !(may(kind, own, Action::MuteOne) && is_above && !is_self) {
            return Err(denied("the caller may not mute this member"));
        }
        if self.flag.is_some() && !is_self {
            return Err(denied("MsgFlag is for the member itself"));
        }
        let may_write = is_self || (may(kind, own, Action::ChangeOthersCard) && is_above);
        if (self.card.is_some() || !self.custom.is_empty()) && !may_write {
            return Err(denied("the caller may not change this member's profile"));
        }
        let state = cx.app.state();
        let is_closed = |key: &String| {
            let field = state.settings.groups_member_custom_fields.iter().find(|it| it.name == *key);
            field.is_some_and(|it| !it.app_write)
        };
        match self.custom.keys().any(is_closed) {
            true => Err(denied("a custom field is not for clients to write")),
            false => Ok(()),
        }
    }
}

/// Changes a membership, and tells whom it concerns.
pub async fn change_member(cx: &Cx, group_id: &str, it: Change) -> Result<(), Error> {
    it.check(cx)?;
    let group = find(cx, group_id).await?;
    let topic = match &it.topic {
        Some(id) => Some(topic(cx, &group, id).await?),
        None => None,
    };
    it.check_kind(cx, group.kind)?;
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, told| {
        let group = open(tx, number)?;
        let member = target(tx, &at, &group, &it)?;
        let place = (&group, topic.as_deref());
        let is_muted = match it.mute {
            Some(seconds) => mute::set(tx, &at, told, place, (&it.user, seconds))?,
            None => false,
        };
        if let Some(member) = member {
            match &topic {
                Some(topic) => change_in_topic(tx, &at, told, (&group, topic), &member, &it)?,
                None => change_row(tx, &at, told, &group, &member, &it)?,
            }
        }
        match it.mute.filter(|_| is_muted) {
            Some(seconds) => mute::tell(tx, &at, told, place, (std::slice::from_ref(&it.user), seconds)),
            None => Ok(()),
        }
    })
    .await
}

/// The membership that is to change, once everything allows it. Only in a live room there may be none.
fn target(tx: &mut dyn Tx, cx: &Cx, group: &Group, it: &Change) -> Result<Option<Member>, Error> {
    let number = group.number();
    let own = match cx.is_admin() {
        true => None,
        false => Some(own_role(tx, cx, group)?.ok_or_else(|| denied("the caller is no member"))?),
    };
    let member = member_in(tx, number, &it.user)?;
    let may_be_absent = group.kind == Kind::AvChatRoom && it.role.is_none();
    if member.is_none() && !may_be_absent {
        return Err(bad("Member_Account is not a group member"));
    }
    let is_owner = group.row.owner == it.user;
    let role = member.as_ref().map_or(if is_owner { Role::Owner } else { Role::Member }, |it| it.role);
    if let Some(own) = own {
        it.check_rights(cx, group.kind, own, role)?;
    }
    if it.role.is_some() && role == Role::Owner {
        return Err(bad("role of the owner cannot be changed"));
    }
    if it.role == Some(Role::Admin) && role != Role::Admin {
        let most = match group.kind {
            Kind::AvChatRoom => ROOM_ADMINS_MAX,
            _ => cx.app.state().settings.groups_max_admins,
        };
        if most > 0 && rows::count_admins(tx, number)? >= most {
            return Err(bad(format!("the group has {most} admins already")));
        }
    }
    Ok(member)
}

/// The caller's role. The owner of a live room has it also while it is not there.
fn own_role(tx: &mut dyn Tx, cx: &Cx, group: &Group) -> Result<Option<Role>, Error> {
    let user = cx.caller.user();
    if group.kind == Kind::AvChatRoom && group.row.owner == user {
        return Ok(Some(Role::Owner));
    }
    Ok(member_in(tx, group.number(), user)?.map(|it| it.role))
}

fn change_row(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    member: &Member,
    it: &Change,
) -> Result<(), Error> {
    let mut row = member.row.clone();
    row.role = it.role.unwrap_or(member.role) as i64;
    row.flag = it.flag.unwrap_or(member.flag) as i64;
    if let Some(card) = &it.card {
        row.card.clone_from(card);
    }
    if !it.custom.is_empty() {
        row.custom = fields::merged(&row.custom, &it.custom)?;
    }
    if row == member.row {
        return Ok(());
    }
    rows::update(tx, group.number(), &row)?;
    told.forget_member(&row.user);
    backend::member_changed(tx, cx, group, (&member.row, &row))?;
    if row.flag != member.row.flag {
        told.enter(&row.user, row.flag);
        tell_flag(tx, cx, told, (group, None), (&row.user, MsgFlag::from_number(row.flag)))?;
    }
    if row.role == member.row.role {
        return Ok(());
    }
    let (report, op) = match row.role > member.row.role {
        true => (Report::MadeAdmin, Op::AdminSet),
        false => (Report::NoAdmin, Op::AdminCancelled),
    };
    let operator = cx.caller.user();
    let notice = Notice { report, operator, to: &row.user, more: String::new(), except: None };
    notices::tell(tx, cx, told, (group, None), notice)?;
    let users = std::slice::from_ref(&row.user);
    let tip = Tip { op, operator, users, more: String::new(), but: Vec::new() };
    tips::tell(tx, cx, told, (group, None), tips::Change::Roles, tip)
}

/// Notice 20 to the user's other sessions.
fn tell_flag(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    place: (&Group, Option<&Topic>),
    (user, flag): (&str, MsgFlag),
) -> Result<(), Error> {
    let notice = Notice {
        report: Report::FlagChanged,
        operator: cx.caller.user(),
        to: user,
        more: format!(",\"MsgFlag\":{}", quote(flag.name())),
        except: cx.caller.instance(),
    };
    notices::tell(tx, cx, told, place, notice)
}

fn change_in_topic(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    (group, topic): (&Group, &Topic),
    member: &Member,
    it: &Change,
) -> Result<(), Error> {
    let Some(flag) = it.flag else { return Ok(()) };
    let user = &member.row.user;
    topics::keep_own(tx, topic.id, &member.row)?;
    let before = topic_members::get(tx, topic.id, user)?.map(|it| it.flag);
    if before == Some(flag as i64) {
        return Ok(());
    }
    rows::set_topic_flag(tx, topic.id, user, flag as i64)?;
    told.forget_discards();
    tell_flag(tx, cx, told, (group, Some(topic)), (user, flag))
}
