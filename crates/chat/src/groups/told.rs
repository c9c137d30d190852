//! What a change of a group is told, collected inside the transaction and handed over after it.

use std::sync::Mutex;

use store::Tx;
use tokio::sync::OwnedSemaphorePermit;

use super::key;
use crate::{
    Cx,
    error::Error,
    fan_out::{Audience, Event},
    statistics::Event as Counted,
};

/// Collects what is to happen once a change of a group is durable.
pub(crate) struct Told {
    /// The group's number, by which the order is kept.
    pub(crate) group: i64,
    events: Vec<Event>,
    groups: Vec<String>,
    topics: Vec<String>,
    members: Vec<(i64, String)>,
    /// Who discards which topics changed.
    discards: bool,
    counts: Vec<(Counted, usize)>,
    /// Who spoke.
    senders: Vec<String>,
    /// The message's place in the queue of the fan-out, given back when it was delivered.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Told {
    pub(crate) fn new(group: i64) -> Told {
        Told {
            group,
            events: Vec::new(),
            groups: Vec::new(),
            topics: Vec::new(),
            members: Vec::new(),
            discards: false,
            counts: Vec::new(),
            senders: Vec::new(),
            slot: Mutex::new(None),
        }
    }

    /// The online members get one event of an `EventArray`; the instance `except` does not.
    pub(crate) fn room(&mut self, json: String, audience: Audience, except: Option<i64>) {
        self.events.push(Event::Room { group: self.group, json, audience, except, is_message: false });
    }

    /// The same for a message or stored tip: members that discard messages are passed over.
    pub(crate) fn message(&mut self, json: String, audience: Audience, except: Option<i64>) {
        self.events.push(Event::Room { group: self.group, json, audience, except, is_message: true });
    }

    /// The sessions of one user get an event, member or not.
    pub(crate) fn user(&mut self, user: &str, json: String, except: Option<i64>) {
        self.events.push(Event::User { user: user.to_owned(), json, except });
    }

    /// The user is a member and gets the group's events from here on.
    pub(crate) fn enter(&mut self, user: &str, flag: i64) {
        self.events.push(Event::Enter { group: self.group, user: user.to_owned(), flag });
        self.members.push((self.group, user.to_owned()));
    }

    pub(crate) fn leave(&mut self, user: &str) {
        self.events.push(Event::Leave { group: self.group, user: user.to_owned() });
        self.members.push((self.group, user.to_owned()));
    }

    /// The group is no more.
    pub(crate) fn close(&mut self, group_id: &str) {
        self.events.push(Event::Close { group: self.group });
        self.groups.push(group_id.to_owned());
    }

    /// The group's profile changed.
    pub(crate) fn forget_group(&mut self, group_id: &str) {
        self.groups.push(group_id.to_owned());
    }

    pub(crate) fn forget_topic(&mut self, topic_id: &str) {
        self.topics.push(topic_id.to_owned());
    }

    /// A membership or a mute changed.
    pub(crate) fn forget_member(&mut self, user: &str) {
        self.members.push((self.group, user.to_owned()));
    }

    /// Who discards the messages of which topic changed.
    pub(crate) fn forget_discards(&mut self) {
        self.discards = true;
    }

    pub(crate) fn count(&mut self, what: Counted, times: usize) {
        self.counts.push((what, times));
    }

    pub(crate) fn hold(&mut self, slot: Option<OwnedSemaphorePermit>) {
        self.slot = Mutex::new(slot);
    }

    /// The user said something that was stored.
    pub(crate) fn sent(&mut self, user: &str) {
        self.senders.push(user.to_owned());
    }

    /// Called after the commit.
    pub(crate) fn hand_over(&self, cx: &Cx) {
        let (known, now) = (&cx.app.groups, cx.chat.clock.now());
        for it in &self.senders {
            cx.app.count_group_message(now, it, false);
            known.spoke.note(self.group, it, now);
        }
        if !(self.groups.is_empty() && self.topics.is_empty() && self.members.is_empty() && !self.discards) {
            known.outdate();
        }
        self.groups.iter().for_each(|it| known.forget(it));
        self.topics.iter().for_each(|it| known.forget_topic(it));
        self.members.iter().for_each(|(group, user)| known.forget_member(*group, user));
        if self.discards {
            known.discards.forget(self.group);
        }
        for it in &self.events {
            if let Event::Leave { group, user } = it {
                known.discards.forget_user(*group, user);
            }
        }
        self.counts.iter().for_each(|(what, times)| cx.app.count(now, *what, *times));
        let slot = self.slot.lock().expect("no holder panics").take();
        cx.chat.fan_out.hand_over(&cx.app, self.group, self.events.clone(), now, slot);
    }
}

/// Runs `work` on the group of this number, and tells whoever must know.
pub(crate) async fn change<T: Send + 'static>(
    cx: &Cx,
    number: i64,
    work: impl FnOnce(&mut dyn Tx, &mut Told) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    change_under(cx, key(cx.app.id, number), number, work).await
}

/// The same under another key: for what is decided for the whole app.
pub(crate) async fn change_under<T: Send + 'static>(
    cx: &Cx,
    key: u64,
    number: i64,
    work: impl FnOnce(&mut dyn Tx, &mut Told) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let at_end = cx.clone();
    let done = cx.chat.db.write_then(
        key,
        move |tx| {
            let mut told = Told::new(number);
            let result = work(tx, &mut told)?;
            Ok::<_, Error>((result, told))
        },
        move |(_, told)| told.hand_over(&at_end),
    );
    done.await.map(|it| it.0)
}
