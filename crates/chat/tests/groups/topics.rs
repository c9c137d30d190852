//! Topics of communities: each has a log, mutes and read positions of its own; its members are the community's.

use std::collections::BTreeMap;

use chat::{
    conversations::{self, Which},
    groups::{
        Action, Kind, MsgFlag, membership, mute as mutes, read, recall, send,
        topics::{self, NewTopic, Texts},
    },
};
use serde_json::Map;

use super::{
    GROUPS, USERS, World, code,
    model::{self, Actor, Done, Group, Message, Model, SYSTEM, find, name, said, unread},
    notices::Report,
    standing::mute,
};

pub const TOWN: &str = "@TGS#_topics";
/// More than a community may have, so that there is one too many now and then.
const NAMES: [&str; 4] = ["news", "trade", "@", "talk"];
pub const TOPICS_MAX: usize = 3;
const TEXTS: [&str; 3] = ["", "one", "two"];

pub struct Topic {
    pub id: String,
    pub name: String,
    /// Not part of what is stored as a tip.
    pub custom: String,
    pub muted_all: bool,
    pub log: Vec<Message>,
    pub mutes: BTreeMap<String, i64>,
    pub own: BTreeMap<String, Own>,
}

/// What a member has of a topic.
#[derive(Clone)]
pub struct Own {
    pub read: i64,
    pub flag: MsgFlag,
    pub cleared: i64,
}

impl Topic {
    pub fn newest(&self) -> i64 {
        self.log.len() as i64
    }

    /// Who comes in has read what was said before.
    pub fn enter(&mut self, user: &str) {
        let own = Own { read: self.newest(), flag: MsgFlag::AcceptAndNotify, cleared: 0 };
        self.own.insert(user.to_owned(), own);
    }

    pub fn go(&mut self, user: &str) {
        self.own.remove(user);
    }

    fn muted_until(&self, user: &str, now: i64) -> i64 {
        self.mutes.get(user).copied().filter(|it| *it > now).unwrap_or(0)
    }
}

impl Group {
    /// The living topic of an id.
    fn topic(&mut self, group: &str, id: &str) -> Done<&mut Topic> {
        if !self.has_topics || !id.starts_with(&format!("{group}@TOPIC#_")) {
            return Err(10004);
        }
        self.topics.iter_mut().find(|it| it.id == id).ok_or(10010)
    }

    /// Whether somebody changes topics at all, and may do so.
    fn check_topics(&self, by: Actor<'_>) -> Done {
        match by {
            _ if !self.has_topics => Err(10007),
            Some(it) if self.acting(it, Action::ChangeTopics).is_none() => Err(10007),
            _ => Ok(()),
        }
    }
}

/// What is to change about a topic.
#[derive(Clone, Default)]
struct Wanted {
    name: Option<String>,
    custom: Option<String>,
    muted_all: Option<bool>,
}

impl Model {
    fn create_topic(&mut self, id: &str, by: Actor<'_>, topic: &str, text: &str) -> Done<String> {
        let group = find(&mut self.groups, id)?;
        if !group.has_topics {
            return Err(10007);
        }
        let part = topic.strip_prefix(&format!("{id}@TOPIC#_")).ok_or(10004)?;
        if part.is_empty() || part.starts_with("@TOPIC#_") || text.is_empty() {
            return Err(10004);
        }
        group.check_topics(by)?;
        match group.topics.len() {
            _ if group.topics.iter().any(|it| it.id == topic) => return Err(10025),
            TOPICS_MAX.. => return Err(10037),
            _ => {}
        }
        let own = Own { read: 0, flag: MsgFlag::AcceptAndNotify, cleared: 0 };
        group.topics.push(Topic {
            id: topic.to_owned(),
            name: text.to_owned(),
            custom: String::new(),
            muted_all: false,
            log: Vec::new(),
            mutes: BTreeMap::new(),
            own: group.members.keys().map(|it| (it.clone(), own.clone())).collect(),
        });
        let report = Report { topics: vec![topic.to_owned()], ..Report::new(17, name(by)) };
        self.notices.room(id, &group.all(), report, None);
        Ok(topic.to_owned())
    }

