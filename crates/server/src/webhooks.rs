//! Posts webhooks to the apps' backends. `spec/concepts/webhooks.md` 1, 2, 3 and 7.
//!
//! Each app has a client of its own, with its own trust and its own connections, which is made anew when the app's
//! settings change.

pub(crate) mod address;
#[cfg(test)]
mod tests;
pub(crate) mod trust;

use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use chat::{
    apps::State,
    clock::Clock,
    webhooks::{ANSWER_BYTES_MAX, Attempt, Failure, Request, Transport},
};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Method, StatusCode, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use sha2::{Digest, Sha256};

use crate::{
    digest::{hex, mac},
    outgoing::{Clients, Https, USER_AGENT, signed},
};
use address::Guard;

/// Connections to one backend that are kept open while nothing is to be said.
const IDLE_CONNECTIONS_MAX: usize = 64;
/// What the keys of bodies are made from, where an app has set none.
const SIGNING_PURPOSE: &[u8] = b"magpie webhook signature";

/// Carries webhooks over HTTP.
pub struct Http {
    clock: Clock,
    clients: Clients,
}

impl Http {
    /// `allow_local`: backends may be on this machine or link.
    pub fn new(clock: Clock, allow_local: bool) -> Http {
        Http { clock, clients: Clients::new(allow_local) }
    }

    async fn exchange(&self, state: &State, it: &Request) -> Result<String, Failure> {
        let now = self.clock.now();
        let url = url(state, it, now);
        let request = request(state, it, &url, now).map_err(|it| Failure::Unreachable(it.to_string()))?;
        if let Some(why) = self.clients.refusal(request.uri()) {
            return Err(Failure::Unreachable(why.to_owned()));
        }
        let client = self.clients.get(it.app, state, |http| connect(state, http));
        let client = client.map_err(|it| Failure::Unreachable(format!("{it:#}")))?;
        let answer = client.request(request).await.map_err(|it| Failure::Unreachable(reason(&it)))?;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(Failure::Rejected(format!("status {}", status.as_u16())));
        }
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await.map_err(|it| {
            match it.is::<LengthLimitError>() {
                true => Failure::Rejected(format!("an answer over {ANSWER_BYTES_MAX} bytes")),
                false => Failure::Unreachable(it.to_string()),
            }
        })?;
        let text = String::from_utf8(body.to_bytes().to_vec());
        text.ok().filter(|it| is_object(it)).ok_or_else(|| Failure::Rejected("no JSON object".to_owned()))
    }
}

fn connect(state: &State, http: HttpConnector<Guard>) -> anyhow::Result<Https> {
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(trust::config(&state.settings)?)
        .https_or_http();
    let https = match state.settings.webhooks_http2 {
        true => https.enable_all_versions().wrap_connector(http),
        false => https.enable_http1().wrap_connector(http),
    };
    Ok(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(IDLE_CONNECTIONS_MAX).build(https))
}

impl Transport for Http {
    fn post<'a>(&'a self, settings: &'a Arc<State>, request: &'a Request) -> Attempt<'a> {
        Box::pin(async move {
            let exchange = tokio::time::timeout(request.timeout, self.exchange(settings, request));
            exchange.await.unwrap_or(Err(Failure::TimedOut))
        })
    }
}

fn is_object(text: &str) -> bool {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok()
}

/// The innermost reason, which says most.
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The app's address with the parameters of a webhook, in the order of the contract.
fn url(state: &State, it: &Request, now: i64) -> String {
    let settings = &state.settings;
    let mut url = settings.webhooks_url.clone();
    let path_begins = url.find("://").map_or(0, |at| at + 3);
    let mark = match url[path_begins..].find(['/', '?']) {
        _ if url.contains('?') => '&',
        Some(_) => '?',
        None => {
            url.push('/');
            '?'
        }
    };
    url.push(mark);
    url += &format!("SdkAppid={}&CallbackCommand={}&contenttype=json", it.app, it.command);
    for (name, value) in [("ClientIP", &it.client_ip), ("OptPlatform", &it.platform)] {
        if !value.is_empty() {
            url += &format!("&{name}={}", value.replace(':', "%3A"));
        }
    }
    if settings.webhooks_auth_enabled {
        url += &format!("&Sign={}&RequestTime={now}", sign(&settings.webhooks_auth_token, now));
    }
    url
}

