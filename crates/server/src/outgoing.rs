//! HTTP to servers that apps name: their backends, and push services.

use std::{collections::HashMap, sync::Mutex};

use bytes::Bytes;
use chat::apps::State;
use http_body_util::Full;
use hyper::{Uri, http::request};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::{Client, connect::HttpConnector};

use crate::webhooks::{
    address::{self, Guard, is_allowed_literal},
    signature, signing_key,
};

pub(crate) type Https = Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>;

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
