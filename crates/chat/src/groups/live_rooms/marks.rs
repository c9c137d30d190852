//! Who is in a room, and marks on those people. `spec/concepts/group-system.md` 13.

use std::collections::{BTreeSet, HashMap, HashSet};

use proto::{Code, Fail};
use store::{Tx, group_members as members, live_rooms as table};

use super::super::{Group, Kind, find, open, told::change};
use crate::{Cx, accounts, error::Error};

/// The first number that an app may use for its own marks.
const FIRST: i64 = 1000;
/// Who carries it counts as online without a connection.
pub(super) const STAYS: i64 = 500;
/// Who carries it is not listed unless asked for by the mark.
const HIDDEN: i64 = 600;
/// How long mark 500 lasts. Seconds.
pub(super) const STAYS_SECONDS: i64 = 3 * 86_400;
/// Different marks of a room, not counting 500 and 600.
const MARKS_MAX: usize = 10;
/// People that carry one mark in a room.
const MARKED_MAX: i64 = 1000;
/// Rows read in one step.
const STEP: i64 = 1000;
/// Online people that are listed when the app has no online list.
const SHORT_LIST: usize = 30;

/// Somebody and the marks that were set or removed.
pub struct Marked {
    pub user: String,
    pub marks: Vec<i64>,
}

/// Somebody who is in the room.
pub struct Present {
    pub user: String,
    pub joined_at: i64,
    /// JSON literals, empty for none.
    pub nick: String,
    pub face: String,
    pub marks: Vec<i64>,
}

fn bad(info: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Fail::with(Code::GroupParam, info.into()).into()
}

/// Sets or removes marks; answers whom it concerned. People who are not there are passed over.
pub async fn mark(cx: &Cx, group_id: &str, set: bool, list: Vec<Marked>) -> Result<Vec<Marked>, Error> {
    let group = super::find_room(cx, group_id).await?;
    let (at, number) = (cx.clone(), group.number());
    change(cx, number, move |tx, _| {
        let group = open(tx, number)?;
        check_right(&at, &group, &list)?;
        let (mut counts, now): (HashMap<i64, i64>, _) =
            (table::mark_counts(tx, number)?.into_iter().collect(), at.chat.clock.now());
        let mut done = Vec::new();
        for it in list {
            let marks = apply(tx, &at, number, &it, set, &mut counts, now)?;
            if !marks.is_empty() {
                done.push(Marked { user: it.user, marks });
            }
        }
        if done.is_empty() {
            return Err(bad("nobody of MemberList is in the room"));
        }
        Ok(done)
    })
    .await
}

fn check_right(cx: &Cx, group: &Group, list: &[Marked]) -> Result<(), Error> {
    let denied = |info| Err(Error::from(Fail::with(Code::GroupDenied, info)));
    if !cx.app.state().settings.features_avchatroom_members {
        return denied("features.avchatroom_members is off");
    }
    if !cx.is_admin() && group.row.owner != cx.caller.user() {
        return denied("only the owner of the room may mark");
    }
    for mark in list.iter().flat_map(|it| &it.marks) {
        let is_special = [STAYS, HIDDEN].contains(mark);
        if is_special && !cx.is_admin() {
            return denied("marks 500 and 600 are the backend's");
        }
        if !is_special && *mark < FIRST {
            return Err(bad(format!("a mark is at least {FIRST}")));
        }
    }
    Ok(())
}

/// The marks of one entry that were set or removed.
fn apply(
    tx: &mut dyn Tx,
    cx: &Cx,
    number: i64,
    it: &Marked,
    set: bool,
    counts: &mut HashMap<i64, i64>,
    now: i64,
) -> Result<Vec<i64>, Error> {
    if members::get(tx, number, &it.user)?.is_none() {
        return Ok(Vec::new());
    }
    let is_online = cx.app.live.is_online(&it.user);
    let has: BTreeSet<i64> = table::marks_of(tx, number, &it.user)?.into_iter().collect();
    let mut done = Vec::new();
    for mark in it.marks.iter().copied().collect::<BTreeSet<_>>() {
        if !set {
            table::clear_mark(tx, number, &it.user, mark)?;
            done.push(mark);
            continue;
        }
        if !is_online && mark != STAYS {
            continue;
        }
        let count = counts.get(&mark).copied().unwrap_or(0);
        if mark >= FIRST && !has.contains(&mark) {
            let different = counts.keys().filter(|it| **it >= FIRST).count();
            if count == 0 && different >= MARKS_MAX {
                return Err(bad(format!("the room has {MARKS_MAX} different marks already")));
            }
            if count >= MARKED_MAX {
                continue;
            }
        }
        if !has.contains(&mark) {
            counts.insert(mark, count + 1);
        }
        table::set_mark(tx, number, &it.user, mark, now)?;
        done.push(mark);
    }
    Ok(done)
}

