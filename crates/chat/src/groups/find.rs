//! Looking groups, topics and members up. What is cached is what the store has; see [`Groups`].

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use proto::{Code, Fail};
use quick_cache::sync::Cache;
use store::{StoreError, Tx, group_members as member_rows, groups as rows, topics as topic_rows};

use super::{
    discards::Discards,
    live_rooms::{self, Rooms},
    names::{Kind, MsgFlag, Role},
    recent::{PRIORITIES, Sent},
    spoke::Spoke,
};
use crate::{Cx, error::Error};

/// Groups and topics whose profile is kept in memory, per app.
const GROUPS_MAX: usize = 50_000;
/// Memberships kept in memory, per app.
const MEMBERS_MAX: usize = 200_000;
/// What stands between the group and the topic in a topic's id.
pub(crate) const TOPIC_MARK: &str = "@TOPIC#_";

/// A living group.
#[derive(Clone, Debug)]
pub struct Group {
    pub row: rows::Group,
    pub kind: Kind,
}

impl Group {
    pub fn new(row: rows::Group) -> Group {
        let kind = Kind::from_number(row.kind);
        Group { row, kind }
    }

    pub fn number(&self) -> i64 {
        self.row.id
    }

    pub fn id(&self) -> &str {
        &self.row.group_id
    }

    /// 0 ordinary, 1 community, 2 community with topics: how the wire marks it.
    pub fn million_flag(&self) -> i64 {
        match self.kind {
            Kind::Community if self.row.support_topic => 2,
            Kind::Community => 1,
            _ => 0,
        }
    }
}

/// A topic of a community.
pub type Topic = topic_rows::Topic;

/// A membership with the mute that stands beside it.
#[derive(Clone, Debug)]
pub struct Member {
    pub row: member_rows::Member,
    pub role: Role,
    pub flag: MsgFlag,
    /// Until which second the user may not speak in the group.
    pub muted_until: i64,
}

/// Caches of an app. A change calls `outdate` after its commit and then forgets what it changed; what was read
/// before that is not kept after it.
pub struct Groups {
    groups: Cache<String, Arc<Group>>,
    topics: Cache<String, Arc<Topic>>,
    members: Cache<(i64, String), Option<Arc<Member>>>,
    pub(super) discards: Discards,
    version: AtomicU64,
    pub(super) sent: Sent,
    pub spoke: Spoke,
    pub(crate) rooms: Rooms,
}

impl Default for Groups {
    fn default() -> Groups {
        Groups {
            groups: Cache::new(GROUPS_MAX),
            topics: Cache::new(GROUPS_MAX),
            members: Cache::new(MEMBERS_MAX),
            discards: Discards::default(),
            version: AtomicU64::new(0),
            sent: Sent::default(),
            spoke: Spoke::default(),
            rooms: Rooms::default(),
        }
    }
}

