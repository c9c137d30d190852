//! A user's client: one socket, a login, calls, messages and pushes.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use proto::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Mutex as AsyncMutex, Semaphore, mpsc, oneshot};

use crate::{
    Error, Push, clock,
    error::accepted,
    task::{self, Call, Command, Ended},
    wire::{Connection, HEARTBEAT, Identity, LOGIN, LOGIN_BODY, LOGOUT, SEND},
};

/// What the web client waits for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Calls under way at once; further ones wait.
const CALLS_MAX: usize = 256;
/// Pushes that nobody has read yet; one more closes the connection.
pub(crate) const PUSHES_MAX: usize = 256;
/// Commands on their way to the connection's task; further ones wait.
const COMMANDS_MAX: usize = 32;
/// `MsgRandom` stays below this, as the web client's does.
const MSG_RANDOM_MAX: u64 = 100_000_000;

/// One connected client instance. Calls may run side by side; they take `&self`.
///
/// Heartbeats and acknowledgements of pushes are sent by themselves. Somebody has to read
/// [`next_push`](Self::next_push): with 256 unread ones the connection is closed. Dropping it closes the
/// connection too.
pub struct Client {
    instance: u64,
    identity: Arc<Mutex<Identity>>,
    calls: Semaphore,
    commands: mpsc::Sender<Command>,
    pushes: AsyncMutex<mpsc::Receiver<Push>>,
    ended: Ended,
    /// The number of the last message.
    message: AtomicU32,
}

/// A login: what a [`Client::relogin`] needs, also after a restart of either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The user id.
    pub user: String,
    /// The session token.
    pub a2: String,
    /// First part of the ids of this user's messages.
    pub tiny_id: String,
    /// The server's number of this client instance.
    pub inst_id: u32,
}

/// A message that the server has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Server time, Unix seconds.
    pub time: i64,
    /// `MsgKey`: what recalls, receipts and pages of the history name the message by.
    pub key: String,
    /// `MsgSeq` and `MsgRandom`, as they were made here.
    pub seq: u32,
    /// With `seq` it tells the server a repetition from a new message.
    pub random: u32,
}

impl Client {
    /// Opens the socket; nobody is logged in then. `url` is `ws://host:port` or `http://host:port`;
    /// `instance` is 32 hexadecimal digits that name this client for good, reconnects included.
    ///
    /// Fails with [`Error::Address`], [`Error::Connect`], [`Error::Handshake`] or, after 20 s, [`Error::Timeout`].
    pub async fn connect(url: &str, sdkappid: u32, instance: &str) -> Result<Client, Error> {
        let connection = Connection::open(url, sdkappid, instance).await?;
        let now = clock::unix_seconds();
        let instance = hash(&(instance, now));
        let identity = Arc::new(Mutex::new(Identity::new(sdkappid, low(instance))));
        let (commands, from_client) = mpsc::channel(COMMANDS_MAX);
        let (to_client, pushes) = mpsc::channel(PUSHES_MAX);
        let ended = Ended::default();
        tokio::spawn(task::run(connection, identity.clone(), from_client, to_client, ended.clone()));
        Ok(Client {
            instance,
            identity,
            calls: Semaphore::new(CALLS_MAX),
            commands,
            pushes: AsyncMutex::new(pushes),
            ended,
            message: AtomicU32::new(0),
        })
    }

    /// Logs in with a UserSig. The session outlives the connection: see [`relogin`](Self::relogin).
    ///
    /// A bad UserSig is refused with one of 70001 to 70016, one that is older than a kick with 70001.
    pub async fn login(&self, user: &str, usersig: &str) -> Result<LoggedIn, Error> {
        {
            let mut identity = self.identity();
            identity.user = user.to_owned();
            identity.usersig = usersig.to_owned();
            identity.a2.clear();
        }
        self.finish_login(user).await
    }

    /// Attaches this connection to a session that was opened earlier, perhaps before a restart of the server.
    ///
    /// Refused with 70001 when the session has ended, and with 1002 when it was kicked.
    pub async fn relogin(&self, session: &LoggedIn) -> Result<LoggedIn, Error> {
        {
            let mut identity = self.identity();
            identity.user.clone_from(&session.user);
            identity.a2.clone_from(&session.a2);
            identity.tiny_id.clone_from(&session.tiny_id);
            identity.inst_id = session.inst_id;
        }
        self.finish_login(&session.user).await
    }

