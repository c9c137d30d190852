//! Read times, unread counts, receipts. `spec/concepts/message-storage.md` 4.

use proto::{MsgKey, json::quote};
use store::{
    StoreError, Tx, accounts as rows,
    contacts::{self, Contact},
    messages::{self as log, Unread, flag},
};

use super::{conversation_key, lane, visible_since, wire};
use crate::{
    Cx, accounts,
    all_member_push::waiting::{self, Waiting},
    error::Error,
    live::Push,
    webhooks::{AfterReportC2c, Hook, Line, tell},
};

/// Contacts looked at in one step of a count over all conversations.
const STEP: i64 = 200;
/// "No limit" of a setting, as a number that SQL can compare.
const UNLIMITED: i64 = i64::MAX;

/// Counts unread messages of one user.
pub(super) struct Counter {
    app: u32,
    pub(super) owner: String,
    unread: Unread,
    max: i64,
    max_conversations: i64,
    /// Pushes to all users, which are in no lane.
    waiting: Waiting,
}

impl Counter {
    pub(super) fn new(tx: &mut dyn Tx, cx: &Cx, owner: &str) -> Result<Counter, StoreError> {
        let state = cx.app.state();
        let now = cx.chat.clock.now();
        let seen_at = match cx.app.live.is_online(owner) {
            true => i64::MAX,
            false => rows::get(tx, cx.app.id, owner)?.map_or(0, |it| it.seen_at),
        };
        let limit = |setting| if setting == 0 { UNLIMITED } else { setting };
        Ok(Counter {
            app: cx.app.id,
            owner: owner.to_owned(),
            unread: Unread { read_at: 0, since: visible_since(&state.settings, now), now, seen_at },
            max: limit(state.settings.unread_max_per_conversation),
            max_conversations: limit(state.settings.unread_max_conversations),
            waiting: Waiting::of(tx, cx.app.id, owner, now)?,
        })
    }

    /// The lane in which the peer writes to the owner.
    fn lane(&self, it: &Contact) -> i64 {
        lane(it.pair, &it.peer, &self.owner)
    }

    /// What was cleared counts no more than what was read.
    fn unread_of(&self, it: &Contact) -> Unread {
        Unread { read_at: it.read_at.max(it.clear.0), ..self.unread }
    }

    pub(super) fn count(&self, tx: &mut dyn Tx, it: &Contact) -> Result<i64, StoreError> {
        let count = log::count_unread(tx, self.lane(it), self.unread_of(it), self.max)?;
        Ok((count + self.waiting.unread(it).len() as i64).min(self.max))
    }

    /// The unread messages themselves, oldest first, recalled ones among them; the newest `max` if there
    /// are more.
    pub(super) fn messages(
        &self,
        tx: &mut dyn Tx,
        it: &Contact,
        max: i64,
    ) -> Result<Vec<log::Message>, StoreError> {
        let (lane, max) = (self.lane(it), max.min(self.max));
        let mut messages = log::unread(tx, lane, self.unread_of(it), max)?;
        let pushes = self.waiting.unread(it);
        if pushes.is_empty() {
            return Ok(messages);
        }
        let room = usize::try_from(max).unwrap_or(usize::MAX);
        for id in pushes.into_iter().rev().take(room) {
            messages.extend(waiting::load(tx, self.app, id, lane)?);
        }
        messages.sort_by_key(log::Message::place);
        let too_many = messages.len().saturating_sub(room);
        messages.drain(..too_many);
        Ok(messages)
    }

