//! A plain model of groups: who is in them as what, who is muted, what was said, what everybody has read.

use std::collections::{BTreeMap, BTreeSet};

use chat::groups::{
    Action,
    Kind::{self, AvChatRoom, ChatRoom, Private, Public},
    Role, may, may_act_on,
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

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub role: Role,
    pub joined_at: i64,
    pub joined_seq: i64,
    pub read: i64,
}

pub struct Group {
    pub kind: Kind,
    pub owner: String,
    pub active: bool,
    pub muted_all: bool,
    pub members: BTreeMap<String, Member>,
    pub mutes: BTreeMap<String, i64>,
    pub log: Vec<Message>,
    pub waiting: BTreeSet<String>,
}

impl Group {
    pub fn newest(&self) -> i64 {
        self.log.len() as i64
    }

    fn role(&self, user: &str) -> Option<Role> {
        self.members.get(user).map(|it| it.role)
    }

    /// Of somebody in charge; the owner of a live room need not be there.
    fn acting(&self, user: &str, action: Action) -> Option<Role> {
        let away = (self.kind == AvChatRoom && self.owner == user).then_some(Role::Owner);
        self.role(user).or(away).filter(|it| may(self.kind, *it, action))
    }

    fn say(&mut self, now: i64, sender: &str, text: &str, no_unread: bool) {
        let (sender, text) = (sender.to_owned(), text.to_owned());
        self.log.push(Message { sender, text, time: now, no_unread, recalled: false, quietly: false });
    }

    /// A tip that is kept, where the kind of group keeps such.
    fn tip(&mut self, now: i64, kept_in_chat_rooms: bool) {
        let keeps = self.kind != AvChatRoom && (self.kind != ChatRoom || kept_in_chat_rooms);
        if self.active && keeps {
            self.say(now, SYSTEM, "", false);
        }
    }

    fn enter(&mut self, now: i64, users: &[String], silent: bool) {
        let newest = self.newest();
        for user in users {
            let it = Member { role: Role::Member, joined_at: now, joined_seq: newest, read: newest };
            self.members.insert(user.clone(), it);
        }
        if !silent && !users.is_empty() {
            self.tip(now, false);
        }
    }

    fn go(&mut self, now: i64, users: &[String], silent: bool) {
        for user in users {
            self.members.remove(user);
            if self.kind != AvChatRoom && self.owner == *user {
                self.owner.clear();
            }
        }
        if !silent && !users.is_empty() {
            self.tip(now, false);
        }
    }

    pub fn muted_until(&self, user: &str, now: i64) -> i64 {
        self.mutes.get(user).copied().filter(|it| *it > now).unwrap_or(0)
    }

    /// Messages above the read mark that count: of others, not sent without counting, not recalled.
    pub fn unread(&self, user: &str) -> i64 {
        let read = self.members[user].read;
        let counts = |it: &&Message| it.sender != user && !it.no_unread && (!it.recalled || it.quietly);
        match self.kind {
            ChatRoom | AvChatRoom => 0,
            _ => self.log.iter().skip(read as usize).filter(counts).count() as i64,
        }
    }

    /// The number up to which a member sees nothing.
    pub fn floor(&self, user: &str) -> i64 {
        if matches!(self.kind, Private | Public) { self.members[user].joined_seq } else { 0 }
    }
}

/// `None` is a backend, which may do what the kind of group allows at all.
pub type Actor<'a> = Option<&'a str>;
type Done<T = ()> = Result<T, i64>;

#[derive(Default)]
pub struct Model {
    /// A dismissed group is `None`.
    pub groups: BTreeMap<String, Option<Group>>,
}

impl Model {
    fn find(&mut self, id: &str) -> Done<&mut Group> {
        match self.groups.get_mut(id) {
            None => Err(10015),
            Some(it) => it.as_mut().ok_or(10010),
        }
    }

