//! Searching messages. `spec/client/commands/message_search.query.yaml`.

mod answer;
mod scan;

use std::collections::HashMap;

use memchr::memmem::Finder;
use proto::element::ElementType;
use store::{
    Tx,
    search_logs::{C2C, GROUP, Place},
    search_scope::{self as scope, Peer},
};

use super::{Found, Query, cursor, must_be_in_time, text};
use crate::{
    Cx,
    error::Error,
    groups::{Kind, shows_older},
    messages::visible_since,
};
use scan::{Hit, Scan};

/// Conversations of each kind that one search looks into: those with the latest activity, and the youngest groups.
const LOGS_MAX: i64 = 2000;

/// Where to look.
pub enum Where {
    Everywhere,
    Peer(String),
    Group(String),
}

/// Which messages are looked for.
pub struct MessageQuery {
    pub query: Query,
    pub place: Where,
    /// Empty for anybody.
    pub senders: Vec<String>,
    /// Empty for any. A message has a type when one of its elements has.
    pub types: Vec<ElementType>,
    /// Seconds, both included.
    pub times: (i64, i64),
}

/// What was found in a conversation.
pub struct FoundIn {
    /// The peer, or empty.
    pub user: String,
    /// The group, or empty.
    pub group: String,
    pub count: i64,
    /// The messages as clients get them, newest first.
    pub messages: Vec<String>,
}

/// A conversation that is searched.
struct Log {
    kind: i64,
    number: i64,
    /// The peer or the group.
    id: String,
    /// Of two people: whether the caller is the byte-wise greater one.
    is_high: bool,
    /// Everything up to and with this place is not for the caller.
    floor: Place,
    reached: Place,
    blocks: i64,
}

/// What a message must be, as it is asked of each.
struct Wanted {
    user: String,
    keywords: Vec<String>,
    all: bool,
    senders: Vec<String>,
    types: u64,
    times: (i64, i64),
    finders: Vec<Finder<'static>>,
    /// Of each keyword, sender and type.
    keyword_grams: Vec<Vec<text::Gram>>,
    sender_grams: Vec<text::Gram>,
    type_grams: Vec<text::Gram>,
}

impl Wanted {
    fn new(cx: &Cx, it: &MessageQuery) -> Wanted {
        let keywords: Vec<_> = it.query.keywords.iter().map(|it| text::fold(it)).collect();
        let grams = |it: &String| {
            let mut grams = Vec::new();
            text::grams(it, |gram| grams.push(gram));
            grams
        };
        let since = visible_since(&cx.app.state().settings, cx.chat.clock.now());
        Wanted {
            user: cx.caller.user().to_owned(),
            keyword_grams: keywords.iter().map(grams).collect(),
            sender_grams: it.senders.iter().map(|it| text::sender_gram(it)).collect(),
            type_grams: it.types.iter().map(|it| text::type_gram(text::type_place(*it))).collect(),
            finders: keywords.iter().map(|it| Finder::new(it.as_bytes()).into_owned()).collect(),
            keywords,
            all: it.query.all,
            senders: it.senders.clone(),
            types: it.types.iter().fold(0, |bits, it| bits | text::type_bit(*it)),
            times: (it.times.0.max(since), it.times.1),
        }
    }

    /// Whether the texts of a block, as they are stored, may have it.
    fn is_in_bytes(&self, texts: &[u8]) -> bool {
        let mut keywords = self.finders.iter().map(|it| it.find(texts).is_some());
        match self.all || self.keywords.is_empty() {
            true => keywords.all(|it| it),
            false => keywords.any(|it| it),
        }
    }

    /// Whether a folded text has what is looked for. Without keywords every text has.
    fn is_in(&self, text: &str) -> bool {
        match self.all || self.keywords.is_empty() {
            true => self.keywords.iter().all(|it| text.contains(&**it)),
            false => self.keywords.iter().any(|it| text.contains(&**it)),
        }
    }
}