    /// Calls `each` for every conversation with its count, until the limit of conversations with unread messages is
    /// reached: those of the senders of waiting pushes, then the others, latest activity first.
    pub(super) fn for_each(
        &self,
        tx: &mut dyn Tx,
        mut each: impl FnMut(&mut dyn Tx, &Contact, i64) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (mut before, mut found) = ((i64::MAX, String::new()), 0);
        for peer in self.waiting.senders() {
            let it = contacts::get(tx, self.app, &self.owner, contacts::KIND_C2C, peer)?;
            let it = it.unwrap_or_else(|| waiting::no_contact(peer));
            let count = self.count(tx, &it)?;
            each(tx, &it, count)?;
            found += i64::from(count > 0);
        }
        if found >= self.max_conversations {
            return Ok(());
        }
        loop {
            let step = contacts::by_activity(tx, self.app, &self.owner, (before.0, &before.1), STEP)?;
            for it in step.iter().filter(|it| !self.waiting.is_from(&it.peer)) {
                let count = self.count(tx, it)?;
                each(tx, it, count)?;
                found += i64::from(count > 0);
                if found >= self.max_conversations {
                    return Ok(());
                }
            }
            match step.last() {
                Some(last) if step.len() as i64 == STEP => before = (last.active_at, last.peer.clone()),
                _ => return Ok(()),
            }
        }
    }
}

/// Unread messages of the owner over all one-to-one conversations.
pub async fn count_all_unread(cx: &Cx, owner: &str) -> Result<i64, Error> {
    let (at, owner) = (cx.clone(), owner.to_owned());
    Ok(cx.chat.db.read(move |tx| unread_of(tx, &at, &owner)).await?)
}

/// The same inside a transaction.
pub(crate) fn unread_of(tx: &mut dyn Tx, cx: &Cx, owner: &str) -> Result<i64, StoreError> {
    let mut total = 0;
    Counter::new(tx, cx, owner)?.for_each(tx, |_, _, count| {
        total += count;
        Ok(())
    })?;
    Ok(total)
}

/// The same without conversations that the owner does not want to be told of.
pub(crate) fn notifying_unread_of(tx: &mut dyn Tx, cx: &Cx, owner: &str) -> Result<i64, StoreError> {
    let mut total = 0;
    Counter::new(tx, cx, owner)?.for_each(tx, |_, it, count| {
        total += if it.mute == 0 { count } else { 0 };
        Ok(())
    })?;
    Ok(total)
}

/// Unread messages of the owner from each peer; `None` for ids that are no account.
pub async fn count_unread(cx: &Cx, owner: &str, peers: Vec<String>) -> Result<Vec<Option<i64>>, Error> {
    let (at, owner) = (cx.clone(), owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let counter = Counter::new(tx, &at, &owner)?;
        let mut out = Vec::with_capacity(peers.len());
        for peer in &peers {
            if rows::get(tx, at.app.id, peer)?.is_none() {
                out.push(None);
                continue;
            }
            let contact = contacts::get(tx, at.app.id, &owner, contacts::KIND_C2C, peer)?;
            let contact = contact.unwrap_or_else(|| waiting::no_contact(peer));
            out.push(Some(counter.count(tx, &contact)?));
        }
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}

/// Moves the read time of a conversation forward, at most to now, and tells both sides. A conversation that
/// is not there, or was read so far already, is left alone.
pub async fn set_read(cx: &Cx, owner: &str, peer: &str, until: i64, tell_peer: bool) -> Result<(), Error> {
    let until = until.min(cx.chat.clock.now());
    let (app, mine, other) = (cx.app.id, owner.to_owned(), peer.to_owned());
    let (after, origin, names) = (cx.app.clone(), cx.caller.instance(), (mine.clone(), other.clone()));
    let at = cx.clone();
    let done = cx.chat.db.write_then(
        conversation_key(app, owner, peer),
        move |tx| {
            let is_there = waiting::contact(tx, app, &mine, &other, until)?.is_some();
            let moved = is_there && contacts::set_read(tx, app, &mine, &other, until)?;
            tell(tx, &at, Hook::C2cCallbackAfterMsgReport, Line::Pair(&mine, &other), |tx| {
                let unread = unread_of(tx, &at, &mine)?;
                let event_time = at.chat.clock.millis();
                Ok(AfterReportC2c { reader: &mine, peer: &other, read_at: until, unread, event_time })
            })?;
            Ok::<_, Error>(moved)
        },
        move |moved: &bool| {
            if !moved {
                return;
            }
            let (mine, other) = &names;
            after.unread.forget(mine);
            after.live.push(mine, origin, || Push::events(&wire::read_elsewhere(other, until)));
            if tell_peer {
                after.live.push(other, None, || Push::events(&wire::read_by_peer(mine, until)));
            }
        },
    );
    done.await?;
    Ok(())
}

/// Marks every conversation with unread messages as read; see [`tell_read`].
pub async fn read_all(cx: &Cx, owner: &str) -> Result<(), Error> {
    let (at, name) = (cx.clone(), owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let mut peers = Vec::new();
        Counter::new(tx, &at, &name)?.for_each(tx, |_, it, count| {
            if count > 0 {
                peers.push(it.peer.clone());
            }
            Ok(())
        })?;
        Ok::<_, StoreError>(peers)
    });
    let now = cx.chat.clock.now();
    for peer in read.await? {
        set_read(cx, owner, &peer, now, true).await?;
    }
    Ok(())
}