    fn modify_topic(&mut self, id: &str, by: Actor<'_>, topic: &str, wanted: &Wanted, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        if !group.has_topics {
            return Err(10007);
        }
        if wanted.name.as_ref().is_some_and(String::is_empty) {
            return Err(10004);
        }
        group.topic(id, topic)?;
        group.check_topics(by)?;
        let topic = group.topic(id, topic)?;
        if wanted.name.as_ref().is_some_and(|it| *it != topic.name) {
            topic.log.push(said(now, SYSTEM, "", false));
        }
        topic.name = wanted.name.clone().unwrap_or_else(|| topic.name.clone());
        topic.custom = wanted.custom.clone().unwrap_or_else(|| topic.custom.clone());
        topic.muted_all = wanted.muted_all.unwrap_or(topic.muted_all);
        Ok(())
    }

    fn destroy_topics(
        &mut self,
        id: &str,
        by: Actor<'_>,
        ids: Option<Vec<String>>,
    ) -> Done<Vec<(String, bool)>> {
        let group = find(&mut self.groups, id)?;
        group.check_topics(by)?;
        let ids = ids.unwrap_or_else(|| group.topics.iter().map(|it| it.id.clone()).collect());
        let (mut done, mut gone) = (Vec::new(), Vec::new());
        for topic in ids {
            let count = group.topics.len();
            group.topics.retain(|it| it.id != topic);
            let was_there = group.topics.len() < count;
            if was_there {
                gone.push(topic.clone());
            }
            done.push((topic, was_there));
        }
        if !gone.is_empty() {
            let report = Report { topics: gone, ..Report::new(18, name(by)) };
            self.notices.room(id, &group.all(), report, None);
        }
        Ok(done)
    }

    fn send_in_topic(
        &mut self,
        (id, topic_id): (&str, &str),
        by: Actor<'_>,
        (from, text): (&str, &str),
        no_unread: bool,
        now: i64,
    ) -> Done<i64> {
        let group = find(&mut self.groups, id)?;
        let topic = group.topic(id, topic_id)?;
        let (muted_all, is_muted) = (topic.muted_all, topic.muted_until(from, now) > 0);
        group.check_sender(by, from, now, muted_all)?;
        if is_muted && from != model::ADMIN {
            return Err(10017);
        }
        let discards = |user: &&String| {
            let topic = group.topics.iter().find(|it| it.id == topic_id).expect("it was found");
            [group.members[*user].flag, topic.own[*user].flag].contains(&MsgFlag::Discard)
        };
        let hearers: Vec<_> = group.members.keys().filter(|it| !discards(it)).cloned().collect();
        self.notices.heard(topic_id, &hearers, text, by);
        let topic = group.topic(id, topic_id)?;
        topic.log.push(said(now, from, text, no_unread));
        Ok(topic.newest())
    }

    fn recall_in_topic(&mut self, (id, topic): (&str, &str), by: Actor<'_>, seq: i64, now: i64) -> Done<i64> {
        let group = find(&mut self.groups, id)?;
        let log = group.topic(id, topic)?.log.clone();
        let own = by.map(|it| group.role(it).ok_or(10007)).transpose()?;
        let code = group.recall_code(&log, by.zip(own), seq, now);
        if code == 0 {
            group.topic(id, topic)?.log[seq as usize - 1].recalled = true;
        }
        Ok(code)
    }

    fn read_topic(&mut self, (id, topic): (&str, &str), user: &str, seq: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        if group.kind == Kind::AvChatRoom {
            return Ok(());
        }
        let topic = group.topic(id, topic)?;
        let newest = topic.newest();
        let own = topic.own.get_mut(user).ok_or(10007)?;
        own.read = own.read.max(seq.min(newest));
        Ok(())
    }

    /// Nothing that is not there or not one's own is an error.
    fn clear_topic(&mut self, (id, topic): (&str, &str), user: &str) -> Done {
        let group = find(&mut self.groups, id).map_err(|_| 51007)?;
        let topic = group.topic(id, topic).map_err(|_| 51007)?;
        let newest = topic.newest();
        if let Some(own) = topic.own.get_mut(user) {
            (own.read, own.cleared) = (newest, newest);
        }
        Ok(())
    }

    fn mute_in_topic(
        &mut self,
        (id, topic): (&str, &str),
        by: Actor<'_>,
        user: &str,
        seconds: i64,
        now: i64,
    ) -> Done {
        let group = find(&mut self.groups, id)?;
        group.topic(id, topic)?;
        group.check_mute(by, user)?;
        let topic = group.topic(id, topic)?;
        if mute(&mut topic.mutes, user, seconds, now) {
            topic.log.push(said(now, SYSTEM, "", false));
        }
        Ok(())
    }

    fn forbid_in_topic(
        &mut self,
        (id, topic): (&str, &str),
        users: &[String],
        seconds: i64,
        now: i64,
    ) -> Done {
        let group = find(&mut self.groups, id)?;
        let members = group.all();
        let topic = group.topic(id, topic)?;
        let mut is_told = false;
        for user in users {
            let is_member = members.contains(user);
            if is_member || topic.muted_until(user, now) > 0 {
                is_told |= mute(&mut topic.mutes, user, seconds, now) && is_member;
            }
        }
        if is_told {
            topic.log.push(said(now, SYSTEM, "", false));
        }
        Ok(())
    }

    fn set_topic_flag(
        &mut self,
        (id, topic_id): (&str, &str),
        by: Actor<'_>,
        user: &str,
        flag: MsgFlag,
        now: i64,
    ) -> Done {
        let group = find(&mut self.groups, id)?;
        group.topic(id, topic_id)?;
        group.check_flag(by, user)?;
        let kind = group.kind;
        let own =
            group.topic(id, topic_id)?.own.get_mut(user).expect("members have their part of each topic");
        if own.flag != flag {
            own.flag = flag;
            let report = Report { topics: vec![topic_id.to_owned()], ..Report::new(20, name(by)) };
            self.notices.tell((id, kind), user, report, (by, now));
        }
        Ok(())
    }
}

