//! What a call changed in the relations of whom: sequences to raise, sessions to tell.
//! `spec/concepts/relationships.md` 5 and 8, `spec/client/pushes.md` 2.2.

use std::collections::BTreeMap;

use proto::json::quote;
use store::{StoreError, Tx, friend_requests::Request, relation_sequences as sequences};

use super::{display, entry::GROUP};
use crate::{apps::App, live::Push, statistics::Event};

#[derive(Default)]
pub(crate) struct Changes {
    people: BTreeMap<String, Changed>,
    /// An import tells nobody.
    silent: bool,
    entries_added: usize,
    /// Entries that were removed: whose, and who was in them.
    removals: Vec<(String, String)>,
}

/// The changes of one user's relations.
#[derive(Default)]
struct Changed {
    added: Vec<String>,
    removed: Vec<String>,
    blocked: Vec<String>,
    unblocked: Vec<String>,
    /// Items of `FriendListMod` about requests, complete.
    requests: Vec<String>,
    /// Requests up to this second were read.
    read_at: Option<i64>,
    /// By friend and tag, the new value as a JSON literal.
    updated: BTreeMap<String, BTreeMap<String, String>>,
    standard: bool,
    custom: bool,
    lists: bool,
}

impl Changes {
    fn of(&mut self, user: &str) -> &mut Changed {
        self.people.entry(user.to_owned()).or_default()
    }

    pub(crate) fn silence(&mut self) {
        self.silent = true;
    }

    /// `owner` has a new friend.
    pub(crate) fn added(&mut self, owner: &str, friend: &str) {
        self.entries_added += 1;
        let it = self.of(owner);
        it.added.push(friend.to_owned());
        (it.standard, it.custom) = (true, true);
    }

    /// `owner` lost a friend, who may have been in some of the owner's lists.
    pub(crate) fn removed(&mut self, owner: &str, friend: &str, was_in_list: bool) {
        self.removals.push((owner.to_owned(), friend.to_owned()));
        let it = self.of(owner);
        it.removed.push(friend.to_owned());
        (it.standard, it.custom) = (true, true);
        it.lists |= was_in_list;
    }

    pub(super) fn removals(&self) -> impl Iterator<Item = (&str, &str)> {
        self.removals.iter().map(|it| (&*it.0, &*it.1))
    }

    /// Remark or lists of an entry changed: the new value as a JSON literal.
    pub(crate) fn updated(&mut self, owner: &str, friend: &str, tag: &str, literal: String) {
        let it = self.of(owner);
        it.updated.entry(friend.to_owned()).or_default().insert(tag.to_owned(), literal);
        it.standard = true;
    }

    /// A custom field of an entry changed.
    pub(crate) fn updated_custom(&mut self, owner: &str, friend: &str, tag: &str, literal: String) {
        let it = self.of(owner);
        it.updated.entry(friend.to_owned()).or_default().insert(tag.to_owned(), literal);
        it.custom = true;
    }

    /// A list of the owner was made, removed or renamed, or its members changed.
    pub(crate) fn lists(&mut self, owner: &str) {
        self.of(owner).lists = true;
    }

    pub(crate) fn blocked(&mut self, owner: &str, other: &str) {
        self.of(owner).blocked.push(other.to_owned());
    }

    pub(crate) fn unblocked(&mut self, owner: &str, other: &str) {
        self.of(owner).unblocked.push(other.to_owned());
    }

    /// A request waits; both sides are told about one another.
    pub(crate) fn requested(&mut self, tx: &mut dyn Tx, app: u32, it: &Request) -> Result<(), StoreError> {
        for (user, other) in [(&it.sender, &it.receiver), (&it.receiver, &it.sender)] {
            let (nick, face) = display(tx, app, other)?;
            self.of(user).requests.push(format!(
                "{{\"PushType\":3,\"From_Account\":{},\"PendencyAdd\":[{{\"PendencyAdd_Account\":{},\
                 \"ProfileImNick\":{nick},\"ProfileImImage\":{face},\"AddTime\":{},\"AddSource\":{},\
                 \"AddWording\":{}}}]}}",
                quote(&it.sender),
                quote(other),
                it.asked_at,
                quote(&it.source),
                quote(&it.wording)
            ));
        }
        Ok(())
    }

