//! One client: reads what comes, and comes back as the Web SDK does when its connection is lost.
//!
//! Follows `spec/client/transport.md` 3 and 5. Between two attempts the SDK waits longer than this does, up to ten
//! seconds, so that here more come at once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use bytes::Bytes;
use client::{
    Rest,
    wire::{Connection, HEARTBEAT, Identity, Incoming, LOGIN, LOGIN_BODY, NeedsAck, PUSH_ACK},
};
use serde::Deserialize;
use tokio::{sync::watch, time::MissedTickBehavior};

use super::{
    super::{
        history::{Message, Push},
        lane::Mark,
        wire::Wire,
        wire::is_ok,
    },
    phones::{Shared, State},
};

const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
/// What the SDK waits for the answer to a login.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(90);
/// Between two attempts to connect; each client has a little more than another one.
const RETRY_PAUSE: Duration = Duration::from_millis(500);
const RETRY_SPREAD_MILLIS: u64 = 500;

const NO_CONNECTION: &str = "there is no connection";
const CONVERSATIONS: &str = "recentcontact.page_get";
const HISTORY: &str = "openim.getroammsg";
const UNREAD: &str = "openim.getmsg";

pub struct Phone {
    pub number: usize,
    identity: Identity,
    /// None while it is lost: each process may open only so many.
    connection: Option<Connection>,
    /// Numbers of the messages that came in any way.
    pub seen: HashSet<u32>,
    /// Those among them that came by a push.
    pushed: HashSet<u32>,
    pub fetched: u64,
    pub faults: Vec<String>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default, rename = "MsgList")]
    messages: Vec<Message<'a>>,
}

impl Phone {
    /// Logs in and makes the calls of a page that has just been opened.
    pub async fn open(shared: &Shared, rest: &Rest, user: &str, number: usize) -> anyhow::Result<Phone> {
        let Wire { connection, identity } = shared.target.socket(rest, user, number as u64).await?;
        let mut phone = Phone {
            number,
            identity,
            connection: Some(connection),
            seen: HashSet::new(),
            pushed: HashSet::new(),
            fetched: 0,
            faults: Vec::new(),
        };
        phone.ask_all(&first_calls(user)).await?;
        Ok(phone)
    }

