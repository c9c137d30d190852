//! Carries offline pushes to push services: the operator's own, Apple's, and Firebase. `spec/concepts/offline-push.md`.

mod apns;
mod fcm;
mod http;
mod jwt;
mod passes;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use chat::{
    Chat,
    apps::State,
    offline_push::{Channel, Outcome, keys::Keys},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::{
    outgoing::{Clients, Https},
    webhooks::{address::Guard, reason, trust},
};

/// Longest answer of a push service that is read. Bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Connections to one service that are kept open while nothing is to be said.
const IDLE_CONNECTIONS_MAX: usize = 16;

/// Connects all push services. `allow_local`: they may be on this machine or link.
pub fn connect(chat: &Arc<Chat>, allow_local: bool) {
    let wire = |protocol| Wire::new(protocol, allow_local);
    let (clock, keys) = (&chat.clock, Keys::of(&chat.db));
    let own = http::Http::new(clock.clone(), wire(Protocol::Http1));
    chat.offline_pushes.connect(Channel::Http, Arc::new(own));
    let apple = apns::Apns::new(clock.clone(), keys.clone(), wire(Protocol::Http2));
    chat.offline_pushes.connect(Channel::Apns, Arc::new(apple));
    let firebase = fcm::Fcm::new(clock.clone(), keys, wire(Protocol::Any));
    chat.offline_pushes.connect(Channel::Fcm, Arc::new(firebase));
}

/// Whether a service can be shown this key.
pub fn check_key(channel: Channel, key: &str) -> anyhow::Result<()> {
    match channel {
        Channel::Http => anyhow::bail!("the operator's own service needs no key"),
        Channel::Apns => jwt::check(jwt::Algorithm::Es256, key),
        Channel::Fcm => fcm::Account::read(key).map(drop),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    /// Without it Apple answers nobody.
    Http2,
    /// Whichever the service offers.
    Any,
}

/// The way to one kind of service.
struct Wire {
    protocol: Protocol,
    clients: Clients,
}

/// What a service said.
struct Answer {
    status: StatusCode,
    /// Seconds.
    retry_after: Option<i64>,
    body: Bytes,
}

impl Answer {
    /// The start of the body, for a log line.
    fn said(&self) -> String {
        const SHOWN_BYTES: usize = 200;
        let body = &self.body[..self.body.len().min(SHOWN_BYTES)];
        format!("status {} {}", self.status.as_u16(), String::from_utf8_lossy(body))
    }

    /// What follows from the status alone.
    fn outcome(&self) -> Outcome {
        let is_for_now = self.status.is_server_error()
            || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&self.status);
        match (self.status.is_success(), is_for_now) {
            (true, _) => Outcome::Sent,
            (false, true) => Outcome::Later(self.said(), self.retry_after),
            (false, false) => Outcome::Failed(self.said()),
        }
    }
}

impl Wire {
    fn new(protocol: Protocol, allow_local: bool) -> Wire {
        Wire { protocol, clients: Clients::new(allow_local) }
    }

    fn connect(&self, state: &State, http: HttpConnector<Guard>) -> anyhow::Result<Https> {
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(trust::server_only(&state.settings.push_tls_ca_file)?)
            .https_or_http();
        let https = match self.protocol {
            Protocol::Http1 => https.enable_http1().wrap_connector(http),
            Protocol::Http2 => https.enable_http2().wrap_connector(http),
            Protocol::Any => https.enable_all_versions().wrap_connector(http),
        };
        Ok(Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .http2_only(self.protocol == Protocol::Http2)
            .build(https))
    }

    /// One request and its whole answer. The error says why there is none.
    async fn exchange(
        &self,
        (app, state): (u32, &State),
        request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Result<Answer, String> {
        if let Some(why) = self.clients.refusal(request.uri()) {
            return Err(why.to_owned());
        }
        let client = self.clients.get(app, state, |http| self.connect(state, http));
        let client = client.map_err(|it| format!("{it:#}"))?;
        let exchange = async {
            let answer = client.request(request).await.map_err(|it| reason(&it))?;
            let status = answer.status();
            let retry_after = answer.headers().get(header::RETRY_AFTER);
            let retry_after = retry_after.and_then(|it| it.to_str().ok()?.parse().ok());
            let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|it| it.to_string())?.to_bytes();
            Ok(Answer { status, retry_after, body })
        };
        tokio::time::timeout(timeout, Box::pin(exchange))
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}
