//! A plain model of groups: who is in them as what, who is muted, what was said, what everybody has read.

use std::collections::{BTreeMap, BTreeSet};

use chat::groups::{
    Action, ApplyOption, InviteOption,
    Kind::{self, AvChatRoom, ChatRoom, Community, Private, Public},
    MsgFlag, Role, may, may_act_on,
};

use super::{
    notices::{Notices, Report, is_online},
    pairs::{Attributes, Counters},
    requests::Requests,
    rooms::Room,
    topics::Topic,
};

/// How long clients may recall, in seconds.
const WINDOW: i64 = 120;
/// The administrator's own account, which is in no group.
pub const ADMIN: &str = "administrator";
pub const SYSTEM: &str = "@TIM#SYSTEM";
pub const NOBODY: &str = "nobody";

#[derive(Clone, Debug)]
pub struct Message {
    pub sender: String,
    /// Empty for a tip.
    pub text: String,
    pub time: i64,
    pub no_unread: bool,
    pub recalled: bool,
    /// Recalled, but unread as before.
    pub quietly: bool,
}

impl Message {
    pub fn recall_quietly(&mut self, sender: &str) {
        if self.sender == sender && !self.recalled {
            (self.recalled, self.quietly) = (true, true);
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub role: Role,
    pub joined_at: i64,
    pub joined_seq: i64,
    pub read: i64,
    pub flag: MsgFlag,
}

pub struct Group {
    pub kind: Kind,
    pub owner: String,
    pub active: bool,
    pub muted_all: bool,
    pub members: BTreeMap<String, Member>,
    pub mutes: BTreeMap<String, i64>,
    pub log: Vec<Message>,
    pub apply: ApplyOption,
    pub invite: InviteOption,
    pub has_topics: bool,
    /// In the order of their making.
    pub topics: Vec<Topic>,
    pub attributes: Attributes,
    pub counters: Counters,
    pub room: Room,
}

/// Messages above a read mark that count: of others, not sent without counting, not recalled.
pub fn unread(log: &[Message], read: i64, user: &str) -> i64 {
    let counts = |it: &&Message| it.sender != user && !it.no_unread && (!it.recalled || it.quietly);
    log.iter().skip(read as usize).filter(counts).count() as i64
}

pub fn said(now: i64, sender: &str, text: &str, no_unread: bool) -> Message {
    let (sender, text) = (sender.to_owned(), text.to_owned());
    Message { sender, text, time: now, no_unread, recalled: false, quietly: false }
}

impl Group {
    pub fn newest(&self) -> i64 {
        self.log.len() as i64
    }

    pub fn role(&self, user: &str) -> Option<Role> {
        self.members.get(user).map(|it| it.role)
    }

    /// Of somebody in charge; the owner of a live room need not be there.
    pub fn acting(&self, user: &str, action: Action) -> Option<Role> {
        let away = (self.kind == AvChatRoom && self.owner == user).then_some(Role::Owner);
        self.role(user).or(away).filter(|it| may(self.kind, *it, action))
    }

    fn say(&mut self, now: i64, sender: &str, text: &str, no_unread: bool) {
        self.log.push(said(now, sender, text, no_unread));
    }

    /// A tip that is kept, where the kind of group keeps such.
    pub fn tip(&mut self, now: i64, kept_in_chat_rooms: bool) {
        let keeps = self.kind != AvChatRoom && (self.kind != ChatRoom || kept_in_chat_rooms);
        if self.active && keeps {
            self.say(now, SYSTEM, "", false);
        }
    }

    pub fn enter(&mut self, now: i64, users: &[String], silent: bool) {
        let newest = self.newest();
        for user in users {
            let it = Member { read: newest, ..new_member(self.kind, Role::Member, (now, newest)) };
            self.members.insert(user.clone(), it);
            self.topics.iter_mut().for_each(|it| it.enter(user));
        }
        if !silent && !users.is_empty() {
            self.tip(now, false);
        }
    }

    fn go(&mut self, now: i64, users: &[String], silent: bool) {
        for user in users {
            self.members.remove(user);
            self.topics.iter_mut().for_each(|it| it.go(user));
            self.room.go(user);
            if self.kind != AvChatRoom && self.owner == *user {
                self.owner.clear();
            }
        }
        if !silent && !users.is_empty() {
            self.tip(now, false);
        }
    }

    /// Whether somebody may speak; `muted_all` is that of a topic.
    pub fn check_sender(&self, by: Actor<'_>, from: &str, now: i64, muted_all: bool) -> Done {
        if from == ADMIN {
            return Ok(());
        }
        let role = self.role(from);
        let is_early = !self.active && self.owner != from;
        if by.is_some() && (role.is_none() || is_early) {
            return Err(10007);
        }
        let may_speak = role.is_some_and(|it| may(self.kind, it, Action::SpeakUnderMuteAll));
        let is_muted = role.is_some() && self.muted_until(from, now) > 0;
        match is_muted || ((self.muted_all || muted_all) && !may_speak) {
            true => Err(10017),
            false => Ok(()),
        }
    }

    pub fn muted_until(&self, user: &str, now: i64) -> i64 {
        self.mutes.get(user).copied().filter(|it| *it > now).unwrap_or(0)
    }

    pub fn unread(&self, user: &str) -> i64 {
        let own = &self.members[user];
        match self.kind {
            ChatRoom | AvChatRoom => 0,
            _ if own.flag == MsgFlag::Discard => 0,
            _ => unread(&self.log, own.read, user),
        }
    }

    /// Members that are told of everything that happens now.
    pub fn all(&self) -> Vec<String> {
        self.members.keys().cloned().collect()
    }

    /// Whether a message can be recalled by somebody of this role, or by a backend.
    pub fn recall_code(&self, log: &[Message], by: Option<(&str, Role)>, seq: i64, now: i64) -> i64 {
        let Some(it) = log.get(seq as usize - 1) else { return 10030 };
        if it.sender == SYSTEM || it.recalled {
            return 10032;
        }
        let Some((by, own)) = by else { return 0 };
        let sender = self.role(&it.sender);
        let is_above = sender.map_or(it.sender != ADMIN, |it| may_act_on(own, it));
        if it.sender != by && !(is_above && may(self.kind, own, Action::RecallOthers)) {
            return 10007;
        }
        if it.time < now - WINDOW { 10031 } else { 0 }
    }

    /// The number up to which a member sees nothing.
    pub fn floor(&self, user: &str) -> i64 {
        if matches!(self.kind, Private | Public) { self.members[user].joined_seq } else { 0 }
    }
}

fn new_member(kind: Kind, role: Role, (joined_at, joined_seq): (i64, i64)) -> Member {
    let flag = if matches!(kind, ChatRoom | AvChatRoom) {
        MsgFlag::AcceptNotNotify
    } else {
        MsgFlag::AcceptAndNotify
    };
    Member { role, joined_at, joined_seq, read: 0, flag }
}

/// `None` is a backend, which may do what the kind of group allows at all.
pub type Actor<'a> = Option<&'a str>;
pub type Done<T = ()> = Result<T, i64>;
/// A dismissed group is `None`.
pub type Groups = BTreeMap<String, Option<Group>>;

/// Who a notice says did it.
pub fn name(by: Actor<'_>) -> &str {
    by.unwrap_or(ADMIN)
}

pub fn find<'a>(groups: &'a mut Groups, id: &str) -> Done<&'a mut Group> {
    match groups.get_mut(id) {
        None => Err(10015),
        Some(it) => it.as_mut().ok_or(10010),
    }
}