/// `spec/concepts/webhooks.md` 2.
fn sign(token: &str, now: i64) -> String {
    hex(&Sha256::digest(format!("{token}{now}")))
}

fn request(
    state: &State,
    it: &Request,
    url: &str,
    now: i64,
) -> Result<hyper::Request<Full<Bytes>>, hyper::http::Error> {
    let mut request = hyper::Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, USER_AGENT);
    if let Some(id) = &it.event_id {
        request = signed(request, state, id, now, &it.body);
    }
    request.body(Full::new(Bytes::from(it.body.clone())))
}

/// The key of the signature over bodies, as the Standard Webhooks convention writes it after `whsec_`.
pub fn signing_key(state: &State) -> Vec<u8> {
    let own = &state.settings.webhooks_signing_secret;
    if !own.is_empty() {
        let text = own.strip_prefix("whsec_").unwrap_or(own);
        return BASE64_STANDARD.decode(text).unwrap_or_else(|_| own.as_bytes().to_vec());
    }
    let secret = state.settings.app_hmac_secrets.first().map_or("", |it| it);
    mac(secret.as_bytes(), SIGNING_PURPOSE)
}

pub(crate) fn signature(key: &[u8], id: &str, now: i64, body: &str) -> String {
    BASE64_STANDARD.encode(mac(key, format!("{id}.{now}.{body}").as_bytes()))
}

#[cfg(test)]
mod url_tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_signature_of_the_url_is_that_of_the_contract() {
        for (token, time, expected) in [
            ("xxxxyyyy", 1_669_872_112, "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"),
            (
                "s3cr3t-Token_01",
                1_767_225_600,
                "2a25a7c791b11b206d15a8a94cae3eb6491c96523be11d58b8eb159302938a56",
            ),
            ("回调-token", 1_767_225_601, "d090102212f4d9939cb37176e0e89f9e329930aa3b9e081791154cd68345abf4"),
        ] {
            assert_eq!(sign(token, time), expected);
        }
    }

    fn state(changes: &[(&str, serde_json::Value)]) -> State {
        let mut settings = chat::settings::Settings::default();
        for (key, value) in changes {
            settings.set(key, value.clone()).unwrap();
        }
        State::new(settings, 1)
    }

    #[test]
    fn parameters_follow_the_app_s_address() {
        let request = Request {
            app: 7,
            event_id: None,
            command: "State.StateChange".to_owned(),
            client_ip: "::1".to_owned(),
            platform: "Web".to_owned(),
            body: "{}".to_owned(),
            timeout: Duration::ZERO,
        };
        const TAIL: &str =
            "SdkAppid=7&CallbackCommand=State.StateChange&contenttype=json&ClientIP=%3A%3A1&OptPlatform=Web";
        for (address, expected) in [
            ("http://a.example", "http://a.example/?"),
            ("http://a.example/x", "http://a.example/x?"),
            ("http://a.example/x?y=1", "http://a.example/x?y=1&"),
            ("http://a.example?y=1", "http://a.example?y=1&"),
        ] {
            let state = state(&[("webhooks.url", address.into())]);
            assert_eq!(url(&state, &request, 0), format!("{expected}{TAIL}"));
        }
        let token = [("webhooks.auth_token", "xxxxyyyy".into()), ("webhooks.auth_enabled", true.into())];
        let signed = url(&state(&token), &request, 1_669_872_112);
        assert!(signed.ends_with(
            "&Sign=17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061&RequestTime=1669872112"
        ));
    }

    #[test]
    fn a_body_is_signed_as_the_convention_for_webhooks_says() {
        // The vector of the convention's own documentation.
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = "{\"test\": 2432232314}";
        let made = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
