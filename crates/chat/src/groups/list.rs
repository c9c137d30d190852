//! Lists of groups: those of a user, and those of the app.
//!
//! Contract: `spec/rest/group_open_http_svc.get_joined_group_list.yaml`,
//! `spec/rest/group_open_http_svc.get_appid_group_list.yaml`.

use proto::Code;
use store::{
    group_messages as log, groups as rows,
    joined_groups::{self as joined_rows, Joined, Wanted},
};

use super::{Group, Kind, Member, Profile, profile::new_member, topics, view::since};
use crate::{Cx, error::Error};

/// Groups read in one step.
const STEP: i64 = 500;

/// Of what kind groups are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinds {
    Any,
    One(Kind),
    /// A kind that the vendor had once: there is no such group.
    Nothing,
}

impl Kinds {
    /// The value of a filter.
    pub fn parse(name: &str) -> Option<Kinds> {
        match name {
            "BChatRoom" => Some(Kinds::Nothing),
            name => Kind::parse(name).map(Kinds::One),
        }
    }
}

/// Which groups of whom are wanted.
pub struct Query {
    pub user: String,
    pub kinds: Kinds,
    /// Communities with topics, and only those.
    pub with_topics: bool,
    pub live_rooms: bool,
    /// Private groups that wait for their first message.
    pub inactive: bool,
    pub offset: i64,
    /// `None` for all.
    pub limit: Option<i64>,
    /// Whether marks of mentions are wanted of communities.
    pub mentions: bool,
}

/// A group of a user.
pub struct Entry {
    pub profile: Profile,
    pub member: Member,
    /// Of a community with topics: the sums of the next numbers and of the read ones.
    pub topics: Option<(i64, i64)>,
    /// As `AtInfoList`, if they were wanted.
    pub mentions: Option<Vec<String>>,
}

impl Query {
    fn wanted(&self, cx: &Cx) -> Wanted {
        let bit = |kind: Kind| 1 << (kind as i64 - 1);
        let kinds = match self.kinds {
            _ if self.with_topics => 0,
            Kinds::Nothing => 0,
            Kinds::One(Kind::AvChatRoom) if !self.live_rooms => 0,
            Kinds::One(kind) => bit(kind),
            Kinds::Any => {
                let mut all = bit(Kind::Private) | bit(Kind::Public) | bit(Kind::ChatRoom);
                if self.live_rooms {
                    all |= bit(Kind::AvChatRoom);
                }
                // Clients ask for communities apart.
                if cx.is_admin() { all | bit(Kind::Community) } else { all }
            }
        };
        let is_admin = cx.is_admin();
        Wanted {
            kinds,
            with_topics: self.with_topics,
            inactive: self.inactive && is_admin,
            own_inactive: !is_admin,
        }
    }
}

/// Gives the groups of a user to `each`, the one joined last first, until it refuses. Returns how many there are,
/// whatever part of them was wanted.
pub async fn joined(
    cx: &Cx,
    query: &Query,
    mut each: impl FnMut(Entry) -> Result<(), Error>,
) -> Result<i64, Error> {
    if !cx.is_admin() && !cx.app.state().settings.features_community {
        let is_community = query.with_topics || query.kinds == Kinds::One(Kind::Community);
        if is_community {
            return Err(Code::CommunityOff.into());
        }
    }
    let (app, wanted, user) = (cx.app.id, query.wanted(cx), query.user.clone());
    let total = cx.chat.db.read(move |tx| joined_rows::count(tx, app, &user, &wanted)).await?;
    let end = query.limit.map_or(total, |it| total.min(query.offset.saturating_add(it)));
    let mut offset = query.offset;
    while offset < end {
        let (user, part) = (query.user.clone(), (offset, STEP.min(end - offset)));
        let (since, mentions) = (since(cx), query.mentions);
        let entries = cx.chat.db.read(move |tx| {
            let page = joined_rows::page(tx, app, &user, &wanted, part)?;
            page.into_iter()
                .map(|it| entry(tx, &user, it, (since, mentions)))
                .collect::<Result<Vec<_>, Error>>()
        });
        let entries = entries.await?;
        if entries.is_empty() {
            break;
        }
        offset += entries.len() as i64;
        entries.into_iter().try_for_each(&mut each)?;
    }
    Ok(total)
}

/// `since`: the second from which on history is shown; `mentions`: whether marks of them are wanted.
fn entry(
    tx: &mut dyn store::Tx,
    user: &str,
    it: Joined,
    (since, mentions): (i64, bool),
) -> Result<Entry, Error> {
    let group = Group::new(it.group);
    let topics = match group.million_flag() {
        2 => Some(topics::sums(tx, group.number(), &it.member, since)?),
        _ => None,
    };
    let mentions = match (group.kind, mentions) {
        (Kind::Community, true) => {
            let above = log::last_before(tx, group.number(), since)?.max(it.member.read_seq);
            Some(super::mentions::pending(tx, group.number(), user, above)?)
        }
        _ => None,
    };
    let member = new_member(it.member, it.muted_until);
    let profile = Profile { group, last_seq: it.last_seq, last_time: it.last_time };
    Ok(Entry { profile, member, topics, mentions })
}

/// Groups of the app: how many there are, their ids from a mark on, and the next mark, 0 at the end.
pub async fn of_app(cx: &Cx, kinds: Kinds, after: i64, limit: i64) -> Result<(i64, Vec<String>, i64), Error> {
    let kind = match kinds {
        Kinds::Any => 0,
        Kinds::One(kind) => kind as i64,
        Kinds::Nothing => return Ok((0, Vec::new(), 0)),
    };
    let app = cx.app.id;
    let read = cx.chat.db.read(move |tx| {
        let page = rows::page(tx, app, kind, after, limit)?;
        Ok::<_, Error>((rows::count(tx, app, kind)?, page))
    });
    let (total, page) = read.await?;
    let next = page.last().filter(|_| page.len() as i64 == limit).map_or(0, |it| it.0);
    Ok((total, page.into_iter().map(|it| it.1).collect(), next))
}
