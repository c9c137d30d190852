//! Adding friends, at once or by a request that the other side must accept. `spec/concepts/relationships.md` 2.

use proto::{Code, Fail, json::quote};
use store::{
    StoreError, Tx, blocks,
    friend_requests::{self as requests, Request},
    friends::{self, Friend},
};

use super::{
    Changes, Outcome, change,
    entry::{check_list, check_remark, check_room, check_source, check_wording, end_request, full, insert},
    must_exist, outcome, told,
};
use crate::{
    Cx,
    error::Error,
    profiles::{self, ADMIN_FORBID_TYPE, ALLOW_TYPE},
};

/// Somebody to add, with what the owner wants for the entry. Empty texts are unset.
pub struct NewFriend {
    pub user: String,
    pub remark: String,
    /// Name of a list of the owner.
    pub list: String,
    pub source: String,
    pub wording: String,
}

impl NewFriend {
    pub(super) fn check(&self) -> Result<(), Fail> {
        check_remark(&self.remark)?;
        check_list(&self.list)?;
        check_source(&self.source)?;
        check_wording(&self.wording)
    }

    fn lists(&self) -> &[String] {
        if self.list.is_empty() { &[] } else { std::slice::from_ref(&self.list) }
    }
}

/// How friends are added.
#[derive(Clone, Copy)]
pub struct Adding {
    /// Both sides get an entry.
    pub mutual: bool,
    /// The other side is not asked. Only administrators may.
    pub forced: bool,
}

/// Adds friends to the list of `owner`, each for itself.
pub async fn add(cx: &Cx, owner: &str, items: Vec<NewFriend>, how: Adding) -> Result<Vec<Outcome>, Error> {
    let how = Adding { forced: how.forced && cx.is_admin(), ..how };
    let refused = told::ask_adding(cx, owner, &items, how).await?;
    let (at, me) = (cx.clone(), owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let own = friends::count(tx, at.app.id, &me)?;
        let is_forbidden = has_profile(tx, &at, &me, ADMIN_FORBID_TYPE, "AdminForbid_Type_SendOut")?;
        let mut call = Call { cx: &at, owner: &me, how, own, is_forbidden };
        let mut outcomes = Vec::with_capacity(items.len());
        for it in &items {
            outcomes.push(match refused.get(&it.user) {
                Some(fail) => Err(fail.clone()),
                None => outcome(call.one(tx, it, changes))?,
            });
        }
        told::tell_added(tx, &at, &me, (&items, &outcomes), how)?;
        Ok(outcomes)
    };
    change(cx, owner, work).await
}

/// Whether a profile field has this text.
fn has_profile(tx: &mut dyn Tx, cx: &Cx, user: &str, tag: &str, text: &str) -> Result<bool, StoreError> {
    let state = cx.app.state();
    let fields = profiles::fields(tx, cx.app.id, user, &[tag.to_owned()], &state.settings)?;
    Ok(fields.first().is_some_and(|it| it.1 == quote(text)))
}

struct Call<'a> {
    cx: &'a Cx,
    owner: &'a str,
    how: Adding,
    /// Entries of the owner's list.
    own: i64,
    /// The owner may not ask anybody.
    is_forbidden: bool,
}