#[derive(Default)]
pub struct Model {
    pub groups: Groups,
    pub requests: Requests,
    pub notices: Notices,
    /// Whether who is invited must agree.
    pub consent: bool,
}

impl Model {
    pub fn find(&mut self, id: &str) -> Done<&mut Group> {
        find(&mut self.groups, id)
    }

    pub fn make(
        &mut self,
        (id, kind, has_topics): (&str, Kind, bool),
        owner: &str,
        first: &[(String, Role)],
        now: i64,
    ) -> Done {
        if kind == AvChatRoom && !first.is_empty() {
            return Err(10007);
        }
        if kind == Private && first.iter().any(|it| it.1 == Role::Admin) {
            return Err(10007);
        }
        if first.iter().any(|it| it.0 == NOBODY) {
            return Err(10019);
        }
        if let Some(Some(old)) = self.groups.get(id) {
            return Err(if old.owner == owner { 10025 } else { 10021 });
        }
        let mut members = BTreeMap::new();
        let all = [(owner.to_owned(), Role::Owner)].into_iter().chain(first.iter().cloned());
        for (user, role) in all.filter(|_| kind != AvChatRoom) {
            members.entry(user).or_insert(new_member(kind, role, (now, 0)));
        }
        self.notices.tell((id, kind), owner, Report::new(6, ADMIN), (None, now));
        if kind != Private {
            for user in members.keys().filter(|it| *it != owner) {
                self.notices.tell((id, kind), user, Report::new(7, ADMIN), (None, now));
            }
        }
        let group = Group {
            kind,
            owner: owner.to_owned(),
            active: kind != Private,
            muted_all: false,
            members,
            mutes: BTreeMap::new(),
            log: Vec::new(),
            apply: match kind {
                Private => ApplyOption::DisableApply,
                Public => ApplyOption::NeedPermission,
                ChatRoom | AvChatRoom | Community => ApplyOption::FreeAccess,
            },
            invite: match kind {
                Private | Community => InviteOption::FreeAccess,
                Public | ChatRoom | AvChatRoom => InviteOption::DisableInvite,
            },
            has_topics,
            topics: Vec::new(),
            attributes: Attributes::default(),
            counters: Counters::default(),
            room: Room::default(),
        };
        self.groups.insert(id.to_owned(), Some(group));
        Ok(())
    }