impl World {
    pub async fn step_topics(&mut self, now: i64) {
        let id = if self.dice.one_in(12) { GROUPS[self.dice.roll(GROUPS.len())].0 } else { TOWN };
        let (user, other) = (self.dice.user(), self.dice.user());
        let by: Actor<'_> = if self.dice.one_in(3) { None } else { Some(user) };
        let topic = self.any_topic();
        let place = (id, &*topic);
        match self.dice.roll(32) {
            0..4 => {
                let text = TEXTS[self.dice.roll(3)];
                let texts = Texts { name: Some(text.to_owned()), ..Texts::default() };
                let (group, topic_id) = (id.to_owned(), Some(topic.clone()));
                let new = NewTopic { group, topic_id, texts, operator: None, imported_at: None };
                let found = topics::create(&self.as_who(by), new).await;
                let expected = self.model.create_topic(id, by, &topic, text);
                self.check("create a topic", &topic, found, &expected);
            }
            4..7 => self.modify_topic(place, by, now).await,
            7 => {
                let ids =
                    if self.dice.one_in(3) { None } else { Some(vec![topic.clone(), self.any_topic()]) };
                let found = topics::destroy(&self.as_who(by), id, ids.clone()).await;
                let expected = self.model.destroy_topics(id, by, ids);
                self.check("destroy topics", id, found, &expected);
            }
            8..19 => self.send_in_topic(place, by, now).await,
            19..21 => {
                let seq = self.any_topic_seq(&topic);
                let found = recall::recall(&self.as_who(by), id, Some(&topic), vec![seq], "").await;
                let expected = self.model.recall_in_topic(place, by, seq, now);
                self.check("recall", &topic, found.map(|it| it[0].1), &expected);
            }
            21..25 => {
                let seq = self.any_topic_seq(&topic);
                let found = read::report(&self.clients[user], id, Some(&topic), seq, true).await;
                let expected = self.model.read_topic(place, user, seq);
                self.check("read", &topic, found, &expected);
            }
            25 => {
                let which = Which::Group(topic.clone());
                let found = conversations::clear(&self.clients[user], user, &which).await;
                let group = topic.split_once("@TOPIC#_").map_or(TOWN, |it| it.0).to_owned();
                let expected = self.model.clear_topic((&group, &topic), user);
                self.check("clear", &topic, found, &expected);
            }
            26 => {
                let (users, seconds) = (self.dice.users(), if self.dice.one_in(3) { 0 } else { 90 });
                let found = mutes::forbid(&self.cx, id, Some(&topic), users.clone(), seconds).await;
                let expected = self.model.forbid_in_topic(place, &users, seconds.into(), now);
                self.check("forbid", &topic, found, &expected);
            }
            27 => {
                let found = recall::recall_all_of(&self.cx, id, Some(&topic), user).await;
                let expected = self.model.find(id).and_then(|it| it.topic(id, &topic)).map(|it| {
                    it.log.iter_mut().for_each(|it| it.recall_quietly(user));
                });
                self.check("delete by sender", &topic, found, &expected);
            }
            _ => self.change_in_topic(place, by, other, now).await,
        }
    }

    /// The id of a topic that is there or not; now and then of none at all.
    fn any_topic(&mut self) -> String {
        match self.dice.roll(24) {
            0 => "club@TOPIC#_news".to_owned(),
            1 => format!("{TOWN}@TOPIC#_"),
            _ => format!("{TOWN}@TOPIC#_{}", NAMES[self.dice.roll(NAMES.len())]),
        }
    }

    /// A number of the log, now and then one more than there are.
    fn any_topic_seq(&mut self, topic: &str) -> i64 {
        let found = self.model.find(TOWN).ok().and_then(|it| it.topic(TOWN, topic).ok());
        let newest = found.map_or(0, |it| it.newest());
        newest + 1 - self.dice.roll(newest.min(20) as usize + 1) as i64
    }

