//! A logged-in socket without a task of its own.

use std::time::Duration;

use anyhow::{Context, ensure};
use client::wire::{Connection, HEARTBEAT, Identity, Incoming, LOGIN, LOGIN_BODY};
use serde::Deserialize;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

pub struct Wire {
    pub connection: Connection,
    pub identity: Identity,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "ErrorCode")]
    error_code: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoginAnswer {
    a2_key: String,
    tiny_id: String,
    inst_id: u32,
}

/// What every answer says of its success, and nothing else of it.
pub fn is_ok(answer: &[u8]) -> bool {
    serde_json::from_slice::<Answer>(answer).is_ok_and(|it| it.error_code == 0)
}

impl Wire {
    /// Connects and logs `user` in. `number` tells instances of a run apart.
    pub async fn open(
        base: &str,
        sdkappid: u32,
        user: &str,
        usersig: &str,
        number: u64,
    ) -> anyhow::Result<Wire> {
        let connection = Connection::open(base, sdkappid, &format!("{number:032x}")).await?;
        let mut identity = Identity::new(sdkappid, u32::try_from(number % 1_000_000).unwrap_or_default());
        identity.user = user.to_owned();
        identity.usersig = usersig.to_owned();
        let mut wire = Wire { connection, identity };
        let answer = wire.call(LOGIN, LOGIN_BODY).await?;
        ensure!(is_ok(answer.as_bytes()), "the login of {user} is refused: {answer}");
        let answer: LoginAnswer =
            serde_json::from_str(&answer).context("a login's answer is not readable")?;
        wire.identity.usersig.clear();
        wire.identity.a2 = answer.a2_key;
        wire.identity.tiny_id = answer.tiny_id;
        wire.identity.inst_id = answer.inst_id;
        Ok(wire)
    }

    /// One call; whatever else comes meanwhile is dropped. Gives the body of the answer.
    pub async fn call(&mut self, servcmd: &str, body: &str) -> anyhow::Result<String> {
        let (seq, frame) = self.identity.request(servcmd, body);
        self.connection.send(frame)?;
        let answer = async {
            loop {
                let frame = self.connection.next().await?;
                let answer = Incoming::read(&frame, |it| {
                    let is_mine = it.seq() == seq && it.servcmd() == servcmd;
                    is_mine.then(|| it.body.get().to_owned())
                })?;
                if let Some(answer) = answer {
                    return anyhow::Ok(answer);
                }
            }
        };
        tokio::time::timeout(ANSWER_TIMEOUT, answer).await.context("no answer in time")?
    }

    /// A sign of life; nobody waits for the answer.
    pub fn heartbeat(&mut self) -> anyhow::Result<()> {
        let (_, frame) = self.identity.request(HEARTBEAT, "{}");
        Ok(self.connection.send(frame)?)
    }
}
