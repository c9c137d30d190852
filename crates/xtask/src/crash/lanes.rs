//! The users of the crash test in a ring, each writing to the next one, half by REST and half by socket.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use anyhow::Context;
use client::{Client, LoggedIn, Rest, wire::SEND};
use serde_json::json;
use tokio::task::JoinHandle;

use crate::load::{
    check::Ledger,
    history,
    lane::{Lane, Mark, run_name},
    magpie::{Magpie, SDKAPPID},
    wire::is_ok,
};

/// An even number, above 2: then no two of the ring write to one another.
const LANES: usize = 32;
const PAYLOAD_BYTES: usize = 60;

/// What all senders have done so far.
pub struct Sent {
    pub acknowledged: u64,
    /// Messages whose acknowledgement the kill prevented.
    pub open: u64,
}

/// A user, who sends in one lane and receives from another one, and remembers across crashes.
pub struct User {
    lane: Lane,
    ledger: Ledger,
    session: Option<LoggedIn>,
    client: Option<Arc<Client>>,
    /// The numbers of what the store had at the last start, in its order.
    stored: Vec<u32>,
}

pub struct Lanes {
    users: Vec<User>,
    rest: Option<Rest>,
}

/// A lane that is at work; gives its user back, and what must not have happened.
pub type Sending = JoinHandle<(User, Vec<String>)>;

impl Lanes {
    pub fn new() -> Lanes {
        let run = run_name();
        let name = |number: usize| format!("{run}u{}", number % LANES);
        let users = (0..LANES).map(|number| User {
            lane: Lane { number, from: name(number), to: name(number + 1) },
            ledger: Ledger::default(),
            session: None,
            client: None,
            stored: Vec::new(),
        });
        Lanes { users: users.collect(), rest: None }
    }

    /// Connects everybody to a server that has just started, and compares its history with what is known.
    pub async fn attach(&mut self, magpie: &Magpie) -> anyhow::Result<Vec<String>> {
        let rest = magpie.rest(LANES)?;
        self.rest = Some(rest.clone());
        let mut faults = Vec::new();
        if self.users.iter().all(|it| it.session.is_none()) {
            let names: Vec<_> = self.users.iter().map(|it| &it.lane.from).collect();
            rest.call("im_open_login_svc/multiaccount_import", &json!({ "Accounts": names })).await?;
        }
        for user in &mut self.users {
            faults.extend(user.log_in(magpie, &rest).await?);
        }
        for user in &mut self.users {
            let Lane { number, from, to } = &user.lane;
            let stored =
                history::read(&rest, to, from, |it| (it.from == *from, Mark::read(it.text()))).await?;
            let numbers: Option<Vec<_>> = stored
                .into_iter()
                .filter(|it| it.0)
                .map(|it| it.1.filter(|it| it.lane == *number).map(|it| it.number))
                .collect();
            let found = match numbers {
                Some(numbers) => {
                    let found = user.ledger.faults(&numbers);
                    user.stored = numbers;
                    found
                }
                None => vec!["a message that nobody sent".to_owned()],
            };
            faults.extend(found.iter().map(|it| format!("{from} -> {to}: {it}")));
        }
        Ok(faults)
    }

    /// Each lane with the numbers of its messages that the store had at the last start, in its order.
    pub fn stored(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.users.iter().map(|it| (it.lane.number, &*it.stored))
    }

    /// Lets everybody send until the server is killed.
    pub fn send(&mut self, is_killed: &Arc<AtomicBool>) -> Vec<Sending> {
        let Some(rest) = &self.rest else { return Vec::new() };
        let work = |user: User| tokio::spawn(user.work(rest.clone(), is_killed.clone()));
        self.users.drain(..).map(work).collect()
    }

    /// Waits for everybody to notice the end of the server.
    pub async fn collect(&mut self, sending: Vec<Sending>) -> anyhow::Result<(Sent, Vec<String>)> {
        let mut faults = Vec::new();
        for it in sending {
            let (user, more) = it.await.context("a sender failed")?;
            self.users.push(user);
            faults.extend(more);
        }
        let acknowledged = self.users.iter().map(|it| it.ledger.acknowledged()).sum();
        let open = self.users.iter().map(|it| it.ledger.failed.len() as u64).sum();
        Ok((Sent { acknowledged, open }, faults))
    }
}

impl User {
    /// Logs in, or goes on with the session of before the crash.
    async fn log_in(&mut self, magpie: &Magpie, rest: &Rest) -> anyhow::Result<Option<String>> {
        let Lane { number, from, .. } = &self.lane;
        let client = Client::connect(&magpie.base, SDKAPPID, &format!("{:032x}", number + 1)).await?;
        let session = match &self.session {
            None => client.login(from, &rest.user_sig(from)).await.context("the first login")?,
            Some(session) => match client.relogin(session).await {
                Ok(it) => it,
                Err(error) => return Ok(Some(format!("the session of {from} is gone: {error}"))),
            },
        };
        self.session = Some(session);
        let client = Arc::new(client);
        // Pushes are not what is tested; somebody has to take them until the connection ends.
        tokio::spawn({
            let client = client.clone();
            async move { while client.next_push().await.is_ok() {} }
        });
        self.client = Some(client);
        Ok(None)
    }

    /// Sends again what is open, then one message after the other until one fails.
    async fn work(mut self, rest: Rest, is_killed: Arc<AtomicBool>) -> (User, Vec<String>) {
        let mut faults = Vec::new();
        loop {
            let number = match self.ledger.failed.first() {
                Some(&open) => open,
                None => {
                    self.ledger.sent += 1;
                    self.ledger.sent - 1
                }
            };
            match self.send(&rest, number).await {
                Ok(()) => self.ledger.failed.remove(&number),
                Err(failure) => {
                    self.ledger.failed.insert(number);
                    if !is_killed.load(Ordering::SeqCst) {
                        let Lane { from, to, .. } = &self.lane;
                        faults
                            .push(format!("{from} -> {to}: {number} failed while the server ran: {failure}"));
                    }
                    self.client = None;
                    return (self, faults);
                }
            };
        }
    }

    /// The message is the same one each time it is sent.
    async fn send(&self, rest: &Rest, number: u32) -> anyhow::Result<()> {
        let mut body = String::new();
        self.lane.write(&mut body, number, 0, PAYLOAD_BYTES);
        match &self.client {
            Some(client) if self.lane.number % 2 == 1 => {
                client.call_text(SEND, &body).await?;
            }
            _ => {
                let answer = rest.call_raw("openim/sendmsg", body).await?;
                anyhow::ensure!(is_ok(&answer), "{}", String::from_utf8_lossy(&answer));
            }
        }
        Ok(())
    }
}
