//! The rules of relations once more, as plainly as possible: maps in memory, everything looked up by walking.

use std::collections::{BTreeMap, BTreeSet};

use chat::relations::{Adding, Answer, Imported, NewFriend, Response, Side};

pub const FRIENDS_MAX: i64 = 3;
pub const LISTS_MAX: i64 = 2;
pub const PENDING_MAX: i64 = 1;
pub const BLOCKS_MAX: i64 = 2;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Allow {
    #[default]
    Any,
    Confirm,
    Deny,
}

impl Allow {
    pub fn name(self) -> &'static str {
        match self {
            Allow::Any => "AllowType_Type_AllowAny",
            Allow::Confirm => "AllowType_Type_NeedConfirm",
            Allow::Deny => "AllowType_Type_DenyAny",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Entry {
    added_at: i64,
    remark: String,
    source: String,
    wording: String,
    lists: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Request {
    mutual: bool,
    at: i64,
    remark: String,
    list: String,
    source: String,
    wording: String,
}

#[path = "lists.rs"]
mod lists;
#[path = "view.rs"]
mod view;

/// What changed for a user in one call: standard, custom, lists, blocks, requests.
type Touched = BTreeMap<String, [bool; 5]>;

#[derive(Default)]
struct Person {
    allow: Allow,
    forbidden: bool,
    friends: BTreeMap<String, Entry>,
    /// In the order of their making.
    lists: Vec<String>,
    blocks: BTreeMap<String, i64>,
    sequences: [i64; 5],
}

/// What can be read about a user. Requests are (sent by the user, other side, time, wording).
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    pub friends: Vec<(String, Vec<(String, String)>)>,
    pub lists: Vec<(String, Vec<String>)>,
    pub blocks: Vec<(String, i64)>,
    pub requests: Vec<(bool, String, i64, String)>,
    pub unread: usize,
    pub sequences: [i64; 5],
}

pub struct Model {
    people: BTreeMap<String, Person>,
    /// By sender and receiver.
    requests: BTreeMap<(String, String), Request>,
    seen: BTreeMap<i64, usize>,
}

impl Model {
    pub fn new(users: &[&str]) -> Model {
        let people = users.iter().map(|it| ((*it).to_owned(), Person::default())).collect();
        Model { people, requests: BTreeMap::new(), seen: BTreeMap::new() }
    }

    /// How often each code was answered.
    pub fn seen(&self) -> &BTreeMap<i64, usize> {
        &self.seen
    }

    fn answered(&mut self, codes: Vec<i64>) -> Vec<i64> {
        for code in &codes {
            *self.seen.entry(*code).or_insert(0) += 1;
        }
        codes
    }

    fn person(&mut self, user: &str) -> &mut Person {
        self.people.get_mut(user).expect("one of the users")
    }

    fn has(&self, owner: &str, other: &str) -> bool {
        self.people.get(owner).is_some_and(|it| it.friends.contains_key(other))
    }

    fn blocks(&self, owner: &str, other: &str) -> bool {
        self.people[owner].blocks.contains_key(other)
    }

    fn is_full(&self, owner: &str) -> bool {
        self.people[owner].friends.len() as i64 >= FRIENDS_MAX
    }

    fn touch(touched: &mut Touched, user: &str, what: &[usize]) {
        let it = touched.entry(user.to_owned()).or_default();
        what.iter().for_each(|at| it[*at] = true);
    }

    fn raise(&mut self, touched: Touched) {
        for (user, what) in touched {
            let person = self.person(&user);
            for (sequence, is_touched) in person.sequences.iter_mut().zip(what) {
                *sequence += i64::from(is_touched);
            }
        }
    }

    fn has_room(&self, owner: &str, names: &[String]) -> bool {
        let mut all: BTreeSet<_> = self.people[owner].lists.iter().cloned().collect();
        all.extend(names.iter().cloned());
        all.len() as i64 <= LISTS_MAX
    }

    fn ensure_lists(&mut self, owner: &str, names: &[String], touched: &mut Touched) {
        for name in names {
            if !self.people[owner].lists.contains(name) {
                self.person(owner).lists.push(name.clone());
                Model::touch(touched, owner, &[2]);
            }
        }
    }

    fn insert(&mut self, owner: &str, other: &str, entry: Entry, touched: &mut Touched) {
        let names: Vec<_> = entry.lists.iter().cloned().collect();
        self.ensure_lists(owner, &names, touched);
        Model::touch(touched, owner, if names.is_empty() { &[0, 1] } else { &[0, 1, 2] });
        self.person(owner).friends.insert(other.to_owned(), entry);
    }

    fn remove(&mut self, owner: &str, other: &str, touched: &mut Touched) {
        if let Some(entry) = self.person(owner).friends.remove(other) {
            Model::touch(touched, owner, if entry.lists.is_empty() { &[0, 1] } else { &[0, 1, 2] });
        }
    }

    fn end_request(&mut self, sender: &str, receiver: &str, touched: &mut Touched) -> bool {
        let was_there = self.requests.remove(&(sender.to_owned(), receiver.to_owned())).is_some();
        if was_there {
            Model::touch(touched, sender, &[4]);
            Model::touch(touched, receiver, &[4]);
        }
        was_there
    }

    /// Some open request, chosen by a number.
    pub fn any_request(&self, number: usize) -> Option<(String, String)> {
        let all: Vec<_> = self.requests.keys().collect();
        if all.is_empty() { None } else { Some(all[number % all.len()].clone()) }
    }

    pub fn allow(&mut self, user: &str, allow: Allow, forbidden: bool) {
        let person = self.person(user);
        (person.allow, person.forbidden) = (allow, forbidden);
    }

    pub fn add(&mut self, owner: &str, items: &[NewFriend], how: Adding, now: i64) -> Vec<i64> {
        let mut touched = Touched::new();
        let codes = items.iter().map(|it| self.add_one(owner, it, how, now, &mut touched)).collect();
        self.raise(touched);
        self.answered(codes)
    }

    fn add_one(&mut self, owner: &str, it: &NewFriend, how: Adding, now: i64, touched: &mut Touched) -> i64 {
        let Some(target) = self.people.get(&it.user) else { return 30003 };
        let allow = target.allow;
        let lists: BTreeSet<_> = (!it.list.is_empty()).then(|| it.list.clone()).into_iter().collect();
        let names: Vec<_> = lists.iter().cloned().collect();
        if it.user == owner || !it.source.starts_with("AddSource_Type_") || self.has(owner, &it.user) {
            return 30001;
        }
        let adds_theirs = how.mutual && !self.has(&it.user, owner);
        for (is_so, code) in [
            (!how.forced && self.people[owner].forbidden, 30009),
            (self.blocks(owner, &it.user), 30515),
            (self.blocks(&it.user, owner), 30525),
            (self.is_full(owner), 30010),
            (adds_theirs && self.is_full(&it.user), 30014),
            (!self.has_room(owner, &names), 30011),
            (!how.forced && allow == Allow::Deny, 30516),
        ] {
            if is_so {
                return code;
            }
        }
        if !how.forced && allow == Allow::Confirm {
            return self.ask(owner, it, how.mutual, now, touched);
        }
        let entry = Entry {
            added_at: now,
            remark: it.remark.clone(),
            source: it.source.clone(),
            wording: it.wording.clone(),
            lists,
        };
        let reverse = Entry { remark: String::new(), lists: BTreeSet::new(), ..entry.clone() };
        self.insert(owner, &it.user, entry, touched);
        self.end_request(owner, &it.user, touched);
        if adds_theirs {
            self.insert(&it.user, owner, reverse, touched);
        }
        if adds_theirs || how.forced {
            self.end_request(&it.user, owner, touched);
        }
        0
    }

    fn ask(&mut self, owner: &str, it: &NewFriend, mutual: bool, now: i64, touched: &mut Touched) -> i64 {
        let key = (owner.to_owned(), it.user.clone());
        let sent = self.requests.keys().filter(|it| it.0 == key.0).count() as i64;
        let received = self.requests.keys().filter(|it| it.1 == key.1).count() as i64;
        if !self.requests.contains_key(&key) && (sent >= PENDING_MAX || received >= PENDING_MAX) {
            return 30012;
        }
        let request = Request {
            mutual,
            at: now,
            remark: it.remark.clone(),
            list: it.list.clone(),
            source: it.source.clone(),
            wording: it.wording.clone(),
        };
        self.requests.insert(key, request);
        Model::touch(touched, owner, &[4]);
        Model::touch(touched, &it.user, &[4]);
        30539
    }

    pub fn respond(&mut self, owner: &str, it: &Response, now: i64) -> i64 {
        let mut touched = Touched::new();
        let code = self.respond_one(owner, it, now, &mut touched);
        self.raise(touched);
        self.answered(vec![code])[0]
    }

    fn respond_one(&mut self, owner: &str, it: &Response, now: i64, touched: &mut Touched) -> i64 {
        let asker = &*it.user;
        let Some(request) = self.requests.get(&(asker.to_owned(), owner.to_owned())).cloned() else {
            return 30614;
        };
        // The kind of the request does not matter: who answers says who gets an entry.
        let _ = request.mutual;
        if it.answer != Answer::Reject {
            let adds_mine = it.answer == Answer::AgreeAndAdd && !self.has(owner, asker);
            let adds_theirs = !self.has(asker, owner);
            let one =
                |name: &String| (!name.is_empty()).then(|| name.clone()).into_iter().collect::<Vec<_>>();
            let (mine, theirs) = (one(&it.list), one(&request.list));
            for (is_so, code) in [
                (adds_mine && self.is_full(owner), 30010),
                (adds_theirs && self.is_full(asker), 30014),
                (adds_mine && !self.has_room(owner, &mine), 30011),
                (adds_theirs && !self.has_room(asker, &theirs), 30011),
            ] {
                if is_so {
                    return code;
                }
            }
            let entry = |remark: &String, lists: Vec<String>| Entry {
                added_at: now,
                remark: remark.clone(),
                source: request.source.clone(),
                wording: request.wording.clone(),
                lists: lists.into_iter().collect(),
            };
            if adds_theirs {
                self.insert(asker, owner, entry(&request.remark, theirs), touched);
            }
            if adds_mine {
                self.insert(owner, asker, entry(&it.remark, mine), touched);
            } else if !it.remark.is_empty() {
                self.set_remark(owner, asker, &it.remark, touched);
            }
        }
        self.end_request(asker, owner, touched);
        if it.answer == Answer::AgreeAndAdd {
            self.end_request(owner, asker, touched);
        }
        0
    }

    fn set_remark(&mut self, owner: &str, other: &str, remark: &str, touched: &mut Touched) {
        if let Some(entry) = self.person(owner).friends.get_mut(other)
            && entry.remark != remark
        {
            entry.remark = remark.to_owned();
            Model::touch(touched, owner, &[0]);
        }
    }

    fn set_lists(&mut self, owner: &str, other: &str, names: &[String], touched: &mut Touched) {
        self.ensure_lists(owner, names, touched);
        let new: BTreeSet<_> = names.iter().cloned().collect();
        if let Some(entry) = self.person(owner).friends.get_mut(other)
            && entry.lists != new
        {
            entry.lists = new;
            Model::touch(touched, owner, &[0, 2]);
        }
    }

    pub fn withdraw(&mut self, owner: &str, users: &[String], side: Side) -> Vec<i64> {
        let mut touched = Touched::new();
        let mut one = |other: &String| {
            let (sender, receiver) = if side == Side::Sender { (owner, &**other) } else { (&**other, owner) };
            if self.end_request(sender, receiver, &mut touched) { 0 } else { 30614 }
        };
        let codes = users.iter().map(&mut one).collect();
        self.raise(touched);
        self.answered(codes)
    }

    pub fn import(&mut self, owner: &str, items: &[Imported], now: i64) -> Vec<i64> {
        let mut touched = Touched::new();
        let codes = items.iter().map(|it| self.import_one(owner, it, now, &mut touched)).collect();
        self.raise(touched);
        self.answered(codes)
    }

    fn import_one(&mut self, owner: &str, it: &Imported, now: i64, touched: &mut Touched) -> i64 {
        let names = it.lists.clone().unwrap_or_default();
        let is_new = !self.has(owner, &it.user);
        for (is_so, code) in [
            (!self.people.contains_key(&it.user), 30003),
            (it.user == owner, 30001),
            (is_new && self.is_full(owner), 30010),
            (!self.has_room(owner, &names), 30011),
        ] {
            if is_so {
                return code;
            }
        }
        if is_new {
            self.insert(owner, &it.user, Entry { added_at: now, ..Entry::default() }, touched);
        }
        if let Some(remark) = &it.remark {
            self.set_remark(owner, &it.user, remark, touched);
        }
        if let Some(entry) = self.person(owner).friends.get_mut(&it.user) {
            let before = entry.clone();
            entry.source.clone_from(&it.source);
            if let Some(wording) = &it.wording {
                entry.wording.clone_from(wording);
            }
            entry.added_at = it.added_at.unwrap_or(entry.added_at);
            if *entry != before {
                Model::touch(touched, owner, &[0]);
            }
        }
        if let Some(names) = &it.lists {
            self.set_lists(owner, &it.user, names, touched);
        }
        0
    }

    pub fn update(
        &mut self,
        owner: &str,
        user: &str,
        remark: Option<String>,
        lists: Option<Vec<String>>,
    ) -> i64 {
        let mut touched = Touched::new();
        let code = match () {
            () if !self.has(owner, user) => 30001,
            () if !self.has_room(owner, lists.as_deref().unwrap_or(&[])) => 30011,
            () => {
                if let Some(remark) = remark {
                    self.set_remark(owner, user, &remark, &mut touched);
                }
                if let Some(names) = lists {
                    self.set_lists(owner, user, &names, &mut touched);
                }
                0
            }
        };
        self.raise(touched);
        self.answered(vec![code])[0]
    }

    pub fn delete(&mut self, owner: &str, users: &[String], both: bool) -> Vec<i64> {
        let (mut touched, mut codes) = (Touched::new(), Vec::new());
        for user in users {
            if !self.people.contains_key(user) {
                codes.push(30003);
                continue;
            }
            let is_tied = self.has(owner, user) || (both && self.has(user, owner));
            codes.push(if is_tied { 0 } else { 31704 });
            self.remove(owner, user, &mut touched);
            if both {
                self.remove(user, owner, &mut touched);
            }
        }
        self.raise(touched);
        self.answered(codes)
    }

    pub fn delete_all(&mut self, owner: &str, both: bool) {
        let mut touched = Touched::new();
        for friend in self.people[owner].friends.keys().cloned().collect::<Vec<_>>() {
            self.remove(owner, &friend, &mut touched);
            if both {
                self.remove(&friend, owner, &mut touched);
            }
        }
        self.raise(touched);
    }

    pub fn block(&mut self, owner: &str, users: &[String], now: i64) -> Vec<i64> {
        let (mut touched, mut codes) = (Touched::new(), Vec::new());
        for user in users {
            let count = self.people[owner].blocks.len() as i64;
            codes.push(match () {
                () if !self.people.contains_key(user) => 30003,
                () if user == owner || self.blocks(owner, user) => 30001,
                () if count >= BLOCKS_MAX => 30013,
                () => {
                    self.person(owner).blocks.insert(user.clone(), now);
                    Model::touch(&mut touched, owner, &[3]);
                    self.remove(owner, user, &mut touched);
                    self.remove(user, owner, &mut touched);
                    self.end_request(owner, user, &mut touched);
                    self.end_request(user, owner, &mut touched);
                    0
                }
            });
        }
        self.raise(touched);
        self.answered(codes)
    }

    pub fn unblock(&mut self, owner: &str, users: &[String]) -> Vec<i64> {
        let (mut touched, mut codes) = (Touched::new(), Vec::new());
        for user in users {
            codes.push(match () {
                () if !self.people.contains_key(user) => 30003,
                () if self.person(owner).blocks.remove(user).is_none() => 30001,
                () => {
                    Model::touch(&mut touched, owner, &[3]);
                    0
                }
            });
        }
        self.raise(touched);
        self.answered(codes)
    }

    /// The account is deleted and made again.
    pub fn forget(&mut self, user: &str) {
        let mut touched = Touched::new();
        let others: Vec<_> = self.people.keys().filter(|it| *it != user).cloned().collect();
        for other in others {
            let person = self.person(&other);
            if person.friends.remove(user).is_some() {
                Model::touch(&mut touched, &other, &[0, 1, 2]);
            }
            if person.blocks.remove(user).is_some() {
                Model::touch(&mut touched, &other, &[3]);
            }
            for key in [(other.clone(), user.to_owned()), (user.to_owned(), other.clone())] {
                if self.requests.remove(&key).is_some() {
                    Model::touch(&mut touched, &other, &[4]);
                }
            }
        }
        self.raise(touched);
        // The sequences never go back; they exist once anything happened.
        let mut sequences = self.people[user].sequences;
        if sequences.iter().any(|it| *it > 0) {
            sequences.iter_mut().for_each(|it| *it += 1);
        }
        self.people.insert(user.to_owned(), Person { sequences, ..Person::default() });
    }
}