    async fn finish_login(&self, user: &str) -> Result<LoggedIn, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            a2_key: String,
            tiny_id: String,
            inst_id: u32,
        }
        let answer = match self.call_text(LOGIN, LOGIN_BODY).await {
            Ok(it) => it,
            Err(error) => {
                self.identity().a2.clear();
                return Err(error);
            }
        };
        let answer: Answer =
            serde_json::from_value(answer).map_err(|error| Error::Malformed(error.to_string()))?;
        let mut identity = self.identity();
        identity.a2.clone_from(&answer.a2_key);
        identity.tiny_id.clone_from(&answer.tiny_id);
        identity.inst_id = answer.inst_id;
        let (a2, tiny_id, inst_id) = (answer.a2_key, answer.tiny_id, answer.inst_id);
        Ok(LoggedIn { user: user.to_owned(), a2, tiny_id, inst_id })
    }

    /// Ends the session; the socket stays open for another login.
    pub async fn logout(&self) -> Result<(), Error> {
        self.call_text(LOGOUT, r#"{"wslogout_type":0,"is_web_uniapp":0}"#).await?;
        self.identity().a2.clear();
        Ok(())
    }

    /// Calls `service.command` as the user who is logged in. An `ErrorCode` other than 0 is [`Error::Refused`]; after
    /// [`Error::Timeout`] (15 s) and [`Error::Closed`] it is not known whether the call was carried out.
    pub async fn call(&self, servcmd: &str, body: &impl Serialize) -> Result<Value, Error> {
        let body = serde_json::to_string(body).map_err(|error| Error::Malformed(error.to_string()))?;
        self.call_text(servcmd, &body).await
    }

    /// [`call`](Self::call) with the text of a JSON object.
    pub async fn call_text(&self, servcmd: &str, body: &str) -> Result<Value, Error> {
        accepted(self.answer(servcmd, body).await?)
    }

    /// The answer as it came, refused or not.
    pub async fn answer(&self, servcmd: &str, body: &str) -> Result<Value, Error> {
        let _permit = self.calls.acquire().await.map_err(|_| self.ended.error())?;
        let (seq, frame) = self.identity().request(servcmd, body);
        let (reply, answer) = oneshot::channel();
        let call = Call { servcmd: servcmd.into(), seq, frame, reply };
        self.commands.send(Command::Call(call)).await.map_err(|_| self.ended.error())?;
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, answer).await.map_err(|_| Error::Timeout)?;
        answer.map_err(|_| self.ended.error())
    }

    /// Sends a text to another user. Calling it again makes another message; whoever repeats one after a lost answer
    /// must send the same `MsgSeq`, `MsgRandom` and content by [`call`](Self::call).
    pub async fn send_message(&self, to: &str, text: &str) -> Result<Sent, Error> {
        let seq = self.next_message();
        let random = low(hash(&(self.instance, seq)) % MSG_RANDOM_MAX);
        let from = json::quote(&self.identity().user);
        let (to, text, now) = (json::quote(to), json::quote(text), clock::unix_seconds());
        let body = format!(
            r#"{{"From_Account":{from},"To_Account":{to},"MsgSeq":{seq},"MsgRandom":{random},"MsgClientTime":{now},"CloudCustomData":"","MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":{text}}}}}]}}"#
        );
        let answer = self.call_text(SEND, &body).await?;
        let missing = |name: &str| Error::Malformed(format!("it has no {name}"));
        let time = answer["MsgTime"].as_i64().ok_or_else(|| missing("MsgTime"))?;
        let key = answer["MsgKey"].as_str().ok_or_else(|| missing("MsgKey"))?.to_owned();
        Ok(Sent { time, key, seq, random })
    }

    /// Numbers tell the order inside a second, also after a reconnect: they follow the clock, and at least grow.
    fn next_message(&self) -> u32 {
        let clock = low(clock::unix_millis().unsigned_abs());
        let next = |last: u32| clock.max(last.wrapping_add(1));
        let last = self.message.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last.unwrap_or_else(|last| last))
    }

    /// One round trip without effect. Regular ones are sent by themselves.
    pub async fn heartbeat(&self) -> Result<(), Error> {
        self.call_text(HEARTBEAT, "{}").await.map(drop)
    }

    /// The next push, whenever it comes. An error says why there will be none any more.
    pub async fn next_push(&self) -> Result<Push, Error> {
        self.pushes.lock().await.recv().await.ok_or_else(|| self.ended.error())
    }

    /// Closes the socket properly. The session stays for a [`relogin`](Self::relogin).
    pub async fn close(self) {
        let (done, is_done) = oneshot::channel();
        if self.commands.send(Command::Close(done)).await.is_ok() {
            // A task that has ended meanwhile has closed it.
            let _ = is_done.await;
        }
    }

    fn identity(&self) -> MutexGuard<'_, Identity> {
        self.identity.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// The low half.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).expect("it is masked to 32 bits")
}
