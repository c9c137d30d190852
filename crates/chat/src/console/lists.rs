//! An app's users, groups and conversations as operators see them: whole, by key, a page at a time.

use std::collections::BTreeMap;

pub use store::console_lists::{Group, Login, Member, NickPlace, User};
use store::{
    Tx, accounts, console_lists as table, console_messages, contacts, friends, group_attributes,
    group_counters, group_members, group_messages, groups, messages, profiles, topics,
};

use super::Trouble;
use crate::{Chat, groups::Kind, messages::lane};

/// Entries of one page.
pub const PAGE_MAX: i64 = 500;
/// Logins of a user that are shown.
const LOGINS_MAX: i64 = 100;
/// Entries are counted to this.
pub(super) const COUNTED_MAX: i64 = 100_000;

/// A user whole.
pub struct WholeUser {
    pub user: User,
    pub custom_status: String,
    pub friends: i64,
    pub groups: i64,
    /// JSON literals by tag.
    pub profile: BTreeMap<String, String>,
    /// Logins that have not ended.
    pub alive: usize,
}

/// A group whole, but for members and messages.
pub struct WholeGroup {
    pub row: groups::Group,
    pub newest_seq: i64,
    pub attributes: BTreeMap<String, String>,
    pub counters: BTreeMap<String, i64>,
}

/// A stretch of a one-to-one conversation, newest first, and in which lane `one` sends.
pub struct Conversation {
    pub messages: Vec<messages::Message>,
    pub lane_of_one: i64,
}

fn no_user(user: &str) -> Trouble {
    Trouble::NotFound(format!("there is no user {user:?}"))
}

fn no_group(group: &str) -> Trouble {
    Trouble::NotFound(format!("there is no group {group:?}"))
}

/// The living group of this id.
pub(super) fn living(tx: &mut dyn Tx, app: u32, group: &str) -> Result<groups::Group, Trouble> {
    groups::get(tx, app, group)?.filter(|it| it.dismissed_at == 0).ok_or_else(|| no_group(group))
}

/// The number under which messages of a group, or of one of its topics, are kept.
pub(super) fn lane_of(tx: &mut dyn Tx, group: &groups::Group, topic: &str) -> Result<i64, Trouble> {
    if topic.is_empty() {
        return Ok(group.id);
    }
    let found = topics::get(tx, group.id, topic)?.filter(|it| it.deleted_at == 0);
    Ok(found.ok_or_else(|| Trouble::NotFound(format!("there is no topic {topic:?}")))?.id)
}

