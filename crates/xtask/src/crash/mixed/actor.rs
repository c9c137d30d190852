//! One of the people: does one thing after the other until the server is gone, and writes everything down.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, ensure};
use client::{Client, Error, LoggedIn, Push, Rest, wire::SEND};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{
    judge::Pushes,
    record::{Mark, Place, Read, Recall, Said, USERS, World},
    see::service,
};
use crate::{crash::Random, load::magpie::SDKAPPID};

/// Of a hundred things that somebody does so many are of each kind; the rest is saying something.
const CHANGES: u64 = 12;
const RECALLS: u64 = 8;
const READS: u64 = 10;
const RECONNECTS: u64 = 2;

/// What came of each group on one connection.
type Heard = Arc<Mutex<BTreeMap<String, Vec<(u64, Mark)>>>>;

struct Line {
    client: Arc<Client>,
    listener: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        // It has the client, too: with both gone the connection ends.
        self.listener.abort();
    }
}

pub struct Actor {
    world: Arc<World>,
    pub user: usize,
    random: Random,
    session: Option<LoggedIn>,
    line: Option<Line>,
    heard: Vec<Heard>,
    pub said: Vec<Said>,
    /// By place.
    pub read: BTreeMap<usize, Read>,
    counts: BTreeMap<&'static str, usize>,
}

impl Actor {
    pub fn new(world: &Arc<World>, user: usize, seed: u64) -> Actor {
        Actor {
            world: world.clone(),
            user,
            random: Random(seed ^ (user as u64 + 1) << 32),
            session: None,
            line: None,
            heard: Vec::new(),
            said: Vec::new(),
            read: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    fn name(&self) -> &str {
        &self.world.users[self.user]
    }

    /// How much of each kind was done and acknowledged.
    pub fn done(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.counts.iter().map(|it| (*it.0, *it.1))
    }

    pub fn client(&self) -> anyhow::Result<&Client> {
        self.line.as_ref().map(|it| &*it.client).context("nobody is logged in")
    }

    pub fn pushed(&self, group: &str) -> Pushes {
        let of_group = |it: &Heard| it.lock().unwrap_or_else(PoisonError::into_inner).get(group).cloned();
        self.heard.iter().filter_map(of_group).collect()
    }

    /// Forgets what was pushed so far.
    pub fn forget_pushes(&mut self) {
        // The last is the one that is listened to.
        self.heard.drain(..self.heard.len().saturating_sub(1));
        self.heard.iter().for_each(|it| it.lock().unwrap_or_else(PoisonError::into_inner).clear());
    }

    /// Logs in, or goes on with the session of before on a new connection.
    pub async fn log_in(&mut self, base: &str, rest: &Rest) -> anyhow::Result<()> {
        self.line = None;
        let client = Client::connect(base, SDKAPPID, &format!("{:032x}", self.user + 1)).await?;
        let session = match &self.session {
            None => client.login(self.name(), &rest.user_sig(self.name())).await?,
            Some(it) => client.relogin(it).await.context("a session is gone")?,
        };
        self.session = Some(session);
        let (client, heard) = (Arc::new(client), Heard::default());
        self.heard.push(heard.clone());
        let listener = tokio::spawn({
            let client = client.clone();
            async move {
                while let Ok(it) = client.next_push().await {
                    listen(&it, &heard);
                }
            }
        });
        self.line = Some(Line { client, listener });
        Ok(())
    }

    /// Goes on until the server is killed; says what must not have happened.
    pub async fn work(
        mut self,
        rest: Rest,
        base: String,
        is_killed: Arc<AtomicBool>,
    ) -> (Actor, Vec<String>) {
        let mut faults = Vec::new();
        while !is_killed.load(Ordering::SeqCst) {
            match self.step(&rest, &base).await {
                Ok(name) => *self.counts.entry(name).or_default() += 1,
                Err(error) => {
                    let is_refused = error.downcast_ref::<Error>().is_some_and(|it| it.code().is_some());
                    if is_refused || !is_killed.load(Ordering::SeqCst) {
                        faults.push(format!("{} failed: {error:#}", self.name()));
                    }
                    break;
                }
            }
        }
        (self, faults)
    }

    /// Says something in each group that nobody else can speak in before its owner has.
    pub async fn open_groups(&mut self, rest: &Rest) -> anyhow::Result<()> {
        for place in 0..self.world.places.len() {
            if matches!(self.world.places[place], Place::Group { kind: "Private", .. }) {
                self.say(rest, place).await?;
            }
        }
        Ok(())
    }

    async fn say(&mut self, rest: &Rest, place: usize) -> anyhow::Result<()> {
        let number = u32::try_from(self.said.len())?;
        self.said.push(Said { place, from: self.user, number, began: self.world.now(), ..Said::default() });
        self.send(rest, self.said.len() - 1).await
    }

    async fn step(&mut self, rest: &Rest, base: &str) -> anyhow::Result<&'static str> {
        if let Some(open) = self.said.iter().position(|it| it.acknowledged.is_none()) {
            return self.send(rest, open).await.map(|()| "sent again");
        }
        let dice = self.random.within(0..100);
        let mut below = 0;
        for (share, act) in [(CHANGES, 0), (RECALLS, 1), (READS, 2), (RECONNECTS, 3)] {
            below += share;
            if dice < below {
                return match (act, self.pick()) {
                    (0, Some(it)) => self.change(rest, it).await.map(|()| "changed"),
                    (1, Some(it)) => self.recall(rest, it).await.map(|()| "recalled"),
                    (2, _) => self.read_group().await.map(|()| "read"),
                    (3, _) => self.log_in(base, rest).await.map(|()| "reconnected"),
                    _ => continue,
                };
            }
        }
        let places: Vec<_> = self.places().collect();
        let place = places[self.index(places.len())];
        self.say(rest, place).await.map(|()| "said")
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.random.within(0..length as u64)).unwrap_or_default()
    }