    /// A request is gone, however it ended.
    pub(crate) fn request_gone(&mut self, sender: &str, receiver: &str) {
        for (user, other) in [(sender, receiver), (receiver, sender)] {
            self.of(user).requests.push(format!(
                "{{\"PushType\":4,\"From_Account\":{},\"FrienPencydDel_Account\":[{}]}}",
                quote(sender),
                quote(other)
            ));
        }
    }

    /// The user has read the requests up to this second.
    pub(crate) fn requests_read(&mut self, user: &str, second: i64) {
        self.of(user).read_at = Some(second);
    }

    /// Whether the user's lists changed in this call so far.
    pub(crate) fn has_new_lists(&self, user: &str) -> bool {
        self.people.get(user).is_some_and(|it| it.lists)
    }

    /// Raises each sequence that is concerned by one. Called last in the transaction.
    pub(crate) fn raise(&self, tx: &mut dyn Tx, app: u32) -> Result<(), StoreError> {
        for (user, it) in &self.people {
            let mut now = sequences::get(tx, app, user)?;
            now.standard += i64::from(it.standard);
            now.custom += i64::from(it.custom);
            now.lists += i64::from(it.lists);
            now.blocks += i64::from(!it.blocked.is_empty() || !it.unblocked.is_empty());
            now.requests += i64::from(!it.requests.is_empty());
            sequences::put(tx, app, user, now)?;
        }
        Ok(())
    }

    /// Tells the sessions. Remarks and custom fields are not told to the instance `except` that changed them.
    pub(crate) fn tell(&self, app: &App, except: Option<i64>, now: i64) {
        app.count(now, Event::FriendAdded, self.entries_added);
        app.count(now, Event::FriendRemoved, self.removals.len());
        app.routes.outdate();
        for (user, it) in &self.people {
            for other in [&it.added, &it.removed, &it.blocked, &it.unblocked].into_iter().flatten() {
                app.routes.forget_both(user, other);
            }
            if self.silent {
                continue;
            }
            let items = it.items(user);
            if !items.is_empty() {
                app.live.push(user, None, || Push::events(&event(&items.join(","))));
            }
            if !it.updated.is_empty() {
                // An SDK does not see itself which friends its change of a list concerns.
                let of_lists = it.updated.values().any(|tags| tags.contains_key(GROUP));
                let except = except.filter(|_| !of_lists);
                app.live.push(user, except, || Push::events(&event(&it.update())));
            }
        }
    }
}

fn event(items: &str) -> String {
    format!("{{\"Event\":7,\"FriendListMod\":[{items}]}}")
}

impl Changed {
    /// The items of which every session of `user` learns.
    fn items(&self, user: &str) -> Vec<String> {
        let names = |it: &[String]| it.iter().map(|it| quote(it)).collect::<Vec<_>>().join(",");
        let mut items = Vec::new();
        for (kind, member, people) in
            [(1, "FriendAdd_Account", &self.added), (2, "FriendDel_Account", &self.removed)]
        {
            if !people.is_empty() {
                items.push(format!("{{\"PushType\":{kind},\"{member}\":[{}]}}", names(people)));
            }
        }
        items.extend(self.requests.iter().cloned());
        if let Some(second) = self.read_at {
            let from = quote(user);
            items.push(format!("{{\"PushType\":7,\"From_Account\":{from},\"ReportTime\":{second}}}"));
        }
        for (kind, member, people) in
            [(5, "BlackListAdd_Account", &self.blocked), (6, "BlackListDel_Account", &self.unblocked)]
        {
            if !people.is_empty() {
                let from = quote(user);
                items.push(format!(
                    "{{\"PushType\":{kind},\"From_Account\":{from},\"{member}\":[{}]}}",
                    names(people)
                ));
            }
        }
        items
    }

    fn update(&self) -> String {
        let friends: Vec<_> = self
            .updated
            .iter()
            .map(|(friend, tags)| {
                let tags: Vec<_> = tags
                    .iter()
                    .map(|(tag, value)| format!("{{\"Tag\":{},\"ValueBytes\":{value}}}", quote(tag)))
                    .collect();
                format!("{{\"Friend_Account\":{},\"Sns\":[{}]}}", quote(friend), tags.join(","))
            })
            .collect();
        format!("{{\"PushType\":8,\"FriendUpInfo\":[{}]}}", friends.join(","))
    }
}