    pub fn make(
        &mut self,
        (id, kind): (&str, Kind),
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
            members.entry(user).or_insert(Member { role, joined_at: now, joined_seq: 0, read: 0 });
        }
        let group = Group {
            kind,
            owner: owner.to_owned(),
            active: kind != Private,
            muted_all: false,
            members,
            mutes: BTreeMap::new(),
            log: Vec::new(),
            waiting: BTreeSet::new(),
        };
        self.groups.insert(id.to_owned(), Some(group));
        Ok(())
    }

    pub fn dismiss(&mut self, id: &str, by: Actor<'_>) -> Done {
        let group = self.find(id)?;
        if by.is_some_and(|it| group.acting(it, Action::Dismiss).is_none()) {
            return Err(10007);
        }
        self.groups.insert(id.to_owned(), None);
        Ok(())
    }

    /// Outcomes as on the wire: 0 for nobody, 1 for added, 2 for who is in.
    pub fn add(
        &mut self,
        id: &str,
        by: Actor<'_>,
        users: &[String],
        now: i64,
        silent: bool,
    ) -> Done<Vec<i64>> {
        let group = self.find(id)?;
        let is_closed = matches!(group.kind, Public | ChatRoom);
        if group.kind == AvChatRoom || by.is_some_and(|it| group.role(it).is_none() || is_closed) {
            return Err(10007);
        }
        if users.iter().all(|it| it == NOBODY) {
            return Err(10019);
        }
        let is_in = |it: &String| group.members.contains_key(it);
        let outcome = |it: &String| if it == NOBODY { 0 } else { 1 + i64::from(is_in(it)) };
        let outcomes = users.iter().map(outcome).collect();
        let free: BTreeSet<_> = users.iter().filter(|it| *it != NOBODY && !is_in(it)).cloned().collect();
        group.enter(now, &Vec::from_iter(free), silent);
        Ok(outcomes)
    }

    /// Says whether the user came in at once.
    pub fn apply(&mut self, id: &str, user: &str, now: i64) -> Done<bool> {
        let group = self.find(id)?;
        match group.kind {
            AvChatRoom if group.members.contains_key(user) => return Ok(true),
            _ if group.members.contains_key(user) => return Err(10013),
            Private => return Err(10007),
            Public => {
                group.waiting.insert(user.to_owned());
                return Ok(false);
            }
            _ => group.enter(now, &[user.to_owned()], false),
        }
        if group.kind == AvChatRoom && group.owner == user {
            group.members.get_mut(user).expect("just came in").role = Role::Owner;
        }
        Ok(true)
    }

    pub fn decide(&mut self, id: &str, by: &str, asker: &str, agrees: bool, now: i64) -> Done {
        let group = self.find(id)?;
        match () {
            () if !matches!(group.role(by), Some(Role::Owner | Role::Admin)) => Err(10007),
            () if !group.waiting.contains(asker) => Err(10024),
            () if agrees && group.members.contains_key(asker) => Err(10013),
            () => {
                group.waiting.remove(asker);
                let came: &[String] = if agrees { &[asker.to_owned()] } else { &[] };
                group.enter(now, came, false);
                Ok(())
            }
        }
    }

    pub fn quit(&mut self, id: &str, user: &str, now: i64) -> Done {
        let group = self.find(id)?;
        match group.role(user) {
            None => Err(10007),
            Some(Role::Owner) if !matches!(group.kind, Private | AvChatRoom) => Err(10009),
            Some(_) => {
                group.go(now, &[user.to_owned()], false);
                Ok(())
            }
        }
    }

    pub fn kick(&mut self, id: &str, by: Actor<'_>, users: &[String], now: i64, silent: bool) -> Done {
        let group = self.find(id)?;
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
        group.go(now, &Vec::from_iter(there), silent);
        Ok(())
    }

    pub fn hand_over(&mut self, id: &str, by: Actor<'_>, user: &str, now: i64) -> Done {
        let group = self.find(id)?;
        let is_denied = by.is_some_and(|it| group.acting(it, Action::Transfer).is_none());
        if group.kind == AvChatRoom || is_denied {
            return Err(10007);
        }
        if !group.members.contains_key(user) {
            return Err(10004);
        }
        if group.owner != user {
            if let Some(old) = group.members.get_mut(&group.owner) {
                old.role = Role::Member;
            }
            group.members.get_mut(user).expect("is there").role = Role::Owner;
            group.owner = user.to_owned();
            group.tip(now, true);
        }
        Ok(())
    }

    pub fn set_role(&mut self, id: &str, by: Actor<'_>, user: &str, role: Role, now: i64) -> Done {
        let group = self.find(id)?;
        let own = by.map(|it| group.role(it));
        match (own, group.role(user)) {
            _ if group.kind == AvChatRoom || (group.kind == Private && role == Role::Admin) => Err(10007),
            (Some(None), _) => Err(10007),
            (_, None) => Err(10004),
            (Some(Some(own)), Some(was)) if !may(group.kind, own, Action::SetAdmin) || was == Role::Owner => {
                Err(10007)
            }
            (None, Some(Role::Owner)) => Err(10004),
            (_, Some(was)) => {
                group.members.get_mut(user).expect("is there").role = role;
                if was != role {
                    group.tip(now, false);
                }
                Ok(())
            }
        }
    }

    pub fn mute(&mut self, id: &str, by: Actor<'_>, user: &str, seconds: i64, now: i64) -> Done {
        let group = self.find(id)?;
        let own = by.map(|it| group.role(it));
        match (own, group.role(user)) {
            _ if matches!(group.kind, AvChatRoom | Private) => return Err(10007),
            (Some(None), _) => return Err(10007),
            (_, None) => return Err(10004),
            (Some(Some(own)), Some(was))
                if !may(group.kind, own, Action::MuteOne) || !may_act_on(own, was) =>
            {
                return Err(10007);
            }
            _ => {}
        }
        let until = if seconds == 0 { 0 } else { now + seconds };
        if group.muted_until(user, now) != until {
            group.mutes.insert(user.to_owned(), until);
            group.tip(now, false);
        }
        Ok(())
    }

    pub fn mute_all(&mut self, id: &str, by: Actor<'_>, on: bool) -> Done {
        let group = self.find(id)?;
        if by.is_some_and(|it| group.acting(it, Action::ChangeOptions).is_none()) {
            return Err(10007);
        }
        group.muted_all = on;
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
        let group = self.find(id)?;
        if no_unread && matches!(group.kind, ChatRoom | AvChatRoom) {
            return Err(10004);
        }
        let role = group.role(from);
        if from != ADMIN {
            let is_early = !group.active && group.owner != from;
            if by.is_some() && (role.is_none() || is_early) {
                return Err(10007);
            }
            let may_speak = role.is_some_and(|it| may(group.kind, it, Action::SpeakUnderMuteAll));
            let is_muted = role.is_some() && group.muted_until(from, now) > 0;
            if is_muted || (group.muted_all && !may_speak) {
                return Err(10017);
            }
        }
        if group.kind == AvChatRoom {
            return Ok(0);
        }
        group.active = true;
        group.say(now, from, text, no_unread);
        Ok(group.newest())
    }

    pub fn recall(&mut self, id: &str, by: Actor<'_>, seq: i64, now: i64) -> Done<i64> {
        let group = self.find(id)?;
        let own = by.map(|it| group.role(it).ok_or(10007)).transpose()?;
        let Some(it) = group.log.get(seq as usize - 1) else { return Ok(10030) };
        if it.sender == SYSTEM || it.recalled {
            return Ok(10032);
        }
        if let (Some(by), Some(own)) = (by, own) {
            let sender = group.role(&it.sender);
            let is_above = sender.map_or(it.sender != ADMIN, |it| may_act_on(own, it));
            if it.sender != by && !(is_above && may(group.kind, own, Action::RecallOthers)) {
                return Ok(10007);
            }
            if it.time < now - WINDOW {
                return Ok(10031);
            }
        }
        group.log[seq as usize - 1].recalled = true;
        Ok(0)
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
        for it in self.find(id)?.log.iter_mut().filter(|it| it.sender == sender && !it.recalled) {
            (it.recalled, it.quietly) = (true, true);
        }
        Ok(())
    }
}