impl Groups {
    pub(crate) fn dropped(&self) -> [u64; PRIORITIES] {
        self.sent.dropped.each_ref().map(|it| it.load(Ordering::Relaxed))
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn outdate(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn forget(&self, group_id: &str) {
        self.groups.remove(group_id);
    }

    pub(super) fn forget_topic(&self, topic_id: &str) {
        self.topics.remove(topic_id);
    }

    pub(super) fn forget_member(&self, group: i64, user: &str) {
        self.members.remove(&(group, user.to_owned()));
    }

    /// Called when so much changed that single entries need not be named.
    pub(crate) fn forget_all(&self) {
        self.outdate();
        self.groups.clear();
        self.topics.clear();
        self.members.clear();
        self.discards.forget_all();
    }
}

fn gone() -> Error {
    Code::GroupUnknown.into()
}

fn never() -> Error {
    Code::GroupIdInvalid.into()
}

/// The living group of an id: an empty one is 10004, one that never was 10015, a dismissed one 10010.
pub async fn find(cx: &Cx, group_id: &str) -> Result<Arc<Group>, Error> {
    if group_id.is_empty() {
        return Err(Fail::with(Code::GroupParam, "GroupId is missing or empty").into());
    }
    let group = match cx.app.groups.groups.get(group_id) {
        Some(it) => it,
        None => read(cx, group_id).await?,
    };
    if group.kind == Kind::AvChatRoom {
        live_rooms::prepare(cx, &group).await?;
    }
    Ok(group)
}

async fn read(cx: &Cx, group_id: &str) -> Result<Arc<Group>, Error> {
    let version = cx.app.groups.version();
    let (app, id) = (cx.app.id, group_id.to_owned());
    let row = cx.chat.db.read(move |tx| rows::get(tx, app, &id)).await?;
    let group = Arc::new(living(row)?);
    if version == cx.app.groups.version() {
        cx.app.groups.groups.insert(group_id.to_owned(), group.clone());
    }
    Ok(group)
}

/// The same inside a transaction, which decides by it.
pub fn find_in(tx: &mut dyn Tx, app: u32, group_id: &str) -> Result<Group, Error> {
    let row = rows::get(tx, app, group_id)?;
    living(row)
}

/// A group by its number inside a transaction; 10010 when it was dismissed meanwhile.
pub fn open(tx: &mut dyn Tx, number: i64) -> Result<Group, Error> {
    let row = rows::by_number(tx, number)?.ok_or_else(gone)?;
    living(Some(row))
}

fn living(row: Option<rows::Group>) -> Result<Group, Error> {
    match row {
        None => Err(never()),
        Some(row) if row.dismissed_at > 0 => Err(gone()),
        Some(row) => Ok(Group::new(row)),
    }
}

/// The membership of a user, with its mute; `None` for who is no member.
pub async fn member(cx: &Cx, group: &Group, user: &str) -> Result<Option<Arc<Member>>, Error> {
    let key = (group.number(), user.to_owned());
    if let Some(it) = cx.app.groups.members.get(&key) {
        return Ok(it);
    }
    let version = cx.app.groups.version();
    let (number, name) = key.clone();
    let found = cx.chat.db.read(move |tx| member_in(tx, number, &name)).await?.map(Arc::new);
    if version == cx.app.groups.version() {
        cx.app.groups.members.insert(key, found.clone());
    }
    Ok(found)
}

/// The same inside a transaction, which decides by it.
pub fn member_in(tx: &mut dyn Tx, group: i64, user: &str) -> Result<Option<Member>, StoreError> {
    let Some(row) = member_rows::get(tx, group, user)? else { return Ok(None) };
    let muted_until = member_rows::muted_until(tx, group, user)?;
    Ok(Some(Member {
        role: Role::from_number(row.role),
        flag: MsgFlag::from_number(row.flag),
        row,
        muted_until,
    }))
}

/// The topic of this id in a group: one that does not belong to the group or is malformed is 10004, one that
/// is unknown or deleted 10010.
pub async fn topic(cx: &Cx, group: &Group, topic_id: &str) -> Result<Arc<Topic>, Error> {
    let is_own = topic_id.strip_prefix(group.id()).is_some_and(|it| it.starts_with(TOPIC_MARK));
    if !is_own || group.million_flag() != 2 {
        return Err(Fail::with(Code::GroupParam, "TopicId is not one of this group").into());
    }
    if let Some(it) = cx.app.groups.topics.get(topic_id) {
        return Ok(it);
    }
    let version = cx.app.groups.version();
    let (number, id) = (group.number(), topic_id.to_owned());
    let found = cx.chat.db.read(move |tx| topic_rows::get(tx, number, &id)).await?;
    let unknown = || Fail::with(Code::GroupUnknown, "the topic does not exist or was deleted");
    let topic = Arc::new(found.filter(|it| it.deleted_at == 0).ok_or_else(unknown)?);
    if version == cx.app.groups.version() {
        cx.app.groups.topics.insert(topic_id.to_owned(), topic.clone());
    }
    Ok(topic)
}
