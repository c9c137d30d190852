//! What the model says that anybody can read.

use std::collections::BTreeSet;

use proto::json::quote;

use super::{Entry, Model, Snapshot};

impl Model {
    pub fn snapshot(&self, user: &str) -> Snapshot {
        let person = &self.people[user];
        let mut friends: Vec<_> = person.friends.iter().collect();
        friends.sort_by_key(|(name, entry)| (entry.added_at, (*name).clone()));
        let in_order = |lists: &BTreeSet<String>| {
            let names = person.lists.iter().filter(|it| lists.contains(*it)).map(|it| quote(it));
            format!("[{}]", names.collect::<Vec<_>>().join(","))
        };
        let fields = |entry: &Entry| {
            let text = |text: &String| (!text.is_empty()).then(|| quote(text));
            let values = [
                ("AddSource", text(&entry.source)),
                ("AddTime", Some(entry.added_at.to_string())),
                ("AddWording", text(&entry.wording)),
                ("Group", (!entry.lists.is_empty()).then(|| in_order(&entry.lists))),
                ("Remark", text(&entry.remark)),
            ];
            let named = |(name, value): (&str, Option<String>)| Some((format!("Tag_SNS_IM_{name}"), value?));
            values.into_iter().filter_map(named).collect::<Vec<_>>()
        };
        let lists = person.lists.iter().map(|name| {
            let members = person.friends.iter().filter(|it| it.1.lists.contains(name));
            (name.clone(), members.map(|it| it.0.clone()).collect())
        });
        let mut blocks: Vec<_> = person.blocks.iter().map(|(name, at)| (name.clone(), *at)).collect();
        blocks.sort_by_key(|it| (it.1, it.0.clone()));
        let ours = self.requests.iter().filter(|((from, to), _)| from == user || to == user);
        let mut requests: Vec<_> = ours
            .map(|((from, to), it)| {
                let is_sent = from == user;
                (is_sent, if is_sent { to.clone() } else { from.clone() }, it.at, it.wording.clone())
            })
            .collect();
        requests.sort();
        Snapshot {
            friends: friends.into_iter().map(|(name, entry)| (name.clone(), fields(entry))).collect(),
            lists: lists.collect(),
            blocks,
            unread: requests.iter().filter(|it| !it.0).count(),
            requests,
            sequences: person.sequences,
        }
    }
}