    /// Until it is told to end.
    pub async fn live(mut self, shared: Arc<Shared>, mut state: watch::Receiver<State>) -> Phone {
        let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                frame = self.next() => frame.and_then(|it| self.take(&it)),
                changed = state.changed() => match *state.borrow_and_update() {
                    State::Cut => Err(anyhow::anyhow!("it is cut")),
                    State::Live if changed.is_ok() => Ok(()),
                    State::Live | State::End => return self,
                },
                _ = heartbeat.tick() => self.send(HEARTBEAT, "{}").map(drop),
            };
            if step.is_err() {
                self.cut();
                self.come_back(&shared).await;
                // A cut that was told meanwhile was meant for those who were there.
                if *state.borrow_and_update() == State::End {
                    return self;
                }
            }
        }
    }

    fn cut(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.cut();
        }
    }

    /// Gives the request's number.
    fn send(&mut self, servcmd: &str, body: &str) -> anyhow::Result<u32> {
        let (seq, frame) = self.identity.request(servcmd, body);
        self.connection.as_mut().context(NO_CONNECTION)?.send(frame)?;
        Ok(seq)
    }

    async fn next(&mut self) -> anyhow::Result<Bytes> {
        Ok(self.connection.as_mut().context(NO_CONNECTION)?.next().await?)
    }

    async fn come_back(&mut self, shared: &Shared) {
        let spread = self.number as u64 * 97 % RETRY_SPREAD_MILLIS;
        loop {
            match self.attempt(shared).await {
                Ok(()) => return,
                Err(error) => {
                    if self.faults.is_empty() && error.downcast_ref::<Refused>().is_some() {
                        self.faults.push(format!("{error:#}"));
                    }
                    self.cut();
                    shared.has_failed(&error);
                }
            }
            tokio::time::sleep(RETRY_PAUSE + Duration::from_millis(spread)).await;
        }
    }

    async fn attempt(&mut self, shared: &Shared) -> anyhow::Result<()> {
        let target = &shared.target;
        let instance = format!("{:032x}", self.number);
        self.connection = Some(Connection::open(&target.base, target.sdkappid, &instance).await?);
        self.ask_all(&[(LOGIN, LOGIN_BODY.to_owned())]).await?;
        let logged_in = shared.clock.now();
        let calls = calls_after_a_loss(&self.identity.user, &shared.pulse);
        for (servcmd, answer) in self.ask_all(&calls).await? {
            if servcmd == HISTORY || servcmd == UNREAD {
                self.fetch(&answer)?;
            }
        }
        shared.is_back(logged_in, shared.clock.now());
        Ok(())
    }

    /// Makes calls side by side, and gives their answers; pushes that come between are taken in.
    async fn ask_all(
        &mut self,
        calls: &[(&'static str, String)],
    ) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mut open = Vec::with_capacity(calls.len());
        for (servcmd, body) in calls {
            open.push((*servcmd, self.send(servcmd, body)?));
        }
        let mut answers = Vec::with_capacity(calls.len());
        while !open.is_empty() {
            let next = tokio::time::timeout(ANSWER_TIMEOUT, self.next()).await;
            let frame = next.context("no answer in time")??;
            let mine = Incoming::read(&frame, |it| {
                let at = open.iter().position(|(servcmd, seq)| it.seq() == *seq && it.servcmd() == *servcmd);
                at.map(|at| (at, it.body.get().to_owned()))
            })?;
            match mine {
                Some((at, answer)) => {
                    let (servcmd, _) = open.swap_remove(at);
                    if !is_ok(answer.as_bytes()) {
                        return Err(Refused(format!("{servcmd} is refused: {answer}")).into());
                    }
                    answers.push((servcmd, answer));
                }
                None => self.take(&frame)?,
            }
        }
        Ok(answers)
    }

    /// A frame that answers nothing.
    fn take(&mut self, frame: &[u8]) -> anyhow::Result<()> {
        let ack = Incoming::read(frame, |it| {
            if !it.servcmd().starts_with("im_open_push.") {
                return Ok(None);
            }
            let push: Push<'_> = serde_json::from_str(it.body.get())?;
            for message in push.messages() {
                let number = number_of(message, self.number)?;
                self.seen.insert(number);
                if !self.pushed.insert(number) {
                    self.faults.push(format!("user {} is pushed message {number} twice", self.number));
                }
            }
            anyhow::Ok(serde_json::from_str::<NeedsAck<'_>>(it.body.get())?.ack())
        })??;
        if let Some(body) = ack {
            self.send(PUSH_ACK, &body)?;
        }
        Ok(())
    }

    /// Messages of an answer.
    fn fetch(&mut self, answer: &str) -> anyhow::Result<()> {
        let page: Page<'_> = serde_json::from_str(answer).context("a page is not readable")?;
        for message in &page.messages {
            let number = number_of(message, self.number)?;
            self.fetched += u64::from(self.seen.insert(number));
        }
        Ok(())
    }
}

fn number_of(message: &Message<'_>, lane: usize) -> anyhow::Result<u32> {
    let mark = Mark::read(message.text()).context("a message is not ours")?;
    ensure!(mark.lane == lane, "user {lane} gets a message of user {}", mark.lane);
    Ok(mark.number)
}

/// The server answered, and refused.
#[derive(Debug)]
struct Refused(String);

impl std::fmt::Display for Refused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

fn conversations(user: &str) -> (&'static str, String) {
    let body = format!(
        r#"{{"From_Account":"{user}","TimeStamp":0,"StartIndex":0,"TopTimeStamp":0,"TopStartIndex":0,"OrderType":1,"MsgAssistFlags":15,"AssistFlags":31}}"#
    );
    (CONVERSATIONS, body)
}

fn unread() -> (&'static str, String) {
    let body =
        r#"{"Cookie":"","SyncFlag":0,"NeedAbstract":1,"IsOnlineSync":0,"NeedSignaling":1,"NeedCachedMsg":1}"#;
    (UNREAD, body.to_owned())
}

fn friends(user: &str) -> [(&'static str, String); 2] {
    let sequences = r#""StartIndex":0,"StandardSequence":0,"CustomSequence":0"#;
    [
        ("sns.friend_get", format!(r#"{{"From_Account":"{user}",{sequences}}}"#)),
        (
            "sns.group_get",
            format!(r#"{{"From_Account":"{user}","LastSequence":0,"NeedFriend":"Need_Friend_Type_Yes"}}"#),
        ),
    ]
}

fn first_calls(user: &str) -> Vec<(&'static str, String)> {
    let groups = format!(
        r#"{{"Member_Account":"{user}","Limit":200,"Offset":0,"ResponseFilter":{{"GroupBaseInfoFilter":["Type","Name"],"SelfInfoFilter":["Role","JoinTime"]}},"SupportTopic":0,"NeedAppDefineData":1}}"#
    );
    let pending = format!(
        r#"{{"From_Account":"{user}","PendencyType":"Pendency_Type_Both","StartTime":0,"MaxLimited":100,"LastSequence":0}}"#
    );
    let mut calls = vec![
        conversations(user),
        unread(),
        ("sns.black_list_get", format!(r#"{{"From_Account":"{user}","StartIndex":0,"MaxLimited":1000}}"#)),
        ("group_open_http_svc.get_joined_group_list", groups),
        ("sns.pendency_get", pending),
    ];
    calls.extend(friends(user));
    calls
}

fn calls_after_a_loss(user: &str, pulse: &str) -> Vec<(&'static str, String)> {
    let history = format!(
        r#"{{"Peer_Account":"{pulse}","MaxCnt":15,"LastMsgTime":0,"MsgKey":"","WithRecalledMsg":1,"GetDirection":0}}"#
    );
    let mut calls = vec![conversations(user), (HISTORY, history), unread()];
    calls.extend(friends(user));
    calls
}
