//! Making groups, and taking them in from elsewhere.
//!
//! Contract: `spec/rest/group_open_http_svc.create_group.yaml`, `spec/rest/group_open_http_svc.import_group.yaml`.

use std::sync::Arc;

use proto::{Code, Fail};
use serde_json::{Map, Value};
use store::{StoreError, Tx, daily, group_members as members, groups as rows};

use super::{
    Action, ApplyOption, Group, ID_BYTES_MAX, InviteOption, Kind, MsgFlag, Role, Told, backend,
    fields::{self, Level},
    making_key, may,
    notices::{self, Notice, Report},
    told::change_under,
};
use crate::{Cx, accounts, error::Error, settings::Settings, statistics::Event as Counted, webhooks::Hook};

/// Members that an imported group may have when the import does not say.
const IMPORTED_MEMBERS_MAX: i64 = 2000;
/// Characters of ids that are made here.
const ID_ALPHABET: &[u8; 36] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const ID_CHARACTERS: usize = 10;

/// A member that a group begins with.
pub struct First {
    pub user: String,
    pub role: Role,
    pub flag: Option<MsgFlag>,
    pub card: String,
    pub custom: Map<String, Value>,
}

/// A group to make; what is `None` has the kind's default.
pub struct NewGroup {
    pub kind: Kind,
    pub group_id: Option<String>,
    pub owner: Option<String>,
    pub name: String,
    pub introduction: String,
    pub notification: String,
    pub face: String,
    pub max_members: Option<i64>,
    pub apply: Option<ApplyOption>,
    pub invite: Option<InviteOption>,
    pub support_topic: bool,
    pub custom: Map<String, Value>,
    pub members: Vec<First>,
    /// When it was made elsewhere, for an import, which nobody is told of.
    pub imported_at: Option<i64>,
}

/// A group that was made: its id, and first members that are in too many groups already.
pub struct Made {
    pub group_id: String,
    pub over_limit: Vec<String>,
}