impl Call<'_> {
    fn one(&mut self, tx: &mut dyn Tx, it: &NewFriend, changes: &mut Changes) -> Result<(), Error> {
        let app = self.cx.app.id;
        must_exist(tx, app, &it.user, "To_Account")?;
        if it.user == self.owner {
            return Err(
                Fail::with(Code::SnsParam, "Err_SNS_FriendAdd_Self: nobody is their own friend").into()
            );
        }
        it.check()?;
        if friends::is(tx, app, self.owner, &it.user)? {
            return Err(Fail::with(Code::SnsParam, "Err_SNS_FriendAdd_Friend_Exist").into());
        }
        if self.is_forbidden && !self.how.forced {
            return Err(Fail::with(Code::SnsRequestForbidden, "Err_SNS_FriendAdd_SendOut_Forbidden").into());
        }
        if blocks::is(tx, app, self.owner, &it.user)? {
            return Err(Fail::with(Code::FriendBlocked, "Err_SNS_FriendAdd_In_Self_Blacklist").into());
        }
        if blocks::is(tx, app, &it.user, self.owner)? {
            return Err(Fail::with(Code::FriendBlockedByPeer, "Err_SNS_FriendAdd_In_Peer_Blacklist").into());
        }
        let most = self.cx.app.state().settings.sns_max_friends;
        if self.own >= most {
            return Err(full(Code::FriendsFull));
        }
        let theirs = self.how.mutual && !friends::is(tx, app, &it.user, self.owner)?;
        if theirs && friends::count(tx, app, &it.user)? >= most {
            return Err(full(Code::PeerFriendsFull));
        }
        check_room(tx, self.cx, self.owner, it.lists())?;
        if self.how.forced {
            return Ok(self.befriend(tx, it, theirs, changes)?);
        }
        if has_profile(tx, self.cx, &it.user, ALLOW_TYPE, "AllowType_Type_DenyAny")? {
            return Err(Fail::with(Code::FriendRefusesAll, "Err_SNS_FriendAdd_Deny_Any").into());
        }
        if has_profile(tx, self.cx, &it.user, ALLOW_TYPE, "AllowType_Type_NeedConfirm")? {
            self.ask(tx, it, changes)?;
            return Err(Fail::with(Code::FriendPending, "Err_SNS_FriendAdd_Need_Confirm").into());
        }
        self.keep_pace()?;
        Ok(self.befriend(tx, it, theirs, changes)?)
    }

    fn keep_pace(&self) -> Result<(), Fail> {
        let (app, now) = (&self.cx.app, self.cx.chat.clock.millis());
        match app.friend_pace.take(self.owner, app.state().settings.sns_anti_abuse_per_minute, now) {
            true => Ok(()),
            false => Err(Fail::with(Code::FriendRate, "Err_SNS_FriendAdd_Too_Frequent")),
        }
    }

    /// Keeps a request, new or over the one that is open already.
    fn ask(&self, tx: &mut dyn Tx, it: &NewFriend, changes: &mut Changes) -> Result<(), Error> {
        let app = self.cx.app.id;
        if requests::get(tx, app, self.owner, &it.user)?.is_none() {
            let most = self.cx.app.state().settings.sns_max_pending;
            let (sent, _) = requests::count(tx, app, self.owner)?;
            let (_, waiting) = requests::count(tx, app, &it.user)?;
            if sent >= most || waiting >= most {
                return Err(Fail::with(Code::PendingFull, "Err_SNS_FriendAdd_Pendency_Full").into());
            }
        }
        self.keep_pace()?;
        let request = Request {
            sender: self.owner.to_owned(),
            receiver: it.user.clone(),
            mutual: self.how.mutual,
            asked_at: self.cx.chat.clock.now(),
            remark: it.remark.clone(),
            list: it.list.clone(),
            source: it.source.clone(),
            wording: it.wording.clone(),
        };
        requests::put(tx, app, &request)?;
        Ok(changes.requested(tx, app, &request)?)
    }

    /// Writes the entry, and with `theirs` the other side's too. Who has an entry need not ask for it any more;
    /// force ends the requests of both.
    fn befriend(
        &mut self,
        tx: &mut dyn Tx,
        it: &NewFriend,
        theirs: bool,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let (app, now) = (self.cx.app.id, self.cx.chat.clock.now());
        let entry = Friend {
            friend: it.user.clone(),
            added_at: now,
            remark: it.remark.clone(),
            remark_at: if it.remark.is_empty() { 0 } else { now },
            source: it.source.clone(),
            wording: it.wording.clone(),
            custom: String::new(),
        };
        insert(tx, self.cx, self.owner, &entry, it.lists(), changes)?;
        self.own += 1;
        end_request(tx, app, self.owner, &it.user, changes)?;
        if theirs {
            let reverse =
                Friend { friend: self.owner.to_owned(), remark: String::new(), remark_at: 0, ..entry };
            insert(tx, self.cx, &it.user, &reverse, &[], changes)?;
        }
        if theirs || self.how.forced {
            end_request(tx, app, &it.user, self.owner, changes)?;
        }
        Ok(())
    }
}
