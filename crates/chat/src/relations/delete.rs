//! Ending friendships. `spec/concepts/relationships.md` 3.

use proto::{Code, Fail};
use store::{Tx, friends};

use super::{Changes, Outcome, change, must_exist, outcome, told};
use crate::{Cx, error::Error, webhooks::Hook};

/// Removes friends from the list of `owner`, and with `both` the owner from theirs; each for itself.
pub async fn delete(cx: &Cx, owner: &str, users: Vec<String>, both: bool) -> Result<Vec<Outcome>, Error> {
    let (at, me) = (cx.clone(), owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let outcomes = users.iter().map(|it| outcome(one(tx, &at, &me, it, both, changes))).collect();
        told::tell_pairs(tx, &at, Hook::SnsCallbackFriendDelete, &me, changes.removals())?;
        outcomes
    };
    change(cx, owner, work).await
}

fn one(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    user: &str,
    both: bool,
    changes: &mut Changes,
) -> Result<(), Error> {
    let app = cx.app.id;
    must_exist(tx, app, user, "To_Account")?;
    let is_there = friends::is(tx, app, owner, user)? || both && friends::is(tx, app, user, owner)?;
    if !is_there {
        return Err(Fail::with(Code::NotFriend, "Err_SNS_FriendDelete_Friend_Not_Exist").into());
    }
    let most = cx.app.state().settings.sns_anti_abuse_per_minute;
    if !cx.app.unfriend_pace.take(owner, most, cx.chat.clock.millis()) {
        return Err(Fail::with(Code::FriendDeleteRate, "Err_SNS_FriendDelete_Too_Frequent").into());
    }
    let directions = if both { &[(owner, user), (user, owner)][..] } else { &[(owner, user)] };
    for (from, other) in directions {
        let (was_there, was_in_list) = friends::remove(tx, app, from, other)?;
        if was_there {
            changes.removed(from, other, was_in_list);
        }
    }
    Ok(())
}

/// Empties the list of `owner`, and with `both` removes the owner from the lists of those who were in it.
pub async fn delete_all(cx: &Cx, owner: &str, both: bool) -> Result<(), Error> {
    let (app, me, at) = (cx.app.id, owner.to_owned(), cx.clone());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let theirs = if both { friends::remove_from_theirs(tx, app, &me)? } else { Vec::new() };
        for (other, was_in_list) in theirs {
            changes.removed(&other, &me, was_in_list);
        }
        let (mine, was_any_in_list) = friends::remove_all(tx, app, &me)?;
        mine.iter().for_each(|it| changes.removed(&me, it, was_any_in_list));
        told::tell_pairs(tx, &at, Hook::SnsCallbackFriendDelete, &me, changes.removals())
    };
    change(cx, owner, work).await
}
