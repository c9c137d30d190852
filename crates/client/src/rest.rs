//! Administrator calls over HTTP/1.1: what an app's backend does.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header,
};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::{
    Error,
    address::{Address, encode},
    clock,
    error::accepted,
};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 16 << 20;
/// Connections at once unless the caller says otherwise; further calls wait.
const CONNECTIONS_MAX: usize = 16;
/// Seconds. A UserSig is made anew when half of its life is over.
const SIG_LIFE: i64 = 86_400;
/// How often a call is written anew because the server had just closed the idle connection.
const STALE_MAX: usize = 4;

type Connection = SendRequest<Full<Bytes>>;

/// An administrator of an app, with a pool of kept connections. Clones share it.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    address: Address,
    sdkappid: u32,
    admin: String,
    secret: String,
    signed: Mutex<Signed>,
    permits: Semaphore,
    /// Never more than there are permits.
    idle: Mutex<Vec<Connection>>,
    calls: AtomicU32,
}

/// The part of the query that names and proves the administrator.
#[derive(Clone, Default)]
struct Signed {
    query: Arc<str>,
    /// Unix seconds.
    renew_at: i64,
}

impl Rest {
    /// `base` is `http://host:port`, perhaps with a path before `/v4`; `secret` is the app's key. Connects
    /// when it is called.
    pub fn new(base: &str, sdkappid: u32, admin: &str, secret: &str) -> Result<Rest, Error> {
        Rest::with_connections(base, sdkappid, admin, secret, CONNECTIONS_MAX)
    }

    /// [`new`](Rest::new) with at most this many connections at once.
    pub fn with_connections(
        base: &str,
        sdkappid: u32,
        admin: &str,
        secret: &str,
        connections_max: usize,
    ) -> Result<Rest, Error> {
        Ok(Rest(Arc::new(Inner {
            address: Address::parse(base)?,
            sdkappid,
            admin: admin.to_owned(),
            secret: secret.to_owned(),
            signed: Mutex::default(),
            permits: Semaphore::new(connections_max.clamp(1, Semaphore::MAX_PERMITS)),
            idle: Mutex::default(),
            calls: AtomicU32::new(0),
        })))
    }

    /// A UserSig that lets `user` log in, good for a day.
    pub fn user_sig(&self, user: &str) -> String {
        let Inner { sdkappid, secret, .. } = &*self.0;
        proto::usersig::sign_hmac(secret, *sdkappid, user, clock::unix_seconds(), SIG_LIFE, None)
    }

    /// Calls `service/command`. An `ErrorCode` other than 0 is an error.
    pub async fn call(&self, command: &str, body: &impl Serialize) -> Result<Value, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Malformed(error.to_string()))?;
        let answer = self.call_raw(command, body).await?;
        accepted(serde_json::from_slice(&answer).map_err(|error| Error::Malformed(error.to_string()))?)
    }

    /// Calls `service/command` with JSON and gives the JSON of the answer, refused or not.
    pub async fn call_raw(&self, command: &str, body: impl Into<Bytes>) -> Result<Bytes, Error> {
        let path = self.path(command, clock::unix_seconds());
        let exchange = async {
            let _permit = self.0.permits.acquire().await.map_err(|_| Error::closed("it was closed here"))?;
            self.0.exchange(&path, body.into()).await
        };
        tokio::time::timeout(ANSWER_TIMEOUT, exchange).await.map_err(|_| Error::Timeout)?
    }

    /// Path and query of one call at second `now`.
    fn path(&self, command: &str, now: i64) -> String {
        let query = self.0.query(now);
        let random = self.0.calls.fetch_add(1, Ordering::Relaxed);
        format!("{}/v4/{command}?{query}&random={random}&contenttype=json", self.0.address.prefix)
    }
}

impl Inner {
    fn query(&self, now: i64) -> Arc<str> {
        let mut signed = lock(&self.signed);
        if now >= signed.renew_at {
            let Inner { sdkappid, admin, secret, .. } = self;
            let sig = proto::usersig::sign_hmac(secret, *sdkappid, admin, now, SIG_LIFE, None);
            let (admin, sig) = (encode(admin), encode(&sig));
            let query = format!("sdkappid={sdkappid}&identifier={admin}&usersig={sig}");
            *signed = Signed { query: query.into(), renew_at: now + SIG_LIFE / 2 };
        }
        signed.query.clone()
    }

    /// One call on a kept connection or a new one. A request that was not written is written anew; one that
    /// may have been is not.
    async fn exchange(&self, path: &str, body: Bytes) -> Result<Bytes, Error> {
        let mut request = self.request(path, body)?;
        for _ in 0..STALE_MAX {
            let mut connection = match self.kept().await {
                Some(it) => it,
                None => self.connect().await?,
            };
            match connection.try_send_request(request).await {
                Ok(answer) => {
                    let answer = read(answer).await?;
                    if !connection.is_closed() {
                        lock(&self.idle).push(connection);
                    }
                    return Ok(answer);
                }
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(Error::Http(error.error().to_string())),
                },
            }
        }
        Err(Error::Http("the server closes its connections".to_owned()))
    }

    /// An idle connection that is still open.
    async fn kept(&self) -> Option<Connection> {
        loop {
            let mut connection = lock(&self.idle).pop()?;
            if connection.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    fn request(&self, path: &str, body: Bytes) -> Result<Request<Full<Bytes>>, Error> {
        Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, &self.address.authority)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(|error| Error::Http(error.to_string()))
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let stream = self.address.connect().await?;
        let (connection, task) =
            handshake(TokioIo::new(stream)).await.map_err(|error| Error::Http(error.to_string()))?;
        // It ends with the connection, and whoever waits for an answer is told why.
        tokio::spawn(async move { task.await.unwrap_or_default() });
        Ok(connection)
    }
}

async fn read(answer: Response<Incoming>) -> Result<Bytes, Error> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
    let body = body.map_err(|error| Error::Http(error.to_string()))?.to_bytes();
    match status {
        StatusCode::OK => Ok(body),
        other => Err(Error::Status(other.as_u16())),
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proto::usersig::{Credentials, verify};

    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn the_usersig_is_always_good_for_half_a_day() {
        let rest = Rest::new("http://127.0.0.1:1/x", 7, "ad min", "key").expect("the address is one");
        let keys = Credentials { hmac_secrets: vec!["key".into()], public_keys: vec![] };
        let mut paths = Vec::new();
        for now in [NOW, NOW + SIG_LIFE / 2 - 1, NOW + SIG_LIFE / 2, NOW + 3 * SIG_LIFE] {
            let path = rest.path("openim/sendmsg", now);
            assert!(
                path.starts_with("/x/v4/openim/sendmsg?sdkappid=7&identifier=ad%20min&usersig="),
                "{path}"
            );
            let sig = path.split("usersig=").nth(1).and_then(|it| it.split('&').next()).expect("it is there");
            let later = now + SIG_LIFE / 2 - 1;
            assert!(verify(sig, 7, "ad min", &keys, later).is_ok(), "{now}");
            paths.push(path);
        }
        paths.dedup();
        assert_eq!(paths.len(), 4, "every call has its own random number");
    }
}
