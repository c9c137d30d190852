//! The rules of pushes to all users in the plainest form. `spec/concepts/push-to-all-users.md`.

use std::collections::{BTreeMap, BTreeSet};

use chat::all_member_push::Wanted;

/// How long an interrupted push that does not wait is given to those who come back.
const RESUMED_SECONDS: i64 = 60;
/// If it was made no longer ago than this.
const RESUMED_AGE_SECONDS: i64 = 600;

#[derive(Default)]
pub struct User {
    pub tags: BTreeSet<String>,
    pub attributes: BTreeMap<String, String>,
    /// When the conversation with a sender was read.
    read: BTreeMap<&'static str, i64>,
    /// The number of the page that is open.
    page: Option<usize>,
    /// What that page was pushed.
    pub told: Vec<String>,
}

pub struct Pushed {
    pub from: &'static str,
    pub time: i64,
    /// 0 for who is online.
    pub until: i64,
    pub audience: BTreeSet<String>,
    pub text: String,
}

/// A push that is going out, to these pages.
struct Going {
    push: usize,
    pages: Vec<(String, usize)>,
}

/// One that was going out when the server ended.
struct Resumed {
    push: usize,
    until: i64,
    served: BTreeSet<String>,
}

pub struct Model {
    users: BTreeMap<&'static str, User>,
    pub pushes: Vec<Pushed>,
    going: Vec<Going>,
    resumed: Vec<Resumed>,
    pages: usize,
    pub times_told: usize,
    pub times_resumed: usize,
}

impl Model {
    pub fn new(users: &[&'static str]) -> Model {
        Model {
            users: users.iter().map(|it| (*it, User::default())).collect(),
            pushes: Vec::new(),
            going: Vec::new(),
            resumed: Vec::new(),
            pages: 0,
            times_told: 0,
            times_resumed: 0,
        }
    }

    pub fn user(&mut self, user: &str) -> &mut User {
        self.users.get_mut(user).unwrap()
    }

    pub fn user_at(&self, user: &str) -> &User {
        &self.users[user]
    }

    pub fn audience(&self, from: &str, wanted: &Wanted) -> BTreeSet<String> {
        let is_meant = |it: &User| match wanted {
            Wanted::Tags { every, some } => {
                every.iter().all(|tag| it.tags.contains(tag))
                    && (some.is_empty() || some.iter().any(|tag| it.tags.contains(tag)))
            }
            Wanted::Attributes { every, some } => {
                let has = |(name, value): (&String, &String)| it.attributes.get(name) == Some(value);
                every.iter().all(has) && (some.is_empty() || some.iter().any(has))
            }
        };
        let users = self.users.iter().filter(|it| *it.0 != from && is_meant(it.1));
        users.map(|it| (*it.0).to_owned()).collect()
    }

    pub fn push(&mut self, push: Pushed) {
        let open = self.users.iter().filter_map(|(user, it)| Some(((*user).to_owned(), it.page?)));
        let pages = open.filter(|it| push.audience.contains(&it.0)).collect();
        self.going.push(Going { push: self.pushes.len(), pages });
        self.pushes.push(push);
    }

    pub fn deliver(&mut self) {
        for going in std::mem::take(&mut self.going) {
            for (user, page) in going.pages {
                let text = self.pushes[going.push].text.clone();
                let user = self.user(&user);
                if user.page == Some(page) {
                    user.told.push(text);
                    self.times_told += 1;
                }
            }
        }
    }

    pub fn come(&mut self, user: &str) {
        self.pages += 1;
        let page = self.pages;
        let user = self.user(user);
        user.page = Some(page);
        user.told.clear();
    }

    pub fn leave(&mut self, user: &str) {
        self.user(user).page = None;
    }

    /// A conversation in which there is nothing, and never was, cannot be read: what comes in that second is new.
    pub fn read(&mut self, user: &str, peer: &'static str, now: i64) {
        let is_there = self.pushes.iter().any(|it| it.from == peer && it.until >= now);
        let read = &mut self.user(user).read;
        if is_there || read.contains_key(peer) {
            read.insert(peer, now);
        }
    }

    pub fn end_and_start(&mut self, now: i64) {
        let until = now + RESUMED_SECONDS;
        let going = std::mem::take(&mut self.going);
        let again = std::mem::take(&mut self.resumed);
        let online_only = going.iter().map(|it| it.push).filter(|it| self.pushes[*it].until == 0);
        let mut pushes: Vec<_> = again.iter().map(|it| it.push).chain(online_only).collect();
        pushes.retain(|it| self.pushes[*it].time + RESUMED_AGE_SECONDS >= now);
        pushes.sort_unstable();
        let resumed = |push| Resumed { push, until, served: BTreeSet::new() };
        self.resumed = pushes.into_iter().map(resumed).collect();
        self.users.values_mut().for_each(|it| it.page = None);
    }

    pub fn resume(&mut self, now: i64) {
        for mut it in std::mem::take(&mut self.resumed) {
            for user in self.pushes[it.push].audience.clone() {
                let text = self.pushes[it.push].text.clone();
                let found = self.user(&user);
                if found.page.is_some() && it.served.insert(user) {
                    found.told.push(text);
                    self.times_resumed += 1;
                }
            }
            if now < it.until {
                self.resumed.push(it);
            }
        }
    }

    fn of(&self, user: &str, now: i64, counts: impl Fn(&Pushed) -> bool) -> BTreeMap<String, Vec<String>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let waiting = |it: &&Pushed| it.until >= now && it.audience.contains(user);
        for push in self.pushes.iter().filter(waiting).filter(|it| counts(it)) {
            found.entry(push.from.to_owned()).or_default().push(push.text.clone());
        }
        found
    }

    /// What has not ended, by sender.
    pub fn alive(&self, user: &str, now: i64) -> BTreeMap<String, Vec<String>> {
        self.of(user, now, |_| true)
    }

    /// What of it is not read.
    pub fn unread(&self, user: &str, now: i64) -> BTreeMap<String, Vec<String>> {
        let read = &self.users[user].read;
        self.of(user, now, |it| it.time > read.get(it.from).copied().unwrap_or(0))
    }
}