    /// Where this one talks.
    fn places(&self) -> impl Iterator<Item = usize> {
        let user = self.user;
        let is_here = move |it: &Place| match it {
            Place::Group { .. } => true,
            Place::Pair(a, b) => *a == user || *b == user,
        };
        self.world.places.iter().enumerate().filter(move |it| is_here(it.1)).map(|it| it.0)
    }

    /// A message that can be changed or recalled, one of the latest.
    fn pick(&mut self) -> Option<usize> {
        let latest: Vec<_> = (0..self.said.len()).rev().take(20).collect();
        let sound =
            |it: &usize| self.said[*it].recall == Recall::Never && self.said[*it].acknowledged.is_some();
        let possible: Vec<_> = latest.into_iter().filter(sound).collect();
        if possible.is_empty() { None } else { Some(possible[self.index(possible.len())]) }
    }

    fn peer(&self, a: usize, b: usize) -> &str {
        &self.world.users[if a == self.user { b } else { a }]
    }

    /// The message is the same one each time it is sent, by the same door.
    async fn send(&mut self, rest: &Rest, index: usize) -> anyhow::Result<()> {
        let it = &self.said[index];
        let (number, body) = (it.number, text(self.user, it.number, 0));
        // Two messages of a pair with the same numbers in one second would be one.
        let random = number * USERS as u32 + self.user as u32;
        let by_socket = number % 2 == 1;
        let (name, field) = match &self.world.places[it.place] {
            Place::Group { id, .. } => {
                let mut message =
                    json!({ "GroupId": id, "From_Account": self.name(), "Random": random, "MsgBody": body });
                let answer = if by_socket {
                    message["ClientSeq"] = number.into();
                    self.client()?.call(&format!("{}.send_group_msg", service(id)), &message).await?
                } else {
                    rest.call("group_open_http_svc/send_group_msg", &message).await?
                };
                (answer["MsgSeq"].as_u64().map(|it| it.to_string()), "MsgSeq")
            }
            Place::Pair(a, b) => {
                let message = json!({ "From_Account": self.name(), "To_Account": self.peer(*a, *b), "MsgSeq": number,
                    "MsgRandom": random, "MsgBody": body });
                let answer = if by_socket {
                    self.client()?.call(SEND, &message).await?
                } else {
                    rest.call("openim/sendmsg", &message).await?
                };
                (answer["MsgKey"].as_str().map(str::to_owned), "MsgKey")
            }
        };
        let now = self.world.now();
        let it = &mut self.said[index];
        it.name = name.with_context(|| format!("an answer without {field}"))?;
        it.acknowledged = Some(now);
        Ok(())
    }