impl Chat {
    /// Users whose ids begin so, after an id.
    pub async fn users_page(
        &self,
        app: u32,
        prefix: String,
        after: String,
        limit: i64,
    ) -> Result<Vec<User>, Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        Ok(self.db.read(move |tx| table::users(tx, app, &prefix, &after, limit)).await?)
    }

    /// Users whose nicknames begin so, whatever their case, after a place.
    pub async fn users_by_nick(
        &self,
        app: u32,
        nick: &str,
        after: Option<NickPlace>,
        limit: i64,
    ) -> Result<Vec<(User, NickPlace)>, Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        let folded = crate::search::folded(nick);
        let read = self.db.read(move |tx| table::users_by_nick(tx, app, &folded, after.as_ref(), limit));
        Ok(read.await?)
    }

    pub async fn whole_user(&self, app: u32, user: String) -> Result<WholeUser, Trouble> {
        let read = self.db.read(move |tx| {
            let row = accounts::get(tx, app, &user)?.ok_or_else(|| no_user(&user))?;
            let profile: BTreeMap<_, _> = profiles::all(tx, app, &user)?.into_iter().collect();
            let of = |tag: &str| profile.get(tag).cloned().unwrap_or_default();
            let logins = table::logins(tx, app, &user, LOGINS_MAX)?;
            Ok(WholeUser {
                custom_status: accounts::custom_status(tx, app, &user)?.unwrap_or_default(),
                friends: friends::count(tx, app, &user)?,
                groups: group_members::count_groups_of(tx, app, &user)?,
                alive: logins.iter().filter(|it| it.ended_at == 0).count(),
                user: User {
                    nick: of(crate::profiles::NICK),
                    face: of(crate::profiles::FACE),
                    user,
                    created_at: row.created_at,
                    seen_at: row.seen_at,
                    c2c_muted_until: row.c2c_muted_until,
                    group_muted_until: row.group_muted_until,
                },
                profile,
            })
        });
        read.await
    }

    /// Logins of a user, newest first.
    pub async fn logins_of(&self, app: u32, user: String) -> Result<Vec<Login>, Trouble> {
        let read = self.db.read(move |tx| {
            accounts::get(tx, app, &user)?.ok_or_else(|| no_user(&user))?;
            Ok(table::logins(tx, app, &user, LOGINS_MAX)?)
        });
        read.await
    }

    /// Living groups whose ids begin so, after an id; of one kind or of all.
    pub async fn groups_page(
        &self,
        app: u32,
        kind: Option<Kind>,
        prefix: String,
        after: String,
        limit: i64,
    ) -> Result<Vec<Group>, Trouble> {
        let (kind, limit) = (kind.map_or(0, |it| it as i64), limit.clamp(1, PAGE_MAX));
        Ok(self.db.read(move |tx| table::groups(tx, app, kind, (&prefix, &after), limit)).await?)
    }

    pub async fn whole_group(&self, app: u32, group: String) -> Result<WholeGroup, Trouble> {
        let read = self.db.read(move |tx| {
            let row = living(tx, app, &group)?;
            let attributes = group_attributes::all(tx, row.id)?;
            Ok(WholeGroup {
                newest_seq: group_messages::newest_seq(tx, row.id)?,
                attributes: attributes.into_iter().map(|it| (it.key, it.value)).collect(),
                counters: group_counters::all(tx, row.id)?.into_iter().collect(),
                row,
            })
        });
        read.await
    }

    /// Members of a group after an id.
    pub async fn members_page(
        &self,
        app: u32,
        group: String,
        after: String,
        limit: i64,
    ) -> Result<Vec<Member>, Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        let read = self.db.read(move |tx| {
            let row = living(tx, app, &group)?;
            Ok(table::members(tx, row.id, &after, limit)?)
        });
        read.await
    }

    /// What two people said, hidden, recalled and withheld messages among it, before a place.
    pub async fn whole_conversation(
        &self,
        app: u32,
        (one, other): (String, String),
        before: messages::Place,
        limit: i64,
    ) -> Result<Conversation, Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        let read = self.db.read(move |tx| {
            let Some(pair) = contacts::pair(tx, app, &one, &other)? else {
                return Ok(Conversation { messages: Vec::new(), lane_of_one: 0 });
            };
            let lane = lane(pair, &one, &other);
            let messages = console_messages::older(tx, lane, before, limit)?;
            Ok(Conversation { messages, lane_of_one: lane })
        });
        read.await
    }

    /// What was said in a group or topic, before a number; 0 for the newest.
    pub async fn whole_log(
        &self,
        app: u32,
        (group, topic): (String, String),
        before: i64,
        limit: i64,
    ) -> Result<Vec<group_messages::GroupMessage>, Trouble> {
        let limit = limit.clamp(1, PAGE_MAX);
        let read = self.db.read(move |tx| {
            let row = living(tx, app, &group)?;
            let lane = lane_of(tx, &row, &topic)?;
            let high = if before > 0 { before - 1 } else { i64::MAX };
            Ok(group_messages::range(tx, lane, 1, high, limit)?)
        });
        read.await
    }

    /// Bytes that the database takes.
    pub async fn database_bytes(&self) -> Result<i64, Trouble> {
        Ok(self.db.read(|tx| table::database_bytes(tx)).await?)
    }

    /// All accounts of an app, and its living groups.
    pub async fn count_users_and_groups(&self, app: u32) -> Result<(i64, i64), Trouble> {
        let read = self.db.read(move |tx| Ok((accounts::count_all(tx, app)?, groups::count(tx, app, 0)?)));
        read.await
    }

    /// Accounts but robots, and robots, of an app.
    pub async fn count_people(&self, app: u32) -> Result<(i64, i64), Trouble> {
        let read = self.db.read(move |tx| Ok((accounts::count(tx, app)?, table::count_robots(tx, app)?)));
        read.await
    }
}
