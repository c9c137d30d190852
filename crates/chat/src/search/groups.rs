//! Searching groups. `spec/client/commands/group_search.query.yaml`.

use std::{cmp::Reverse, collections::HashSet};

use store::{
    Tx, group_members, groups as rows,
    search_names::{self as table},
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

pub type FoundGroup = Group;

/// Groups by their exact id, first, or by a part of their name, those with most members first; of these kinds, or
/// with none of all that can be found.
pub async fn groups(cx: &Cx, query: Query, kinds: Vec<Kind>) -> Result<Found<FoundGroup>, Error> {
    let subject = cursor::subject(cx, "groups", &query, &format!("{kinds:?}"));
    let position = cursor::read(cx, &subject, &query.cursor)?;
    must_be_in_time(cx)?;
    let kinds = if kinds.is_empty() { Kind::ALL.to_vec() } else { kinds };
    let bits = kinds.iter().filter(|it| **it != Kind::AvChatRoom).fold(0, |bits, it| bits | bit(*it));
    let (app, count) = (cx.app.id, usize::try_from(query.count).unwrap_or(0));
    let (user, keywords) = (cx.caller.user().to_owned(), Keywords::new(&query));
    let read = cx.chat.db.read(move |tx| all(tx, app, &user, &keywords, bits));
    let mut found = read.await?;
    let total = found.len() as i64;
    let place = |it: &(i64, rows::Group)| (it.0, Reverse(it.1.members), it.1.group_id.clone());
    found.sort_by_cached_key(place);
    if let Some(after) = position {
        let after = (after.numbers[0], Reverse(after.numbers[1]), after.id);
        found.retain(|it| place(it) > after);
    }
    let has_more = found.len() > count;
    found.truncate(count);
    let cursor = match found.last().filter(|_| has_more) {
        Some((stage, row)) => {
            let next = cursor::Position { numbers: [*stage, row.members, 0, 0], id: row.group_id.clone() };
            cursor::write(cx, &subject, &next)
        }
        None => String::new(),
    };
    Ok(Found { total, cursor, items: found.into_iter().map(|it| Group::new(it.1)).collect() })
}

fn bit(kind: Kind) -> i64 {
    1 << (kind as i64 - 1)
}

/// Exact ids are marked 0, the others 1.
fn all(
    tx: &mut dyn Tx,
    app: u32,
    user: &str,
    keywords: &Keywords,
    kinds: i64,
) -> Result<Vec<(i64, rows::Group)>, Error> {
    let mut found = Vec::new();
    for id in keywords.ids() {
        let Some(row) = rows::get(tx, app, &id)?.filter(|it| it.dismissed_at == 0) else { continue };
        let kind = Kind::from_number(row.kind);
        let is_open = kind != Kind::Private || group_members::get(tx, row.id, user)?.is_some();
        if is_open && kinds & bit(kind) != 0 && keywords.are_in(&id, &[&row.name]) {
            found.push((0, row));
        }
    }
    let exact: HashSet<_> = found.iter().map(|it| it.1.id).collect();
    let others = table::groups(tx, app, user, &keywords.wanted(), kinds, HITS_MAX)?;
    found.extend(others.into_iter().filter(|it| !exact.contains(&it.id)).map(|it| (1, it)));
    Ok(found)
}