/// Finds messages that the caller may read.
///
/// Without a conversation the items are conversations, the one with the newest hit first, and `total` counts them;
/// with one there is one item, and `total` counts its messages.
pub async fn messages(cx: &Cx, it: MessageQuery) -> Result<Found<FoundIn>, Error> {
    let (place, id) = match &it.place {
        Where::Everywhere => ("everywhere", ""),
        Where::Peer(it) => ("peer", &**it),
        Where::Group(it) => ("group", &**it),
    };
    let filters = proto::json::quote(&format!("{id}\0{}", it.senders.join("\0")));
    let more = format!("{place} {filters} {:?} {:?}", it.types, it.times);
    let subject = cursor::subject(cx, "messages", &it.query, &more);
    let position = cursor::read(cx, &subject, &it.query.cursor)?.map(|it| it.numbers);
    must_be_in_time(cx)?;
    let mut wanted = Wanted::new(cx, &it);
    // What comes while somebody turns pages is not on them.
    let as_of = position.map_or(cx.chat.clock.now(), |it| it[0]);
    if position.is_some() {
        wanted.times.1 = wanted.times.1.min(as_of);
    }
    let (at, after) = (cx.clone(), position.map(|it| (it[1], it[2], it[3])));
    let count = usize::try_from(it.query.count).unwrap_or(0);
    let read = cx.chat.db.read(move |tx| {
        let logs = logs(tx, &at, &it.place)?;
        let mut scan = Scan::new(&wanted, logs);
        scan.run(tx, &at, &it.place)?;
        let Scan { logs, hits, .. } = scan;
        let (hits, logs): (HashMap<_, Vec<Hit>>, _) = (hits, logs);
        match it.place {
            Where::Everywhere => answer::conversations(tx, &at, &logs, hits, after, count),
            Where::Peer(_) | Where::Group(_) => answer::messages(tx, &at, &logs, hits, after, count),
        }
    });
    let (total, items, next) = read.await?;
    let next = next.map(|(a, b, c)| cursor::Position { numbers: [as_of, a, b, c], id: String::new() });
    Ok(Found { total, items, cursor: next.map_or_else(String::new, |it| cursor::write(cx, &subject, &it)) })
}

/// The conversations that the caller may search.
fn logs(tx: &mut dyn Tx, cx: &Cx, place: &Where) -> Result<Vec<Log>, Error> {
    let (app, user) = (cx.app.id, cx.caller.user());
    let mut logs = Vec::new();
    if let Some(peer) = peer_of(place) {
        let of_peer = |Peer { peer, pair, clear, reached, blocks }| Log {
            kind: C2C,
            number: pair,
            is_high: user > &*peer,
            id: peer,
            floor: clear,
            reached,
            blocks,
        };
        logs.extend(scope::peers(tx, app, user, peer, LOGS_MAX)?.into_iter().map(of_peer));
    }
    if let Some(group) = group_of(tx, cx, place)? {
        for it in scope::joined(tx, app, user, group, LOGS_MAX)? {
            let shown = shows_older(cx, Kind::from_number(it.kind), it.older_history);
            let joined = if shown { 0 } else { it.joined_seq };
            logs.push(Log {
                kind: GROUP,
                number: it.group,
                id: it.group_id,
                is_high: false,
                floor: (joined.max(it.cleared_seq), 0, 0),
                reached: it.reached,
                blocks: it.blocks,
            });
        }
    }
    Ok(logs)
}

/// The peer to look at, empty for all of them; `None` when only a group is meant.
fn peer_of(place: &Where) -> Option<&str> {
    match place {
        Where::Everywhere => Some(""),
        Where::Peer(it) => Some(it),
        Where::Group(_) => None,
    }
}

/// The number of the group to look at, 0 for all of them; `None` when there is none.
fn group_of(tx: &mut dyn Tx, cx: &Cx, place: &Where) -> Result<Option<i64>, Error> {
    match place {
        Where::Everywhere => Ok(Some(0)),
        Where::Peer(_) => Ok(None),
        Where::Group(id) => {
            let row = store::groups::get(tx, cx.app.id, id)?;
            Ok(row.filter(|it| it.dismissed_at == 0).map(|it| it.id))
        }
    }
}
