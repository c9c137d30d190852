//! HTTP to servers that apps name: their backends, push services, and services of language.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use bytes::Bytes;
use chat::{apps::State, settings::Settings};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, Uri, header, http::request};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

use crate::webhooks::{
    address::{self, Guard, is_allowed_literal},
    reason, signature, signing_key, trust,
};

pub(crate) type Https = Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>;

/// Connections to one service that are kept open while nothing is to be said.
const IDLE_CONNECTIONS_MAX: usize = 16;

pub(crate) const USER_AGENT: &str = concat!("magpie/", env!("CARGO_PKG_VERSION"));

/// A client for each app, made anew when the app's settings change.
pub(crate) struct Clients {
    /// Whether servers may be on this machine or link.
    allow_local: bool,
    /// With the version of the settings that it was made for.
    by_app: Mutex<HashMap<u32, (i64, Https)>>,
}

impl Clients {
    pub(crate) fn new(allow_local: bool) -> Clients {
        Clients { allow_local, by_app: Mutex::default() }
    }

    /// The client of an app, by `make` if there is none yet for these settings.
    pub(crate) fn get(
        &self,
        app: u32,
        state: &State,
        make: impl FnOnce(HttpConnector<Guard>) -> anyhow::Result<Https>,
    ) -> anyhow::Result<Https> {
        let mut clients = self.by_app.lock().expect("no holder panics");
        if let Some((version, client)) = clients.get(&app)
            && *version == state.version
        {
            return Ok(client.clone());
        }
        let mut http = HttpConnector::new_with_resolver(Guard { allow_local: self.allow_local });
        http.enforce_http(false);
        http.set_nodelay(true);
        let client = make(http)?;
        clients.insert(app, (state.version, client.clone()));
        Ok(client)
    }

    /// Why nothing may be sent there; names are looked at when they are resolved.
    pub(crate) fn refusal(&self, to: &Uri) -> Option<&'static str> {
        let is_allowed = self.allow_local || is_allowed_literal(to.host().unwrap_or_default());
        (!is_allowed).then_some(address::REFUSED)
    }
}

/// Adds what the Standard Webhooks convention wants: id, time and a signature over the body.
pub(crate) fn signed(
    request: request::Builder,
    state: &State,
    id: &str,
    now: i64,
    body: &str,
) -> request::Builder {
    let signature = signature(&signing_key(state), id, now, body);
    request
        .header("webhook-id", id)
        .header("webhook-timestamp", now)
        .header("webhook-signature", format!("v1,{signature}"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    /// Without it Apple answers nobody.
    Http2,
    /// Whichever the service offers.
    Any,
}

/// The way to one kind of service.
pub(crate) struct Wire {
    protocol: Protocol,
    clients: Clients,
    /// Authorities that an app trusts this kind by, beside those of the system.
    ca_file: fn(&Settings) -> &str,
    /// Longest answer that is read. Bytes.
    answer_bytes_max: usize,
}

/// What a service said.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Seconds.
    pub(crate) retry_after: Option<i64>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The start of the body, for a log line.
    pub(crate) fn said(&self) -> String {
        const SHOWN_BYTES: usize = 200;
        let body = &self.body[..self.body.len().min(SHOWN_BYTES)];
        format!("status {} {}", self.status.as_u16(), String::from_utf8_lossy(body))
    }
}

impl Wire {
    /// `allow_local`: the service may be on this machine or link.
    pub(crate) fn new(
        protocol: Protocol,
        allow_local: bool,
        ca_file: fn(&Settings) -> &str,
        answer_bytes_max: usize,
    ) -> Wire {
        Wire { protocol, clients: Clients::new(allow_local), ca_file, answer_bytes_max }
    }

    fn connect(&self, state: &State, http: HttpConnector<Guard>) -> anyhow::Result<Https> {
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(trust::server_only((self.ca_file)(&state.settings))?)
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
    pub(crate) async fn exchange(
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
            let body = Limited::new(answer.into_body(), self.answer_bytes_max).collect().await;
            let body = body.map_err(|it| it.to_string())?.to_bytes();
            Ok(Answer { status, retry_after, body })
        };
        tokio::time::timeout(timeout, Box::pin(exchange))
            .await
            .unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}