    async fn modify_topic(&mut self, (id, topic): (&str, &str), by: Actor<'_>, now: i64) {
        let text = TEXTS[self.dice.roll(3)].to_owned();
        let wanted = match self.dice.roll(5) {
            0 => Wanted { name: Some(text), ..Wanted::default() },
            1 => Wanted { custom: Some(text), ..Wanted::default() },
            2 => Wanted { name: Some(text.clone()), custom: Some(text), ..Wanted::default() },
            _ => Wanted { muted_all: Some(self.dice.one_in(2)), ..Wanted::default() },
        };
        let texts = Texts { name: wanted.name.clone(), custom: wanted.custom.clone(), ..Texts::default() };
        let found = topics::modify(&self.as_who(by), id, topic, None, texts, wanted.muted_all).await;
        let expected = self.model.modify_topic(id, by, topic, &wanted, now);
        self.check("modify a topic", topic, found, &expected);
    }

    async fn send_in_topic(&mut self, place: (&str, &str), by: Actor<'_>, now: i64) {
        let (from, text, no_unread) = self.something_to_say(by);
        let outgoing = self.outgoing(place.0, (&from, &text), no_unread);
        let outgoing = send::Outgoing { topic: Some(place.1.to_owned()), ..outgoing };
        let found = send::send(&self.as_who(by), outgoing).await.map(|it| it.seq);
        let expected = self.model.send_in_topic(place, by, (&from, &text), no_unread, now);
        self.check("send", place.1, found, &expected);
    }

    /// A mute, or the receive option.
    async fn change_in_topic(&mut self, place: (&str, &str), by: Actor<'_>, other: &str, now: i64) {
        let is_mute = self.dice.one_in(2);
        let seconds = if self.dice.one_in(3) { 0 } else { 90 };
        let flag = MsgFlag::ALL[self.dice.roll(3)];
        let user = if is_mute || self.dice.one_in(4) { other } else { by.unwrap_or(other) };
        let change = membership::Change {
            user: user.to_owned(),
            role: None,
            flag: (!is_mute).then_some(flag),
            card: None,
            custom: Map::new(),
            mute: is_mute.then_some(seconds),
            topic: Some(place.1.to_owned()),
        };
        let found = membership::change_member(&self.as_who(by), place.0, change).await;
        let expected = match is_mute {
            true => self.model.mute_in_topic(place, by, user, seconds.into(), now),
            false => self.model.set_topic_flag(place, by, user, flag, now),
        };
        self.check(if is_mute { "mute in" } else { "receive option of" }, place.1, found, &expected);
    }

    /// What a backend and everybody is shown of the topics, and can read in them.
    pub async fn compare_topics(&self, id: &str, group: &Group) {
        let (at, now) = (self.at(), self.cx.chat.clock.now());
        for topic in &group.topics {
            self.compare_whole_history((id, Some(&topic.id)), &topic.log).await;
        }
        for user in USERS {
            let is_member = group.members.contains_key(user);
            for (cx, is_backend) in [(&self.cx, true), (&self.clients[user], false)] {
                let found = code(topics::list(cx, id, user, Vec::new()).await);
                if !group.has_topics || !(is_member || is_backend) {
                    assert_eq!(found.err(), Some(10007), "topics of {id} for {user}, {at}");
                    continue;
                }
                let found = found.unwrap().into_iter().map(|(id, it)| {
                    let it = it.expect("all that there are");
                    let unread = it.last_seq - it.own.read_seq - it.own.uncounted.len() as i64;
                    let muted_until = Some(it.own.muted_until).filter(|it| *it > now).unwrap_or(0);
                    let texts = (it.topic.name, it.topic.custom, it.topic.muted_all);
                    (
                        id,
                        texts,
                        it.last_seq,
                        (it.own.read_seq, it.own.flag, is_member.then_some(unread), muted_until),
                    )
                });
                let expected = group.topics.iter().map(|it| {
                    let texts = (it.name.clone(), it.custom.clone(), it.muted_all);
                    let own = match it.own.get(user) {
                        Some(own) => {
                            let unread = unread(&it.log, own.read, user);
                            (own.read, own.flag, Some(unread), it.muted_until(user, now))
                        }
                        None => (0, MsgFlag::AcceptAndNotify, None, 0),
                    };
                    (it.id.clone(), texts, it.newest(), own)
                });
                assert_eq!(
                    found.collect::<Vec<_>>(),
                    expected.collect::<Vec<_>>(),
                    "topics of {id} for {user}, {at}"
                );
            }
            for topic in &group.topics {
                let floor = topic.own.get(user).map(|it| it.cleared);
                self.compare_history((id, Some(&topic.id)), &topic.log, user, floor).await;
            }
        }
    }
}

/// Of a community's topics: the sum of the next numbers, and of those that a member has read.
pub fn sums(group: &Group, user: &str) -> (i64, i64) {
    let next = group.topics.iter().map(|it| it.newest() + 1).sum();
    (next, group.topics.iter().map(|it| it.own[user].read).sum())
}