    async fn change(&mut self, rest: &Rest, index: usize) -> anyhow::Result<()> {
        let it = &mut self.said[index];
        let next = it.maybe.iter().copied().max().unwrap_or(0).max(it.version) + 1;
        it.maybe.push(next);
        let (it, body) = (&self.said[index], text(self.user, self.said[index].number, next));
        let (command, message) = match &self.world.places[it.place] {
            Place::Group { id, .. } => (
                "openim/modify_group_msg",
                json!({ "GroupId": id, "MsgSeq": it.name.parse::<u64>()?, "MsgBody": body }),
            ),
            Place::Pair(a, b) => (
                "openim/modify_c2c_msg",
                json!({ "From_Account": self.name(), "To_Account": self.peer(*a, *b), "MsgKey": it.name, "MsgBody": body }),
            ),
        };
        rest.call(command, &message).await.with_context(|| message.to_string())?;
        let it = &mut self.said[index];
        (it.version, it.maybe) = (next, Vec::new());
        Ok(())
    }

    async fn recall(&mut self, rest: &Rest, index: usize) -> anyhow::Result<()> {
        self.said[index].recall = Recall::Open;
        let it = &self.said[index];
        match &self.world.places[it.place] {
            Place::Group { id, .. } => {
                let message = json!({ "GroupId": id, "MsgSeqList": [{ "MsgSeq": it.name.parse::<u64>()? }], "TopicId": "" });
                let answer = match it.number % 2 {
                    0 => rest.call("group_open_http_svc/group_msg_recall", &message).await?,
                    _ => self.client()?.call(&format!("{}.group_msg_recall", service(id)), &message).await?,
                };
                ensure!(answer["RecallRetList"][0]["RetCode"] == 0, "a recall is refused: {answer}");
            }
            Place::Pair(a, b) => {
                let message = json!({ "From_Account": self.name(), "To_Account": self.peer(*a, *b), "MsgKey": it.name });
                rest.call("openim/admin_msgwithdraw", &message).await.with_context(|| message.to_string())?;
            }
        }
        self.said[index].recall = Recall::Done;
        Ok(())
    }

    /// Reads a group up to the latest message of its own.
    async fn read_group(&mut self) -> anyhow::Result<()> {
        let groups = self.world.groups().count();
        let place = self.index(groups);
        let Place::Group { id, .. } = &self.world.places[place] else { return Ok(()) };
        let own = self.said.iter().rev().find(|it| it.place == place && it.acknowledged.is_some());
        let Some(seq) = own.and_then(|it| it.name.parse::<u64>().ok()) else { return Ok(()) };
        let read = self.read.entry(place).or_default();
        read.asked = read.asked.max(seq);
        let message = json!({ "GroupId": id, "MsgReadedSeq": seq });
        self.client()?.call(&format!("{}.msg_read_report", service(id)), &message).await?;
        let read = self.read.entry(place).or_default();
        read.done = read.done.max(seq);
        Ok(())
    }
}

fn text(from: usize, number: u32, version: u32) -> Value {
    let text = Mark { from, number, version }.text();
    json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }])
}

/// Notes the group messages of a push.
fn listen(push: &Push, heard: &Heard) {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    for it in push.events().filter_map(|it| it["GroupMsgArray"].as_array()).flatten() {
        let mark = it["MsgBody"][0]["MsgContent"]["Text"].as_str().and_then(Mark::read);
        let (Some(mark), Some(seq), Some(group)) = (mark, it["MsgSeq"].as_u64(), it["ToGroupId"].as_str())
        else {
            continue;
        };
        heard.entry(group.to_owned()).or_default().push((seq, mark));
    }
}

const _: () = assert!(USERS > 2, "two of the ring would have one history for both pairs");
