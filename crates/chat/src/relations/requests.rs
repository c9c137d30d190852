//! Friend requests that wait: reading, answering, deleting them. `spec/concepts/relationships.md` 2.

use proto::{Code, Fail};
use store::{
    StoreError, Tx,
    friend_requests::{self as rows, Request, Seen},
    friends::{self, Friend},
    relation_sequences as sequences,
};

use super::{
    Changes, Outcome, change,
    entry::{check_list, check_remark, check_room, end_request, full, insert, set_remark},
    must_exist, outcome, told,
};
use crate::{Cx, error::Error, profiles};

/// What somebody answers to a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The requester gets its entry.
    Agree,
    /// Both get an entry.
    AgreeAndAdd,
    Reject,
}

/// An answer to the request of a user. Remark and list are for the entry of who answers; empty is none.
pub struct Response {
    pub user: String,
    pub answer: Answer,
    pub remark: String,
    pub list: String,
}

fn unknown() -> Error {
    Fail::with(Code::PendingUnknown, "Err_SNS_Pendency_Not_Exist").into()
}

/// Answers requests to `owner`, each for itself.
pub async fn respond(cx: &Cx, owner: &str, items: Vec<Response>) -> Result<Vec<Outcome>, Error> {
    for it in &items {
        check_remark(&it.remark)?;
        check_list(&it.list)?;
    }
    let refused = told::ask_answers(cx, owner, &items).await?;
    let (at, me) = (cx.clone(), owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let mut outcomes = Vec::with_capacity(items.len());
        for it in &items {
            outcomes.push(match refused.get(&it.user) {
                Some(fail) => Err(fail.clone()),
                None => outcome(respond_one(tx, &at, &me, it, changes))?,
            });
        }
        told::tell_accepted(tx, &at, &me, (&items, &outcomes))?;
        Ok(outcomes)
    };
    change(cx, owner, work).await
}

fn respond_one(
    tx: &mut dyn Tx,
    cx: &Cx,
    owner: &str,
    it: &Response,
    changes: &mut Changes,
) -> Result<(), Error> {
    let app = cx.app.id;
    must_exist(tx, app, &it.user, "To_Account")?;
    let request = rows::get(tx, app, &it.user, owner)?.ok_or_else(unknown)?;
    if it.answer != Answer::Reject {
        accept(tx, cx, &request, it, changes)?;
    }
    end_request(tx, app, &it.user, owner, changes)?;
    if it.answer == Answer::AgreeAndAdd {
        end_request(tx, app, owner, &it.user, changes)?;
    }
    Ok(())
}

/// Writes the entries that are missing. One that is there stays as it is, but for the remark given now.
fn accept(
    tx: &mut dyn Tx,
    cx: &Cx,
    request: &Request,
    it: &Response,
    changes: &mut Changes,
) -> Result<(), Error> {
    let (app, now) = (cx.app.id, cx.chat.clock.now());
    let (asker, owner) = (&*request.sender, &*request.receiver);
    let mine = friends::get(tx, app, owner, asker)?;
    let adds_mine = it.answer == Answer::AgreeAndAdd && mine.is_none();
    let adds_theirs = !friends::is(tx, app, asker, owner)?;
    let list = |name: &String| if name.is_empty() { Vec::new() } else { vec![name.clone()] };
    let (my_list, their_list) = (list(&it.list), list(&request.list));
    let most = cx.app.state().settings.sns_max_friends;
    if adds_mine && friends::count(tx, app, owner)? >= most {
        return Err(full(Code::FriendsFull));
    }
    if adds_theirs && friends::count(tx, app, asker)? >= most {
        return Err(full(Code::PeerFriendsFull));
    }
    if adds_mine {
        check_room(tx, cx, owner, &my_list)?;
    }
    if adds_theirs {
        check_room(tx, cx, asker, &their_list)?;
    }

    let entry = |friend: &str, remark: &str| Friend {
        friend: friend.to_owned(),
        added_at: now,
        remark: remark.to_owned(),
        remark_at: if remark.is_empty() { 0 } else { now },
        source: request.source.clone(),
        wording: request.wording.clone(),
        custom: String::new(),
    };
    if adds_theirs {
        insert(tx, cx, asker, &entry(owner, &request.remark), &their_list, changes)?;
    }
    match mine {
        None if adds_mine => insert(tx, cx, owner, &entry(asker, &it.remark), &my_list, changes)?,
        Some(mut mine) if !it.remark.is_empty() => {
            set_remark(&mut mine, owner, it.remark.clone(), now, changes);
            friends::put(tx, app, owner, &mine)?;
        }
        _ => {}
    }
    Ok(())
}

/// On which side of a request a user is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Sender,
    Receiver,
}

/// Ends requests between `owner`, who is on this side of them, and the users; each for itself.
pub async fn withdraw(cx: &Cx, owner: &str, users: Vec<String>, side: Side) -> Result<Vec<Outcome>, Error> {
    let (app, me) = (cx.app.id, owner.to_owned());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let mut one = |other: &str| {
            let (sender, receiver) = if side == Side::Sender { (&*me, other) } else { (other, &*me) };
            if !rows::remove(tx, app, sender, receiver)? {
                return Err(unknown());
            }
            changes.request_gone(sender, receiver);
            Ok(())
        };
        users.iter().map(|it| outcome(one(it))).collect()
    };
    change(cx, owner, work).await
}

/// The Web SDK's idea of the server's time is cut to seconds and may be one behind.
const CLOCK_SLACK: i64 = 1;

/// Notes that `owner` has read the requests up to this second, which never moves back nor beyond now.
pub async fn mark_read(cx: &Cx, owner: &str, second: i64) -> Result<(), Error> {
    let (app, me, now) = (cx.app.id, owner.to_owned(), cx.chat.clock.now());
    let work = move |tx: &mut dyn Tx, changes: &mut Changes| {
        let mut mine = sequences::get(tx, app, &me)?;
        mine.requests_read_at = second.saturating_add(CLOCK_SLACK).min(now).max(mine.requests_read_at);
        sequences::put(tx, app, &me, mine)?;
        changes.requests_read(&me, mine.requests_read_at);
        Ok(())
    };
    change(cx, owner, work).await
}

/// The open requests of a user, newest first.
pub struct Waiting {
    pub items: Vec<(Side, Seen)>,
    /// Requests to the user that are not read.
    pub unread: usize,
    pub sequence: i64,
}

/// The requests in which `owner` is on one of these sides.
pub async fn waiting(cx: &Cx, owner: &str, sides: &'static [Side]) -> Result<Waiting, Error> {
    let (app, me) = (cx.app.id, owner.to_owned());
    let tags = (profiles::NICK, profiles::FACE);
    let read = cx.chat.db.read(move |tx| {
        let sequences = sequences::get(tx, app, &me)?;
        let received = rows::seen_by_receiver(tx, app, &me, tags)?;
        let unread = received.iter().filter(|it| it.asked_at > sequences.requests_read_at).count();
        let sent = rows::seen_by_sender(tx, app, &me, tags)?;
        let received = received.into_iter().map(|it| (Side::Receiver, it));
        let mut items: Vec<_> = received.chain(sent.into_iter().map(|it| (Side::Sender, it))).collect();
        items.retain(|it| sides.contains(&it.0));
        items.sort_by_key(|it| std::cmp::Reverse(it.1.asked_at));
        Ok::<_, StoreError>(Waiting { items, unread, sequence: sequences.requests })
    });
    Ok(read.await?)
}
