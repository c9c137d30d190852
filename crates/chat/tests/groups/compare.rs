//! What a backend and each client read of the groups, beside what the model says.

use std::collections::BTreeMap;

use chat::{
    conversations::{self, Cursor, Side},
    groups::{
        Kind, group_flag, history,
        list::{self, Kinds, Query},
        members,
    },
};
use serde_json::Value;

use super::{
    USERS, World, code,
    model::{self, Group, Message},
    topics,
};

/// A group, or a topic of it.
type Place<'a> = (&'a str, Option<&'a str>);

/// Sender, text and whether it was recalled.
type Shown = (String, String, bool);

pub fn text(body: &Value) -> String {
    body[0]["MsgContent"]["Text"].as_str().unwrap_or_default().to_owned()
}

impl World {
    /// Everything that anybody can read.
    pub async fn compare(&mut self) {
        self.compare_pushes().await;
        for user in USERS {
            self.compare_kept(user).await;
        }
        self.compare_requests().await;
        let groups = std::mem::take(&mut self.model.groups);
        for (id, group) in &groups {
            let Some(group) = group else { continue };
            self.compare_members(id, group).await;
            self.compare_count(id, group).await;
            self.compare_pairs(id, group).await;
            self.compare_topics(id, group).await;
            if group.kind == Kind::AvChatRoom {
                self.compare_room(id, group).await;
                continue;
            }
            self.compare_whole_history((id, None), &group.log).await;
            for user in USERS {
                let floor = group.members.contains_key(user).then(|| group.floor(user));
                self.compare_history((id, None), &group.log, user, floor).await;
            }
        }
        for user in USERS {
            self.compare_lists(&groups, user).await;
            self.compare_communities(&groups, user).await;
        }
        self.model.groups = groups;
    }

    async fn compare_members(&self, id: &str, group: &Group) {
        let (at, now) = (self.at(), self.cx.chat.clock.now());
        let wanted = members::Wanted { roles: Vec::new(), limit: None, offset: 0, next: String::new() };
        let found = code(members::list(&self.cx, id, wanted).await);
        if group.kind == Kind::AvChatRoom {
            assert_eq!(found.err(), Some(10007), "members of {id}, {at}");
            return;
        }
        let page = found.unwrap();
        let found: BTreeMap<_, _> = page
            .members
            .into_iter()
            .map(|it| {
                let state = (it.role, it.muted_until, it.row.read_seq, it.row.joined_at, it.flag);
                (it.row.user, state)
            })
            .collect();
        let member = |(user, it): (&String, &model::Member)| {
            (user.clone(), (it.role, group.muted_until(user, now), it.read, it.joined_at, it.flag))
        };
        let expected: BTreeMap<_, _> = group.members.iter().map(member).collect();
        assert_eq!(found, expected, "members of {id}, {at}");
        assert_eq!(page.total, expected.len() as i64, "number of members of {id}, {at}");
    }

    /// The whole log as a backend reads it: dense from 1.
    pub async fn compare_whole_history(&self, (id, topic): Place<'_>, log: &[Message]) {
        let (mut found, mut from) = (Vec::<(i64, Shown)>::new(), log.len() as i64);
        while from > 0 {
            let wanted = history::Wanted { from, count: history::WHOLE_PAGE_MAX, recalled: true };
            let (page, _) = history::whole(&self.cx, id, topic, wanted).await.unwrap();
            from = page.last().unwrap().seq - 1;
            found.extend(page.into_iter().map(|it| {
                let message = it.message.expect("nothing expires here");
                let is_recalled = message.has(group_flag::RECALLED);
                let body: Value = serde_json::from_str(&message.body).unwrap();
                (it.seq, (message.sender, text(&body), is_recalled))
            }));
        }
        found.reverse();
        assert_eq!(found, expected_history(log, 0), "history of {id} {topic:?}, {}", self.at());
    }