    pub fn dismiss(&mut self, id: &str, by: Actor<'_>, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        if by.is_some_and(|it| group.acting(it, Action::Dismiss).is_none()) {
            return Err(10007);
        }
        if group.active {
            let report = Report::new(5, name(by));
            self.notices.room(id, &group.all(), report.clone(), by);
            for user in group.all().iter().filter(|it| !is_online(it)) {
                self.notices.tell((id, group.kind), user, report.clone(), (None, now));
            }
        }
        self.requests.all.retain(|it| it.group != id);
        self.groups.insert(id.to_owned(), None);
        Ok(())
    }

    pub fn quit(&mut self, id: &str, user: &str, now: i64) -> Done {
        let group = find(&mut self.groups, id)?;
        match group.role(user) {
            None => Err(10007),
            Some(Role::Owner) if !matches!(group.kind, Private | AvChatRoom) => Err(10009),
            Some(_) => {
                self.notices.tell((id, group.kind), user, Report::new(8, user), (Some(user), now));
                group.go(now, &[user.to_owned()], false);
                Ok(())
            }
        }
    }

    pub fn kick(&mut self, id: &str, by: Actor<'_>, users: &[String], now: i64, silent: bool) -> Done {
        let group = find(&mut self.groups, id)?;
        if group.kind == AvChatRoom {
            return Err(10004);
        }
        let there: BTreeSet<_> = users.iter().filter(|it| group.members.contains_key(*it)).cloned().collect();
        if let Some(by) = by {
            let own = group.acting(by, Action::Kick).ok_or(10007)?;
            if !there.iter().all(|it| may_act_on(own, group.members[it].role)) {
                return Err(10007);
            }
        }
        for user in there.iter().filter(|_| group.active) {
            self.notices.tell((id, group.kind), user, Report::new(4, name(by)), (None, now));
        }
        group.go(now, &Vec::from_iter(there), silent);
        Ok(())
    }

    /// The number that the message gets; 0 in a live room, which has numbers of its own.
    pub fn send(
        &mut self,
        id: &str,
        by: Actor<'_>,
        (from, text): (&str, &str),
        no_unread: bool,
        now: i64,
    ) -> Done<i64> {
        let group = find(&mut self.groups, id)?;
        if group.has_topics {
            return Err(10007);
        }
        if no_unread && matches!(group.kind, ChatRoom | AvChatRoom) {
            return Err(10004);
        }
        group.check_sender(by, from, now, false)?;
        if !group.active && (by.is_none() || group.owner == from) {
            group.active = true;
            let inviter = if group.owner.is_empty() { name(by).to_owned() } else { group.owner.clone() };
            for user in group.members.keys().filter(|it| **it != inviter) {
                self.notices.tell((id, group.kind), user, Report::new(7, &inviter), (None, now));
            }
        }
        let wants = |it: &(&String, &Member)| it.1.flag != MsgFlag::Discard;
        let hearers: Vec<_> = group.members.iter().filter(wants).map(|it| it.0.clone()).collect();
        self.notices.heard(id, &hearers, text, by);
        if group.kind == AvChatRoom {
            return Ok(0);
        }
        group.say(now, from, text, no_unread);
        Ok(group.newest())
    }

    pub fn recall(&mut self, id: &str, by: Actor<'_>, seq: i64, now: i64) -> Done<i64> {
        let group = self.find(id)?;
        let own = by.map(|it| group.role(it).ok_or(10007)).transpose()?;
        let code = group.recall_code(&group.log, by.zip(own), seq, now);
        if code == 0 {
            group.log[seq as usize - 1].recalled = true;
        }
        Ok(code)
    }

    pub fn read(&mut self, id: &str, user: &str, seq: i64) -> Done {
        let group = self.find(id)?;
        let (kind, newest) = (group.kind, group.newest());
        match group.members.get_mut(user) {
            _ if kind == AvChatRoom => {}
            None => return Err(10007),
            Some(it) if kind != ChatRoom => it.read = it.read.max(seq.min(newest)),
            Some(_) => {}
        }
        Ok(())
    }

    pub fn recall_all_of(&mut self, id: &str, sender: &str) -> Done {
        self.find(id)?.log.iter_mut().for_each(|it| it.recall_quietly(sender));
        Ok(())
    }
}