/// Tells the other sessions of the owner that everything was read: all one-to-one conversations or none, and groups
/// up to a number.
pub fn tell_read(cx: &Cx, owner: &str, all_peers: bool, groups: &[(String, i64)]) {
    let group = |it: &(String, i64)| format!("{{\"GroupId\":{},\"LastReadMsgSeq\":{}}}", quote(&it.0), it.1);
    cx.app.live.push(owner, cx.caller.instance(), || {
        Push::events(&format!(
            "{{\"Event\":14,\"C2CReadAllMsg\":{},\"GroupReadInfoArray\":[{}]}}",
            i64::from(all_peers),
            groups.iter().map(group).collect::<Vec<_>>().join(",")
        ))
    });
}

/// When each peer last read the conversation with `owner`, 0 for never; in the order of `peers`.
pub async fn peer_read_times(cx: &Cx, owner: &str, peers: Vec<String>) -> Result<Vec<i64>, Error> {
    let (app, owner) = (cx.app.id, owner.to_owned());
    let read = cx.chat.db.read(move |tx| {
        let mut out = Vec::with_capacity(peers.len());
        for peer in &peers {
            let theirs = contacts::get(tx, app, peer, contacts::KIND_C2C, &owner)?;
            out.push(theirs.map_or(0, |it| it.read_at));
        }
        Ok::<_, StoreError>(out)
    });
    Ok(read.await?)
}

/// The reader confirms single messages of `peer`. What is unknown, recalled, confirmed already or sent
/// without asking for a receipt is skipped.
pub async fn give_receipts(cx: &Cx, reader: &str, peer: &str, keys: Vec<MsgKey>) -> Result<(), Error> {
    let tiny_id = accounts::tiny_of(cx, peer).await?;
    let (app, now, after) = (cx.app.id, cx.chat.clock.now(), cx.app.clone());
    let (reader, peer) = (reader.to_owned(), peer.to_owned());
    let names = (reader.clone(), peer.clone());
    let done = cx.chat.db.write_then(
        conversation_key(app, &reader, &peer),
        move |tx| {
            let Some(pair) = contacts::pair(tx, app, &reader, &peer)? else { return Ok(Vec::new()) };
            let mut given = Vec::new();
            for key in keys {
                let place = (key.time, key.seq.into(), key.random.into());
                let Some(it) = log::get(tx, lane(pair, &peer, &reader), place)? else { continue };
                let state = it.flags & (flag::WANTS_RECEIPT | flag::RECEIPT_GIVEN | flag::RECALLED);
                if state == flag::WANTS_RECEIPT {
                    log::add_flags(tx, it.id, flag::RECEIPT_GIVEN)?;
                    given.push(it);
                }
            }
            Ok::<_, Error>(given)
        },
        move |given: &Vec<log::Message>| {
            let (reader, peer) = &names;
            if !given.is_empty() {
                let event = || Push::events(&wire::receipts(reader, now, &tiny_id, given));
                after.live.push(peer, None, event);
            }
        },
    );
    done.await?;
    Ok(())
}