    /// What a client reads: the same, from where its history begins. `None` is somebody who may not.
    pub async fn compare_history(
        &self,
        (id, topic): Place<'_>,
        log: &[Message],
        user: &str,
        floor: Option<i64>,
    ) {
        let (cx, at) = (&self.clients[user], self.at());
        let (mut found, mut from) = (Vec::<(i64, Shown)>::new(), 0);
        loop {
            let wanted = history::Wanted { from, count: history::PAGE_MAX, recalled: true };
            let page = code(history::page(cx, id, topic, wanted).await);
            if floor.is_none() {
                assert_eq!(page.err(), Some(10007), "history of {id} {topic:?} for {user}, {at}");
                return;
            }
            let page = page.unwrap();
            found.extend(page.items.iter().map(|it| {
                let it: Value = serde_json::from_str(it).unwrap();
                let sender = it["From_Account"].as_str().unwrap().to_owned();
                (it["MsgSeq"].as_i64().unwrap(), (sender, text(&it["MsgBody"]), it["IsPlaceMsg"] == 2))
            }));
            from = page.next;
            if from == 0 {
                break;
            }
        }
        found.reverse();
        let expected = expected_history(log, floor.unwrap_or(0));
        assert_eq!(found, expected, "history of {id} {topic:?} for {user}, {at}");
    }

    /// The groups of a user, and its conversations with what is unread in them.
    async fn compare_lists(&self, groups: &BTreeMap<String, Option<Group>>, user: &str) {
        let joined: Vec<_> = groups
            .iter()
            .filter_map(|(id, it)| it.as_ref().map(|it| (id, it)))
            .filter(|it| it.1.members.contains_key(user))
            .collect();
        let query = query(user, false);
        let mut found = BTreeMap::new();
        let each = |it: list::Entry| {
            found.insert(it.profile.group.id().to_owned(), (it.member.role, it.profile.last_seq));
            Ok(())
        };
        let total = list::joined(&self.cx, &query, each).await.unwrap();
        let group = |(id, it): &(&String, &Group)| ((*id).clone(), (it.members[user].role, it.newest()));
        let expected: BTreeMap<_, _> = joined.iter().filter(|it| !it.1.has_topics).map(group).collect();
        assert_eq!(found, expected, "groups of {user}, {}", self.at());
        assert_eq!(total, expected.len() as i64, "number of groups of {user}, {}", self.at());

        let wanted =
            conversations::Wanted { pinned_apart: true, empty: false, pinned_paged: true, labels: false };
        let page = conversations::page(&self.cx, user, Cursor::default(), wanted).await.unwrap().unwrap();
        let unread = page.entries.iter().filter_map(|it| match &it.side {
            Side::Group(group) => Some((it.which.id().to_owned(), (group.unread, group.newest_seq()))),
            Side::Peer(_) => None,
        });
        let listed = joined.iter().filter(|(_, it)| {
            let is_told = it.active || it.owner == user;
            it.kind != Kind::AvChatRoom && is_told && it.newest() > it.members[user].joined_seq
        });
        let expected: BTreeMap<_, _> =
            listed.map(|(id, it)| ((*id).clone(), (it.unread(user), it.newest()))).collect();
        assert_eq!(unread.collect::<BTreeMap<_, _>>(), expected, "unread of {user}, {}", self.at());
    }
    /// The communities of a user that have topics, and whether there is anything new in them.
    async fn compare_communities(&self, groups: &BTreeMap<String, Option<Group>>, user: &str) {
        let mut found = BTreeMap::new();
        let each = |it: list::Entry| {
            found.insert(it.profile.group.id().to_owned(), it.topics);
            Ok(())
        };
        list::joined(&self.cx, &query(user, true), each).await.unwrap();
        let joined = groups.iter().filter_map(|(id, it)| it.as_ref().map(|it| (id, it)));
        let joined = joined.filter(|(_, it)| it.has_topics && it.members.contains_key(user));
        let expected: BTreeMap<_, _> =
            joined.map(|(id, it)| (id.clone(), Some(topics::sums(it, user)))).collect();
        assert_eq!(found, expected, "communities of {user}, {}", self.at());
    }
}

fn query(user: &str, with_topics: bool) -> Query {
    Query {
        user: user.to_owned(),
        kinds: Kinds::Any,
        with_topics,
        live_rooms: true,
        inactive: true,
        offset: 0,
        limit: None,
        mentions: false,
    }
}

fn expected_history(log: &[Message], floor: i64) -> Vec<(i64, Shown)> {
    let shown = |it: &Message| (it.sender.clone(), it.text.clone(), it.recalled);
    (1..).zip(log.iter().map(shown)).skip(floor as usize).collect()
}
