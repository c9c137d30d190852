//! Searching members of groups. `spec/client/commands/group_member_search.query.yaml`.

use std::collections::{BTreeMap, HashSet};

use store::{
    Tx,
    search_names::{self as table, Named, People, Wanted},
};

use super::{
    Found, Query, cursor, must_be_in_time,
    names::{HITS_MAX, Keywords},
};
use crate::{
    Cx,
    error::Error,
    groups::{Group, Kind},
};

/// Groups of a user that one search looks into.
const GROUPS_MAX: i64 = 2000;
/// Members that one search reads one by one. In groups that have more together only those are looked at whose nickname
/// is found among all, who have a name card, or whose id was named.
const MEMBERS_MAX: i64 = 20_000;
/// Members read in one step.
const STEP: i64 = 1000;

/// A member that was found.
pub struct FoundMember {
    pub group_id: String,
    pub group_name: String,
    pub kind: Kind,
    pub user: String,
    pub card: String,
    /// JSON literals; empty when unset.
    pub nick: String,
    pub face: String,
}

/// Members of the caller's groups, or of those of them that are named.
pub async fn members(
    cx: &Cx,
    query: Query,
    groups: Option<Vec<String>>,
) -> Result<Found<FoundMember>, Error> {
    let named = groups.as_ref().map(|it| it.iter().map(|it| proto::json::quote(it)).collect::<Vec<_>>());
    let subject = cursor::subject(cx, "members", &query, &named.map_or_else(String::new, |it| it.join(",")));
    let position = cursor::read(cx, &subject, &query.cursor)?;
    must_be_in_time(cx)?;
    let (app, user) = (cx.app.id, cx.caller.user().to_owned());
    let (keywords, count) = (Keywords::new(&query), usize::try_from(query.count).unwrap_or(0));
    let read = cx.chat.db.read(move |tx| {
        let wanted: Option<HashSet<String>> = groups.map(|it| it.into_iter().collect());
        let own = table::groups_of(tx, app, &user, GROUPS_MAX)?;
        let own =
            own.into_iter().filter(|it| wanted.as_ref().is_none_or(|wanted| wanted.contains(&it.group_id)));
        let groups: BTreeMap<i64, Group> = own.map(|it| (it.id, Group::new(it))).collect();
        let mut found = all(tx, app, &keywords, &groups)?;
        let total = found.len() as i64;
        if let Some(after) = position {
            found.retain(|it| (it.0, &it.1.user) > (after.numbers[0], &after.id));
        }
        let has_more = found.len() > count;
        found.truncate(count);
        let next = found.last().filter(|_| has_more).map(|it| (it.0, it.1.user.clone()));
        let items = found.into_iter().filter_map(|(number, it)| Some((groups.get(&number)?, it)));
        let items = items.map(|(group, it)| shown(tx, app, group, it)).collect::<Result<Vec<_>, _>>()?;
        Ok::<_, Error>((total, items, next))
    });
    let (total, items, next) = read.await?;
    let next = next.map(|(group, id)| cursor::Position { numbers: [group, 0, 0, 0], id });
    Ok(Found { total, items, cursor: next.map_or_else(String::new, |it| cursor::write(cx, &subject, &it)) })
}

fn shown(tx: &mut dyn Tx, app: u32, group: &Group, it: Named) -> Result<FoundMember, Error> {
    let (nick, face) = crate::relations::display(tx, app, &it.user)?;
    Ok(FoundMember {
        group_id: group.id().to_owned(),
        group_name: group.row.name.clone(),
        kind: group.kind,
        user: it.user,
        card: it.card,
        nick,
        face,
    })
}

/// Whoever is found, by the number of the group and by id.
fn all(
    tx: &mut dyn Tx,
    app: u32,
    keywords: &Keywords,
    groups: &BTreeMap<i64, Group>,
) -> Result<Vec<(i64, Named)>, Error> {
    let together: i64 = groups.values().map(|it| it.row.members).sum();
    let mut found = BTreeMap::new();
    let mut left = MEMBERS_MAX;
    let candidates = if together > MEMBERS_MAX { candidates(tx, app, keywords)? } else { Vec::new() };
    for group in groups.keys() {
        if together <= MEMBERS_MAX {
            read_all(tx, app, *group, keywords, &mut found, table::members, &mut left)?;
            continue;
        }
        read_all(tx, app, *group, keywords, &mut found, table::members_with_card, &mut left)?;
        for user in &candidates {
            if left == 0 {
                break;
            }
            left -= 1;
            let member = table::member(tx, app, *group, user)?;
            take(*group, member.into_iter().collect(), keywords, &mut found);
        }
    }
    Ok(found.into_iter().map(|(key, it)| (key.0, it)).take(HITS_MAX as usize).collect())
}

/// Users that may be found without a name card, those whose id was named first.
fn candidates(tx: &mut dyn Tx, app: u32, keywords: &Keywords) -> Result<Vec<String>, Error> {
    let mut users = keywords.ids();
    // One keyword may be in the nickname and another one in the card.
    let wanted = Wanted { all: false, ..keywords.wanted() };
    let anybody = People { gender: String::new(), birthday: (0, 0), has_birthday: false };
    users.extend(table::users(tx, app, &wanted, &anybody, ("", HITS_MAX))?);
    Ok(users)
}

type Read = fn(&mut dyn Tx, u32, i64, &str, i64) -> Result<Vec<Named>, store::StoreError>;
type Hits = BTreeMap<(i64, String), Named>;

/// Reads members of a group until there are no more, or no more may be read.
fn read_all(
    tx: &mut dyn Tx,
    app: u32,
    group: i64,
    keywords: &Keywords,
    found: &mut Hits,
    read: Read,
    left: &mut i64,
) -> Result<(), Error> {
    let mut after = String::new();
    while *left > 0 {
        let step = read(tx, app, group, &after, STEP.min(*left))?;
        *left -= step.len() as i64;
        let is_last = (step.len() as i64) < STEP;
        let Some(last) = step.last() else { break };
        after.clone_from(&last.user);
        take(group, step, keywords, found);
        if is_last {
            break;
        }
    }
    Ok(())
}

fn take(group: i64, members: Vec<Named>, keywords: &Keywords, found: &mut Hits) {
    for it in members {
        let nick: String = serde_json::from_str(&it.nick).unwrap_or_default();
        if keywords.are_in(&it.user, &[&nick, &it.card]) {
            found.insert((group, it.user.clone()), it);
        }
    }
}