/// Who counts as being there although no connection is: users with a young mark 500.
fn staying(tx: &mut dyn Tx, number: i64, now: i64) -> Result<HashSet<String>, store::StoreError> {
    Ok(table::marked_since(tx, number, STAYS, now - STAYS_SECONDS)?.into_iter().collect())
}

/// How many are online in a group, each counted once. Other kinds than AVChatRoom: online members.
pub async fn present_count(cx: &Cx, group_id: &str) -> Result<i64, Error> {
    let group = find(cx, group_id).await?;
    let (number, now) = (group.number(), cx.chat.clock.now());
    if group.kind != Kind::AvChatRoom {
        return Ok(cx.app.live.seated(number) as i64);
    }
    let staying = cx.chat.db.read(move |tx| staying(tx, number, now)).await?;
    let away = staying.iter().filter(|it| !cx.app.live.is_online(it)).count();
    Ok((cx.app.live.seated(number) + away) as i64)
}

/// The online people of a room or community from a place in the list on, newest first, and the next place; 0 at
/// the end. `mark` asks for those alone that carry it.
pub async fn present(
    cx: &Cx,
    group_id: &str,
    start: i64,
    mark: Option<i64>,
) -> Result<(Vec<Present>, i64), Error> {
    let group = find(cx, group_id).await?;
    if !matches!(group.kind, Kind::AvChatRoom | Kind::Community) {
        return Err(Fail::with(Code::GroupDenied, "the group is no AVChatRoom").into());
    }
    let settings = cx.app.state().settings.clone();
    let most = match settings.features_avchatroom_members {
        true => usize::try_from(settings.groups_avchatroom_list_max).unwrap_or(0),
        false => SHORT_LIST,
    };
    let page = usize::try_from(settings.groups_avchatroom_list_page).unwrap_or(1).max(1);
    let start = usize::try_from(start).unwrap_or(0).min(most);
    let wanted = most.min(start + page + 1);
    let mut found = list(cx, &group, mark, wanted).await?;
    let has_more = found.len() > start + page;
    found.truncate(start + page);
    let mut people = Vec::new();
    for mut it in found.into_iter().skip(start) {
        if let Some(account) = accounts::find_active(cx, &it.user).await? {
            (it.nick, it.face) = (account.nick.clone(), account.face.clone());
        }
        people.push(it);
    }
    Ok((people, if has_more { (start + page) as i64 } else { 0 }))
}

async fn list(cx: &Cx, group: &Group, mark: Option<i64>, wanted: usize) -> Result<Vec<Present>, Error> {
    let (number, now) = (group.number(), cx.chat.clock.now());
    let read = cx
        .chat
        .db
        .read(move |tx| Ok::<_, store::StoreError>((table::marks(tx, number)?, staying(tx, number, now)?)));
    let (all_marks, staying) = read.await?;
    let mut marks: HashMap<String, Vec<i64>> = HashMap::new();
    all_marks.into_iter().for_each(|(user, mark)| marks.entry(user).or_default().push(mark));
    let (mut found, mut before) = (Vec::new(), (i64::MAX, String::new()));
    while found.len() < wanted {
        let from = before.clone();
        let step =
            cx.chat.db.read(move |tx| table::newest_first(tx, number, (from.0, &from.1), STEP)).await?;
        for (user, joined_at) in &step {
            let marks = marks.get(user).cloned().unwrap_or_default();
            let fits = match mark {
                Some(mark) => marks.contains(&mark),
                None => !marks.contains(&HIDDEN),
            };
            if fits && (cx.app.live.is_online(user) || staying.contains(user)) {
                let (nick, face) = (String::new(), String::new());
                found.push(Present { user: user.clone(), joined_at: *joined_at, nick, face, marks });
            }
        }
        match step.last() {
            Some((user, joined_at)) if step.len() as i64 == STEP => before = (*joined_at, user.clone()),
            _ => break,
        }
    }
    found.truncate(wanted);
    Ok(found)
}