fn bad(info: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

impl NewGroup {
    /// Everything that can be told without the store.
    fn check(&self, cx: &Cx) -> Result<(), Error> {
        let state = cx.app.state();
        let settings = &state.settings;
        check_texts(
            settings,
            [Some(&*self.name), Some(&*self.introduction), Some(&*self.notification), Some(&*self.face)],
        )?;
        if let Some(id) = &self.group_id {
            check_id(id, self.kind)?;
        }
        if self.kind == Kind::Community && !settings.features_community {
            return Err(Code::CommunityOff.into());
        }
        if self.support_topic && self.kind != Kind::Community {
            return Err(bad("SupportTopic is for communities only"));
        }
        if self.apply.is_some_and(|it| !may_have_apply(self.kind, it)) {
            return Err(bad("ApplyJoinOption is not possible for this type"));
        }
        if self.invite.is_some() && self.kind == Kind::AvChatRoom {
            return Err(bad("InviteJoinOption is not possible for an AVChatRoom"));
        }
        if self.kind == Kind::AvChatRoom && !self.members.is_empty() {
            return Err(Fail::with(Code::GroupDenied, "this group type does not allow MemberList").into());
        }
        let has_admins = may(self.kind, Role::Owner, Action::SetAdmin);
        for it in &self.members {
            if it.role == Role::Admin && !has_admins {
                return Err(Fail::with(Code::GroupDenied, "groups of this type have no admins").into());
            }
            if it.card.len() as i64 > settings.groups_max_bytes_name_card {
                return Err(bad("NameCard is too long"));
            }
            if it.card.contains('\0') {
                return Err(bad("NameCard has a character that cannot be stored"));
            }
            fields::check(&settings.groups_member_custom_fields, Level::Member, self.kind, &it.custom)?;
        }
        fields::check(&settings.groups_custom_fields, Level::Group, self.kind, &self.custom)
    }

    /// Most members that it may have; 0 for no limit.
    fn max_members(&self, cx: &Cx) -> i64 {
        let usual = match (self.imported_at, self.kind) {
            (None, _) | (_, Kind::Community) => cap(cx, self.kind),
            (Some(_), _) => clamp(cx, self.kind, IMPORTED_MEMBERS_MAX),
        };
        self.max_members.map_or(usual, |it| clamp(cx, self.kind, it))
    }

    fn row(&self, cx: &Cx, id: i64, group_id: String, now: i64) -> rows::Group {
        let apply = match self.kind {
            Kind::Private => ApplyOption::DisableApply,
            Kind::AvChatRoom | Kind::Community => ApplyOption::FreeAccess,
            Kind::ChatRoom => self.apply.unwrap_or(ApplyOption::FreeAccess),
            Kind::Public => self.apply.unwrap_or(ApplyOption::NeedPermission),
        };
        let invite = self.invite.unwrap_or(match self.kind {
            Kind::Private | Kind::Community => InviteOption::FreeAccess,
            Kind::Public | Kind::ChatRoom | Kind::AvChatRoom => InviteOption::DisableInvite,
        });
        rows::Group {
            id,
            app: cx.app.id.into(),
            group_id,
            kind: self.kind as i64,
            owner: self.owner.clone().unwrap_or_default(),
            name: self.name.clone(),
            introduction: self.introduction.clone(),
            notification: self.notification.clone(),
            face: self.face.clone(),
            created_at: self.imported_at.unwrap_or(now),
            info_seq: 1,
            info_at: self.imported_at.unwrap_or(now),
            max_members: self.max_members(cx),
            apply_option: apply as i64,
            invite_option: invite as i64,
            muted_all: false,
            support_topic: self.support_topic,
            active: self.kind != Kind::Private || self.imported_at.is_some(),
            custom: fields::text(&self.custom),
            members: 0,
            attr_seq: 0,
            counter_seq: 0,
            dismissed_at: 0,
            older_history: 0,
        }
    }
}

/// Most members that a group of this kind may have; 0 for no limit.
pub(crate) fn cap(cx: &Cx, kind: Kind) -> i64 {
    let state = cx.app.state();
    match kind {
        Kind::Private => state.settings.groups_private_max_members,
        Kind::Public => state.settings.groups_public_max_members,
        Kind::ChatRoom => state.settings.groups_chatroom_max_members,
        Kind::AvChatRoom => 0,
        Kind::Community => state.settings.groups_community_max_members,
    }
}

/// The number of members that a group of this kind gets when so many are asked for.
pub(crate) fn clamp(cx: &Cx, kind: Kind, wanted: i64) -> i64 {
    match (kind, cap(cx, kind)) {
        (Kind::AvChatRoom, cap) => cap,
        (_, 0) => wanted,
        (_, cap) => wanted.min(cap),
    }
}

/// Refuses a name, introduction, announcement or avatar that is too long, and a name that is empty, with 10004.
pub(crate) fn check_texts(settings: &Settings, texts: [Option<&str>; 4]) -> Result<(), Error> {
    let [name, ..] = texts;
    if name.is_some_and(str::is_empty) {
        return Err(bad("Name is missing or empty"));
    }
    let limits = [
        ("group name", settings.groups_max_bytes_name),
        ("group introduction", settings.groups_max_bytes_introduction),
        ("group announcement", settings.groups_max_bytes_notification),
        ("avatar URL", settings.groups_max_bytes_face_url),
    ];
    for ((what, most), text) in limits.into_iter().zip(texts) {
        let Some(text) = text else { continue };
        if text.len() as i64 > most {
            return Err(bad(format!("{what} is too long")));
        }
        if text.contains('\0') {
            return Err(bad(format!("{what} has a character that cannot be stored")));
        }
    }
    Ok(())
}

/// Whether groups of this kind may have the option at all.
pub(crate) fn may_have_apply(kind: Kind, option: ApplyOption) -> bool {
    match kind {
        Kind::Public | Kind::ChatRoom => true,
        Kind::Private => option == ApplyOption::DisableApply,
        Kind::AvChatRoom => option == ApplyOption::FreeAccess,
        Kind::Community => false,
    }
}

/// Refuses an id that an application may not choose with 10004. `spec/concepts/group-system.md` 6.
fn check_id(id: &str, kind: Kind) -> Result<(), Error> {
    let is_printable = id.bytes().all(|it| (0x20..=0x7e).contains(&it));
    if id.is_empty() || id.len() > ID_BYTES_MAX || !is_printable {
        return Err(bad(format!("GroupId must have 1 to {ID_BYTES_MAX} printable ASCII characters")));
    }
    if id.contains("@TOPIC#_") {
        return Err(bad("GroupId must not contain @TOPIC#_, which begins the id of a topic"));
    }
    let is_good = match kind {
        Kind::Community => {
            id.strip_prefix("@TGS#_").is_some_and(|it| !it.is_empty() && !it.starts_with("@TGS#"))
        }
        _ => !id.starts_with("@TGS#"),
    };
    match is_good {
        true => Ok(()),
        false => {
            Err(bad("GroupId must not start with @TGS#, and that of a community must start with @TGS#_"))
        }
    }
}

/// What makes ids differ that the server chooses.
pub(super) fn random_letters(cx: &Cx) -> String {
    (0..ID_CHARACTERS)
        .map(|_| char::from(ID_ALPHABET[cx.chat.random.u32() as usize % ID_ALPHABET.len()]))
        .collect()
}

fn random_id(cx: &Cx, kind: Kind) -> String {
    let letters = random_letters(cx);
    match kind {
        Kind::Community => format!("@TGS#_@TGS#{}{letters}", kind.letter()),
        _ => format!("@TGS#{}{letters}", kind.letter()),
    }
}

/// Makes a group with its owner and first members.
pub async fn make(cx: &Cx, new: NewGroup) -> Result<Made, Error> {
    new.check(cx)?;
    for user in new.owner.iter().chain(new.members.iter().map(|it| &it.user)) {
        if accounts::find_active(cx, user).await?.is_none() {
            return Err(Fail::with(Code::GroupAccountUnknown, format!("{user:?} is not a known user")).into());
        }
    }
    if cx.app.state().settings.groups_max_new_per_day > 0 {
        // The limit goes by what is counted, which is to be complete.
        cx.chat.store_statistics().await?;
    }
    let new = Arc::new(new);
    if new.imported_at.is_none() {
        ask(cx, &new).await?;
    }
    let at = cx.clone();
    change_under(cx, making_key(cx.app.id), 0, move |tx, told| make_in(tx, &at, &new, told)).await
}

/// Asks the backend whether the group may be made, once nothing else is against it.
async fn ask(cx: &Cx, new: &Arc<NewGroup>) -> Result<(), Error> {
    let it = new.clone();
    let owned = backend::look(cx, Hook::GroupCallbackBeforeCreateGroup, move |tx, cx| {
        check_in(tx, cx, &it)?;
        let owner = it.owner.as_deref().unwrap_or(cx.caller.user());
        Ok(rows::owned(tx, cx.app.id, owner)?)
    });
    match owned.await? {
        Some(owned) => backend::ask_create(cx, new, &owned).await,
        None => Ok(()),
    }
}

/// What a group begins with, if the store allows it.
struct Checked {
    /// The number of a dismissed group that had the id.
    left: Option<i64>,
    first: Vec<members::Member>,
    over_limit: Vec<String>,
}

fn check_in(tx: &mut dyn Tx, cx: &Cx, new: &NewGroup) -> Result<Checked, Error> {
    let left = match &new.group_id {
        Some(id) => {
            let owner = new.owner.as_deref().filter(|_| new.imported_at.is_none());
            find_left(tx, cx, id, owner)?
        }
        None => None,
    };
    if new.imported_at.is_none() {
        check_quotas(tx, cx, new)?;
    }
    let (first, over_limit) = first_members(tx, cx, new)?;
    let most = new.max_members(cx);
    if most > 0 && first.len() as i64 > most {
        return Err(Fail::with(Code::GroupMembersLimit, "more first members than the group may have").into());
    }
    Ok(Checked { left, first, over_limit })
}

fn make_in(tx: &mut dyn Tx, cx: &Cx, new: &NewGroup, told: &mut Told) -> Result<Made, Error> {
    let now = cx.chat.clock.now();
    let Checked { left, first, over_limit } = check_in(tx, cx, new)?;
    if let Some(old) = left {
        rows::forget(tx, old)?;
    }
    let group_id = new.group_id.clone().unwrap_or_else(|| random_id(cx, new.kind));
    let number = rows::next_number(tx)?;
    told.group = number;
    let mut row = new.row(cx, number, group_id.clone(), now);
    row.members = first.len() as i64;
    rows::insert(tx, &row)?;
    crate::search::keep_group(tx, &row)?;
    for member in &first {
        members::insert(tx, cx.app.id, number, member)?;
        told.enter(&member.user, member.flag);
    }
    let group = Group::new(row);
    told.forget_group(&group_id);
    if new.imported_at.is_none() {
        told.count(Counted::GroupMade, 1);
        announce(tx, cx, told, &group, &first)?;
        backend::created(tx, cx, &group, new, first.iter().map(|it| &it.user))?;
    }
    Ok(Made { group_id, over_limit })
}

/// Whether the id can be used: by nobody, or by a dismissed group, of which something is left under this number.
fn find_left(tx: &mut dyn Tx, cx: &Cx, id: &str, owner: Option<&str>) -> Result<Option<i64>, Error> {
    match rows::get(tx, cx.app.id, id)? {
        None => Ok(None),
        Some(old) if old.dismissed_at > 0 => Ok(Some(old.id)),
        Some(old) if owner.is_some_and(|it| it == old.owner) => Err(Code::GroupIdTakenByOwner.into()),
        Some(_) => Err(Code::GroupIdTaken.into()),
    }
}

fn check_quotas(tx: &mut dyn Tx, cx: &Cx, new: &NewGroup) -> Result<(), Error> {
    let state = cx.app.state();
    let settings = &state.settings;
    let is_over = |tx: &mut dyn Tx, most: i64, kind: i64| -> Result<bool, StoreError> {
        Ok(most > 0 && rows::count(tx, cx.app.id, kind)? >= most)
    };
    if is_over(tx, settings.groups_max_per_app, 0)? {
        return Err(Code::GroupQuota.into());
    }
    if new.kind == Kind::AvChatRoom && is_over(tx, settings.groups_max_avchatrooms, Kind::AvChatRoom as i64)?
    {
        return Err(Code::GroupRoomsFull.into());
    }
    if new.kind == Kind::Community
        && is_over(tx, settings.groups_community_max_per_app, Kind::Community as i64)?
    {
        return Err(Fail::with(Code::GroupUserFull, "the app has as many communities as it may have").into());
    }
    let per_day = settings.groups_max_new_per_day;
    if per_day > 0 && grown_today(tx, cx, state.zone.day(cx.chat.clock.now()))? >= per_day {
        return Err(Fail::with(Code::GroupRate, format!("over {per_day} new groups today")).into());
    }
    Ok(())
}

/// Groups that were made today, without those that were dismissed today.
fn grown_today(tx: &mut dyn Tx, cx: &Cx, today: i64) -> Result<i64, StoreError> {
    let counts = daily::since(tx, cx.app.id, today)?;
    let of = |what: &str| {
        let found = counts.iter().filter(|it| it.0 == today && it.1 == what);
        found.map(|it| it.2).sum::<i64>()
    };
    Ok(of("groups_made") - of("groups_disbanded"))
}

/// Owner and members, each once, without those that are in too many groups; they are returned apart.
fn first_members(
    tx: &mut dyn Tx,
    cx: &Cx,
    new: &NewGroup,
) -> Result<(Vec<members::Member>, Vec<String>), Error> {
    let now = cx.chat.clock.now();
    let (mut first, mut over_limit): (Vec<members::Member>, Vec<String>) = (Vec::new(), Vec::new());
    let row = |user: &str, role: Role, flag: Option<MsgFlag>, card: &str, custom: String| members::Member {
        user: user.to_owned(),
        role: role as i64,
        joined_at: new.imported_at.unwrap_or(now),
        flag: flag.unwrap_or(new.kind.default_flag()) as i64,
        card: card.to_owned(),
        custom,
        ..members::Member::default()
    };
    if let Some(owner) = new.owner.as_ref() {
        if new.imported_at.is_none() && is_in_too_many(tx, cx, owner)? {
            return Err(Code::GroupUserFull.into());
        }
        if new.kind.has_members() {
            first.push(row(owner, Role::Owner, None, "", String::new()));
        }
    }
    for it in &new.members {
        if first.iter().any(|known| known.user == it.user) || over_limit.contains(&it.user) {
            continue;
        }
        match is_in_too_many(tx, cx, &it.user)? {
            true => over_limit.push(it.user.clone()),
            false => first.push(row(&it.user, it.role, it.flag, &it.card, fields::text(&it.custom))),
        }
    }
    Ok((first, over_limit))
}

/// Whether a user may not join any further group.
pub(crate) fn is_in_too_many(tx: &mut dyn Tx, cx: &Cx, user: &str) -> Result<bool, StoreError> {
    let most = cx.app.state().settings.groups_max_joined;
    if most == 0 || proto::user_id::is_robot(user) {
        return Ok(false);
    }
    Ok(members::count_groups_of(tx, cx.app.id, user)? >= most)
}

/// Notice 6 to the owner's other sessions, 7 to the members; a Private group's wait for its first message.
fn announce(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    first: &[members::Member],
) -> Result<(), Error> {
    let owner = group.row.owner.clone();
    let operator = cx.caller.user();
    if !owner.is_empty() {
        let notice = Notice {
            report: Report::Created,
            operator,
            to: &owner,
            more: String::new(),
            except: cx.caller.instance(),
        };
        notices::tell(tx, cx, told, (group, None), notice)?;
    }
    if group.row.active {
        for member in first.iter().filter(|it| it.user != owner) {
            added(tx, cx, told, group, operator, &member.user)?;
        }
    }
    Ok(())
}

/// Notice 7: somebody was added, by an inviter.
pub(crate) fn added(
    tx: &mut dyn Tx,
    cx: &Cx,
    told: &mut Told,
    group: &Group,
    inviter: &str,
    user: &str,
) -> Result<(), Error> {
    let notice =
        Notice { report: Report::Added, operator: inviter, to: user, more: String::new(), except: None };
    notices::tell(tx, cx, told, (group, None), notice)
}
