//! Searching users. `spec/client/commands/user_search.query.yaml`.

use std::collections::HashSet;

use proto::user_id;
use store::{
    Tx, accounts, robots,
    search_names::{self as table, People},
};

use super::{
    Found, Query, cursor, must_be_in_time,
    names::{HITS_MAX, Keywords},
};
use crate::{Cx, error::Error, profiles};

/// Which users are looked for.
pub struct UserQuery {
    pub query: Query,
    /// As in the profile; empty for any.
    pub gender: String,
    /// Both included.
    pub birthday: Option<(i64, i64)>,
}

/// A user with the standard fields that are set.
pub struct FoundUser {
    pub user: String,
    pub fields: Vec<profiles::Field>,
}

/// Users by their exact id, first, or by a part of their nickname, by id.
pub async fn users(cx: &Cx, it: UserQuery) -> Result<Found<FoundUser>, Error> {
    let subject = cursor::subject(cx, "users", &it.query, &format!("{} {:?}", it.gender, it.birthday));
    let position = cursor::read(cx, &subject, &it.query.cursor)?;
    must_be_in_time(cx)?;
    if cx.app.state().settings.search_users != "all" {
        return Ok(Found { total: 0, cursor: String::new(), items: Vec::new() });
    }
    let (app, count) = (cx.app.id, usize::try_from(it.query.count).unwrap_or(0));
    let people = People {
        gender: if it.gender.is_empty() { String::new() } else { proto::json::quote(&it.gender) },
        has_birthday: it.birthday.is_some(),
        birthday: it.birthday.unwrap_or_default(),
    };
    let keywords = Keywords::new(&it.query);
    let read = cx.chat.db.read(move |tx| {
        let mut found = all(tx, app, &keywords, &people)?;
        let total = found.len() as i64;
        if let Some(after) = position {
            found.retain(|it| (it.0, &it.1) > (after.numbers[0], &after.id));
        }
        let has_more = found.len() > count;
        found.truncate(count);
        let next = if has_more { found.last().cloned() } else { None };
        let mut items = Vec::with_capacity(found.len());
        for (_, user) in found {
            let fields = profiles::set_standard(tx, app, &user)?;
            items.push(FoundUser { user, fields });
        }
        Ok::<_, Error>((total, items, next))
    });
    let (total, items, next) = read.await?;
    let next = next.map(|(stage, id)| cursor::Position { numbers: [stage, 0, 0, 0], id });
    Ok(Found { total, items, cursor: next.map_or_else(String::new, |it| cursor::write(cx, &subject, &it)) })
}

/// Exact ids first, marked 0, then the others, marked 1, both by id.
fn all(tx: &mut dyn Tx, app: u32, keywords: &Keywords, people: &People) -> Result<Vec<(i64, String)>, Error> {
    let mut found = Vec::new();
    for id in keywords.ids() {
        if accounts::get(tx, app, &id)?.is_none() || !table::is_among(tx, app, &id, people)? {
            continue;
        }
        let (nick, _) = crate::relations::display(tx, app, &id)?;
        let nick: String = serde_json::from_str(&nick).unwrap_or_default();
        if keywords.are_in(&id, &[&nick]) {
            found.push((0, id));
        }
    }
    let exact: HashSet<_> = found.iter().map(|it| it.1.clone()).collect();
    let others = table::users(tx, app, &keywords.wanted(), people, ("", HITS_MAX))?;
    found.extend(others.into_iter().filter(|it| !exact.contains(it)).map(|it| (1, it)));
    let mut kept = Vec::with_capacity(found.len());
    for it in found {
        // A robot that was deleted is no account any more.
        if !user_id::is_robot(&it.1) || robots::is_valid(tx, app, &it.1)? == Some(true) {
            kept.push(it);
        }
    }
    Ok(kept)
}
