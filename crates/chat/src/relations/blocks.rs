//! Blocklists. `spec/concepts/relationships.md` 7.

use std::collections::HashSet;

use proto::{Code, Fail};
use store::{StoreError, Tx, among, blocks, friend_requests, friends, relation_sequences};

use super::{Changes, Outcome, change, checks::unknown, must_exist, told};
use crate::{Cx, error::Error, webhooks::Hook};

/// Puts users on the blocklist of `owner`, one after another. It ends friend requests between the two, and
/// unless the app keeps them, the friend entries of both.
pub async fn block(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Outcome>, Error> {
    let state = cx.app.state();
    let (app, now, name, at) = (cx.app.id, cx.chat.clock.now(), owner.to_owned(), cx.clone());
    let keeps_friends = state.settings.blocklist_keep_friendship;
    let most = state.settings.blocklist_max;
    change(cx, owner, move |tx, changes| {
        let accounts = among::accounts(tx, app, &users)?;
        let mut blocked = among::blocked_by(tx, app, &name, &users)?;
        let mut count = blocks::count(tx, app, &name)?;
        let ties = Ties::read(tx, app, &name, &users, keeps_friends)?;
        let mut outcomes = Vec::with_capacity(users.len());
        for user in &users {
            let refusal = if !accounts.contains(user) {
                Some(unknown())
            } else if *user == name {
                Some(Fail::with(Code::SnsParam, "Err_SNS_BlackListAdd_Self"))
            } else if blocked.contains(user) {
                Some(Fail::with(Code::SnsParam, "Err_SNS_BlackListAdd_Already_Exist"))
            } else if count >= most {
                Some(Fail::with(Code::BlocklistFull, "Err_SNS_BlackListAdd_Num_Exceed_Threshold"))
            } else {
                None
            };
            if refusal.is_none() {
                blocks::add(tx, app, &name, user, now)?;
                ties.cut(tx, app, &name, user, changes)?;
                changes.blocked(&name, user);
                blocked.insert(user.clone());
                count += 1;
            }
            outcomes.push(refusal.map_or(Ok(()), Err));
        }
        let pairs = users.iter().zip(&outcomes).filter(|it| it.1.is_ok()).map(|it| (&*name, &**it.0));
        told::tell_pairs(tx, &at, Hook::SnsCallbackBlackListAdd, &name, pairs)?;
        Ok(outcomes)
    })
    .await
}

/// What ties users to the owner of a blocklist.
struct Ties {
    /// Friends of the owner, and those that have the owner as a friend.
    friends: HashSet<String>,
    owners: HashSet<String>,
    /// Those that the owner sent a friend request, and those that sent the owner one.
    asked: HashSet<String>,
    asking: HashSet<String>,
}

impl Ties {
    fn read(
        tx: &mut dyn Tx,
        app: u32,
        owner: &str,
        users: &[String],
        keeps_friends: bool,
    ) -> Result<Ties, StoreError> {
        let (mut friends, mut owners) = (HashSet::new(), HashSet::new());
        if !keeps_friends {
            friends = among::friends_of(tx, app, owner, users)?;
            owners = among::owners_of(tx, app, owner, users)?;
        }
        let asked = friend_requests::sent_by(tx, app, owner)?.into_iter().map(|it| it.receiver).collect();
        let asking = friend_requests::sent_to(tx, app, owner)?.into_iter().map(|it| it.sender).collect();
        Ok(Ties { friends, owners, asked, asking })
    }

    fn cut(
        &self,
        tx: &mut dyn Tx,
        app: u32,
        owner: &str,
        user: &str,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        for (is_tied, one, other) in
            [(self.friends.contains(user), owner, user), (self.owners.contains(user), user, owner)]
        {
            if is_tied {
                let (_, was_in_list) = friends::remove(tx, app, one, other)?;
                changes.removed(one, other, was_in_list);
            }
        }
        for (is_tied, sender, receiver) in
            [(self.asked.contains(user), owner, user), (self.asking.contains(user), user, owner)]
        {
            if is_tied {
                friend_requests::remove(tx, app, sender, receiver)?;
                changes.request_gone(sender, receiver);
            }
        }
        Ok(())
    }
}

/// Takes users off the blocklist of `owner`, one after another. What blocking ended does not come back.
pub async fn unblock(cx: &Cx, owner: &str, users: Vec<String>) -> Result<Vec<Outcome>, Error> {
    let (app, name, at) = (cx.app.id, owner.to_owned(), cx.clone());
    change(cx, owner, move |tx, changes| {
        let accounts = among::accounts(tx, app, &users)?;
        let mut blocked = among::blocked_by(tx, app, &name, &users)?;
        let mut outcomes = Vec::with_capacity(users.len());
        for user in &users {
            outcomes.push(if !accounts.contains(user) {
                Err(unknown())
            } else if blocked.remove(user) {
                blocks::remove(tx, app, &name, user)?;
                changes.unblocked(&name, user);
                Ok(())
            } else {
                Err(Fail::with(Code::SnsParam, "Err_SNS_BlackListDelete_Not_Exist"))
            });
        }
        let pairs = users.iter().zip(&outcomes).filter(|it| it.1.is_ok()).map(|it| (&*name, &**it.0));
        told::tell_pairs(tx, &at, Hook::SnsCallbackBlackListDelete, &name, pairs)?;
        Ok(outcomes)
    })
    .await
}

/// A page of a blocklist.
pub struct Blocklist {
    /// Users with the second of blocking, oldest first.
    pub entries: Vec<(String, i64)>,
    /// Where the next page starts; 0 when there is none.
    pub next: i64,
    pub sequence: i64,
}

/// Reads a blocklist from the `start`-th entry on. Somebody who knows the sequence and starts at the beginning
/// gets no entries while it is the same; 0 is never known.
pub async fn blocklist(
    cx: &Cx,
    owner: &str,
    start: i64,
    limit: i64,
    known_sequence: i64,
) -> Result<Blocklist, Error> {
    let (app, name) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        must_exist(tx, app, &name, "From_Account")?;
        let sequence = relation_sequences::get(tx, app, &name)?.blocks;
        if start == 0 && sequence != 0 && sequence == known_sequence {
            return Ok(Blocklist { entries: Vec::new(), next: 0, sequence });
        }
        let mut entries = blocks::page(tx, app, &name, start, limit + 1)?;
        let has_more = entries.len() as i64 > limit;
        let next = if has_more { start + limit } else { 0 };
        entries.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok::<_, Error>(Blocklist { entries, next, sequence })
    });
    read.await
}
