//! One-to-one conversations in the list.

use store::{
    StoreError, Tx, accounts as rows,
    contacts::{self, Contact},
    messages::{self as log, Message, View},
};

use super::{Entry, Labels, Side, Which, sort};
use crate::{
    Cx,
    accounts::tiny_id,
    all_member_push::waiting::{self, Waiting},
    login::HINT_SECONDS,
    messages::lane,
};

/// Contacts looked at in one step.
const STEP: i64 = 200;

/// What a one-to-one conversation shows.
#[derive(Default)]
pub struct Peer {
    pub last: Option<Message>,
    /// Whether the owner sent the last message.
    pub last_is_own: bool,
    pub mute: i64,
    pub peer_read_at: i64,
    /// JSON literals of the peer's nickname and avatar, empty when unset.
    pub nick: String,
    pub face: String,
    /// What the owner calls the peer as a friend, empty when unset.
    pub remark: String,
    /// TinyId of the peer, empty when the account is gone.
    pub tiny_id: String,
}

impl Peer {
    /// Adds what comes from the peer's side.
    pub(super) fn describe(
        &mut self,
        tx: &mut dyn Tx,
        app: u32,
        owner: &str,
        peer: &str,
    ) -> Result<(), StoreError> {
        self.tiny_id = rows::get(tx, app, peer)?.map_or_else(String::new, |it| tiny_id(it.tiny));
        let theirs = contacts::get(tx, app, peer, contacts::KIND_C2C, owner)?;
        self.peer_read_at = theirs.map_or(0, |it| it.read_at);
        self.remark = store::friends::get(tx, app, owner, peer)?.map_or_else(String::new, |it| it.remark);
        for (tag, value) in store::profiles::all(tx, app, peer)? {
            match tag.as_str() {
                crate::profiles::NICK => self.nick = value,
                crate::profiles::FACE => self.face = value,
                _ => {}
            }
        }
        Ok(())
    }
}

pub(super) struct List<'a> {
    pub(super) cx: &'a Cx,
    pub(super) owner: &'a str,
    /// The oldest second that is visible.
    pub(super) since: i64,
    /// Pushes to all users, which are in no lane.
    pub(super) waiting: Waiting,
}

impl List<'_> {
    pub(super) fn pinned(&self, tx: &mut dyn Tx) -> Result<Vec<Entry>, StoreError> {
        let mut pinned = Vec::new();
        for it in contacts::pinned(tx, self.cx.app.id, self.owner)? {
            pinned.extend(self.entry(tx, it)?);
        }
        Ok(pinned)
    }

    /// At least the `most` latest ordinary entries. The hint of activity is at most [`HINT_SECONDS`] behind
    /// the truth, so the search ends when no later contact can get ahead of what was found.
    pub(super) fn latest(&self, tx: &mut dyn Tx, most: usize) -> Result<Vec<Entry>, StoreError> {
        let mut found = self.pushed(tx)?;
        let mut before = (i64::MAX, String::new());
        loop {
            let step = contacts::by_activity(tx, self.cx.app.id, self.owner, (before.0, &before.1), STEP)?;
            let Some(last) = step.last() else { return Ok(found) };
            before = (last.active_at, last.peer.clone());
            let is_end = (step.len() as i64) < STEP;
            for it in step {
                if !it.pinned && !self.waiting.is_from(&it.peer) {
                    found.extend(self.entry(tx, it)?);
                }
            }
            if found.len() >= most {
                sort(&mut found);
                found.truncate(most);
                if found.last().is_none_or(|it| before.0 + HINT_SECONDS < it.time) {
                    return Ok(found);
                }
            }
            if is_end {
                return Ok(found);
            }
        }
    }

    /// Ordinary entries of those whose pushes wait, wherever their last activity would put them.
    fn pushed(&self, tx: &mut dyn Tx) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        for peer in self.waiting.senders() {
            let it = contacts::get(tx, self.cx.app.id, self.owner, contacts::KIND_C2C, peer)?;
            let it = it.unwrap_or_else(|| waiting::no_contact(peer));
            if !it.pinned {
                found.extend(self.entry(tx, it)?);
            }
        }
        Ok(found)
    }

    /// The entry of a contact, if it is listed.
    fn entry(&self, tx: &mut dyn Tx, it: Contact) -> Result<Option<Entry>, StoreError> {
        let own = lane(it.pair, self.owner, &it.peer);
        let last = log::last(tx, View { own, clear: it.clear, since: self.since })?;
        let mut last = last.filter(|last| last.id > it.unlisted_id);
        if let Some(id) = self.waiting.unread(&it).last() {
            let push = waiting::load(tx, self.cx.app.id, *id, own ^ 1)?;
            last = last.into_iter().chain(push).max_by_key(Message::place);
        }
        if last.is_none() && it.emptied_at == 0 && !it.pinned {
            return Ok(None);
        }
        Ok(Some(Entry {
            time: last.as_ref().map_or(it.emptied_at, |last| last.time),
            which: Which::Peer(it.peer),
            pinned: it.pinned,
            side: Side::Peer(Box::new(Peer {
                last_is_own: last.as_ref().is_some_and(|last| last.lane == own),
                last,
                mute: it.mute,
                ..Peer::default()
            })),
            labels: Labels::default(),
        }))
    }
}
