//! Named lists of friends: made, filled, read, renamed, deleted. `spec/concepts/relationships.md` 6.

use std::collections::BTreeSet;

use proto::{Code, Fail};
use store::{StoreError, Tx, among, friends, relation_sequences};

use super::{Changes, Outcome, change, checks::unknown, lists, must_exist};
use crate::{Cx, error::Error};

/// Makes lists that are not there yet, and puts friends into all of them. Says what became of each friend,
/// and how often the lists of the owner changed until now.
pub async fn make_lists(
    cx: &Cx,
    owner: &str,
    names: Vec<String>,
    users: Vec<String>,
) -> Result<(Vec<Outcome>, i64), Error> {
    names.iter().try_for_each(|it| lists::check_name(it))?;
    let (at, app, name) = (cx.clone(), cx.app.id, owner.to_owned());
    change(cx, owner, move |tx, changes| {
        lists::check_room(tx, &at, &name, &names)?;
        let ids = lists::ensure(tx, &at, &name, &names, changes)?;
        let accounts = among::accounts(tx, app, &users)?;
        let friends_here = among::friends_of(tx, app, &name, &users)?;
        let (mut outcomes, mut moved) = (Vec::with_capacity(users.len()), BTreeSet::new());
        for user in &users {
            outcomes.push(if friends_here.contains(user) {
                for id in &ids {
                    if friends::add_to_list(tx, app, &name, user, *id)? {
                        moved.insert(user.clone());
                    }
                }
                Ok(())
            } else if accounts.contains(user) {
                Err(not_a_friend())
            } else {
                Err(unknown())
            });
        }
        lists::note_all(tx, app, &name, &moved, changes)?;
        Ok((outcomes, sequence(tx, app, &name, changes)?))
    })
    .await
}

fn not_a_friend() -> Fail {
    Fail::with(Code::GroupedNotFriend, "Err_SNS_GroupAdd_ToTinyId_Not_Friend")
}

/// What the sequence of the owner's lists will be after this call.
fn sequence(tx: &mut dyn Tx, app: u32, owner: &str, changes: &Changes) -> Result<i64, StoreError> {
    let before = relation_sequences::get(tx, app, owner)?.lists;
    Ok(before + i64::from(changes.has_new_lists(owner)))
}

/// Deletes lists; the friends in them stay friends, and names that no list has are passed over. Returns how
/// often the lists of the owner changed until now.
pub async fn delete_lists(cx: &Cx, owner: &str, names: Vec<String>) -> Result<i64, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    change(cx, owner, move |tx, changes| {
        let all = friends::lists(tx, app, &name)?;
        let mut moved = BTreeSet::new();
        for (id, _) in all.iter().filter(|it| names.contains(&it.1)) {
            moved.extend(friends::list_members(tx, app, &name, *id)?);
            friends::remove_list(tx, app, &name, *id)?;
            changes.lists(&name);
        }
        lists::note_all(tx, app, &name, &moved, changes)?;
        Ok(sequence(tx, app, &name, changes)?)
    })
    .await
}

/// A list as it is read.
pub struct FriendList {
    pub name: String,
    pub count: i64,
    /// In the order of their bytes; only when they were asked for.
    pub members: Option<Vec<String>>,
}

/// The owner's lists in the order of their making, or those of these names, and how often they changed.
pub async fn friend_lists(
    cx: &Cx,
    owner: &str,
    names: Vec<String>,
    with_members: bool,
) -> Result<(Vec<FriendList>, i64), Error> {
    let (app, owner) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        must_exist(tx, app, &owner, "From_Account")?;
        let mut all = friends::lists(tx, app, &owner)?;
        all.retain(|it| names.is_empty() || names.contains(&it.1));
        let mut found = Vec::with_capacity(all.len());
        for (id, name) in all {
            let members = if with_members { Some(friends::list_members(tx, app, &owner, id)?) } else { None };
            let count = match &members {
                Some(members) => members.len() as i64,
                None => friends::count_list_members(tx, app, &owner, id)?,
            };
            found.push(FriendList { name, count, members });
        }
        Ok::<_, Error>((found, relation_sequences::get(tx, app, &owner)?.lists))
    });
    read.await
}

/// A friend who is put into a list, or taken out.
pub struct Move {
    pub user: String,
    pub is_in: bool,
}

/// Renames a list and then changes who is in it. Says what became of each friend.
pub async fn change_list(
    cx: &Cx,
    owner: &str,
    old_name: String,
    new_name: Option<String>,
    moves: Vec<Move>,
) -> Result<Vec<Outcome>, Error> {
    new_name.iter().try_for_each(|it| lists::check_name(it))?;
    let (app, name) = (cx.app.id, owner.to_owned());
    change(cx, owner, move |tx, changes| {
        let all = friends::lists(tx, app, &name)?;
        let Some((id, _)) = all.iter().find(|it| it.1 == old_name) else {
            return Err(Fail::with(Code::SnsParam, "Err_SNS_GroupUpdate_Group_Not_Exist").into());
        };
        let mut moved = BTreeSet::new();
        if let Some(new_name) = new_name.filter(|it| *it != old_name) {
            if all.iter().any(|it| it.1 == new_name) {
                return Err(Fail::with(Code::SnsParam, "Err_SNS_GroupUpdate_Name_Already_Exist").into());
            }
            friends::rename_list(tx, app, &name, *id, &new_name)?;
            changes.lists(&name);
            moved.extend(friends::list_members(tx, app, &name, *id)?);
        }
        let users: Vec<_> = moves.iter().map(|it| it.user.clone()).collect();
        let friends_here = among::friends_of(tx, app, &name, &users)?;
        let mut outcomes = Vec::with_capacity(moves.len());
        for Move { user, is_in } in &moves {
            if !friends_here.contains(user) {
                outcomes.push(Err(not_a_friend()));
                continue;
            }
            let has_moved = match is_in {
                true => friends::add_to_list(tx, app, &name, user, *id)?,
                false => friends::take_from_list(tx, app, &name, user, *id)?,
            };
            if has_moved {
                moved.insert(user.clone());
            }
            outcomes.push(Ok(()));
        }
        lists::note_all(tx, app, &name, &moved, changes)?;
        Ok(outcomes)
    })
    .await
}
