//! The task behind a client: the only one that touches its connection.

use std::{
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use crate::{
    Error, Push,
    wire::{Connection, HEARTBEAT, Identity, Incoming, NeedsAck, PUSH_ACK},
};

/// A third of what the server allows between two frames of a web client.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(20);
/// From this many calls without an answer on, those that nobody waits for any more are forgotten.
const PENDING_TIDY: usize = 64;

pub enum Command {
    Call(Call),
    /// Close properly, then say so.
    Close(oneshot::Sender<()>),
}

pub struct Call {
    pub servcmd: Box<str>,
    pub seq: u32,
    pub frame: Vec<u8>,
    pub reply: oneshot::Sender<Value>,
}

/// Why a connection is over, told to everybody who waits for it.
#[derive(Clone, Default)]
pub struct Ended(Arc<OnceLock<Arc<str>>>);

impl Ended {
    pub fn error(&self) -> Error {
        Error::Closed(self.0.get().cloned().unwrap_or_else(|| "it was closed here".into()))
    }
}

/// Serves the connection until either side closes it.
pub async fn run(
    connection: Connection,
    identity: Arc<Mutex<Identity>>,
    mut commands: mpsc::Receiver<Command>,
    pushes: mpsc::Sender<Push>,
    ended: Ended,
) {
    let mut task = Task { connection, identity, pushes, pending: Vec::new() };
    let mut heartbeat = tokio::time::interval(HEARTBEAT_EVERY);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let error = loop {
        let step = tokio::select! {
            frame = task.connection.next() => frame.and_then(|it| task.receive(&it)),
            command = commands.recv() => match command {
                Some(Command::Call(call)) => task.call(call),
                Some(Command::Close(done)) => {
                    task.connection.close().await;
                    // Whoever closed may have stopped waiting.
                    let _ = done.send(());
                    return;
                }
                None => return task.connection.close().await,
            },
            _ = heartbeat.tick() => task.send(HEARTBEAT, "{}"),
        };
        if let Err(error) = step {
            break error;
        }
    };
    let why = match error {
        Error::Closed(why) => why,
        other => other.to_string().into(),
    };
    // Only this task sets it, and only here. What waits is woken by the drops below.
    let _ = ended.0.set(why);
}

struct Task {
    connection: Connection,
    identity: Arc<Mutex<Identity>>,
    pushes: mpsc::Sender<Push>,
    pending: Vec<Pending>,
}

struct Pending {
    servcmd: Box<str>,
    seq: u32,
    reply: oneshot::Sender<Value>,
}

impl Task {
    fn call(&mut self, call: Call) -> Result<(), Error> {
        if self.pending.len() >= PENDING_TIDY {
            self.pending.retain(|it| !it.reply.is_closed());
        }
        self.pending.push(Pending { servcmd: call.servcmd, seq: call.seq, reply: call.reply });
        self.connection.send(call.frame)
    }

    /// Sends what needs no answer.
    fn send(&mut self, servcmd: &str, body: &str) -> Result<(), Error> {
        let mut identity = self.identity.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, frame) = identity.request(servcmd, body);
        self.connection.send(frame)
    }

    fn receive(&mut self, frame: &[u8]) -> Result<(), Error> {
        Incoming::read(frame, |incoming| self.take(&incoming))?
    }

    fn take(&mut self, incoming: &Incoming<'_>) -> Result<(), Error> {
        let (servcmd, seq, text) = (incoming.servcmd(), incoming.seq(), incoming.body.get());
        let malformed = |error: serde_json::Error| Error::Malformed(format!("a body of {servcmd}: {error}"));
        let is_answer = |it: &Pending| it.seq == seq && *it.servcmd == *servcmd;
        if let Some(at) = self.pending.iter().position(is_answer) {
            let body = serde_json::from_str(text).map_err(malformed)?;
            // A caller that has stopped waiting wants no answer.
            let _ = self.pending.swap_remove(at).reply.send(body);
            return Ok(());
        }
        if [HEARTBEAT, PUSH_ACK].contains(&servcmd) {
            return Ok(());
        }
        let needs_ack: NeedsAck<'_> = serde_json::from_str(text).map_err(malformed)?;
        if let Some(body) = needs_ack.ack() {
            self.send(PUSH_ACK, &body)?;
        }
        let push = Push { servcmd: servcmd.to_owned(), body: serde_json::from_str(text).map_err(malformed)? };
        self.pushes.try_send(push).map_err(|_| Error::closed("too many pushes were not read"))
    }
}
