//! Who discards the messages of which topic: kept in memory, since each message of a topic asks for it and a
//! community may have many who do.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use quick_cache::{Weighter, sync::Cache};
use store::topic_members;

use super::find::{Group, Topic};
use crate::{Cx, error::Error};

/// Users kept in memory, per app; one counts once for each topic that it discards.
const USERS_MAX: u64 = 1_000_000;
/// Communities that the memory is laid out for.
const COMMUNITIES: usize = 1024;

/// The users by topic, of one community.
type ByTopic = HashMap<i64, Arc<HashSet<String>>>;

pub(super) struct Discards(Cache<i64, Arc<ByTopic>, Users>);

#[derive(Clone)]
struct Users;

impl Weighter<i64, Arc<ByTopic>> for Users {
    fn weight(&self, _: &i64, it: &Arc<ByTopic>) -> u64 {
        1 + it.values().map(|it| it.len() as u64).sum::<u64>()
    }
}

impl Default for Discards {
    fn default() -> Discards {
        Discards(Cache::with_weighter(COMMUNITIES, USERS_MAX, Users))
    }
}

impl Discards {
    pub(super) fn forget(&self, group: i64) {
        self.0.remove(&group);
    }

    /// The user has no options of its own in the group's topics any more.
    pub(super) fn forget_user(&self, group: i64, user: &str) {
        if self.0.get(&group).is_some_and(|it| it.values().any(|it| it.contains(user))) {
            self.forget(group);
        }
    }

    pub(super) fn forget_all(&self) {
        self.0.clear();
    }
}

/// Who wants no messages of the topic.
pub(super) async fn of(cx: &Cx, group: &Group, topic: &Topic) -> Result<Arc<HashSet<String>>, Error> {
    let (groups, number) = (&cx.app.groups, group.number());
    let of_group = match groups.discards.0.get(&number) {
        Some(it) => it,
        None => {
            let version = groups.version();
            let rows = cx.chat.db.read(move |tx| topic_members::discarding(tx, number)).await?;
            let mut users: HashMap<i64, HashSet<String>> = HashMap::new();
            for (topic, user) in rows {
                users.entry(topic).or_default().insert(user);
            }
            let found: ByTopic = users.into_iter().map(|(topic, it)| (topic, it.into())).collect();
            let found = Arc::new(found);
            if version == groups.version() {
                groups.discards.0.insert(number, found.clone());
            }
            found
        }
    };
    Ok(of_group.get(&topic.id).cloned().unwrap_or_default())
}
