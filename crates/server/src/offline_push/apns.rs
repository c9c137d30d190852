//! Apple's push service: HTTP/2, a token signed by the app's key, one request for each device.

use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::Bytes;
use chat::{
    apps::State,
    clock::Clock,
    offline_push::{Attempt, Channel, Info, Outcome, Push, PushSink, Report, keys::Keys},
};
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    Answer, Wire,
    jwt::{self, Algorithm},
    passes::Passes,
};

/// Apple takes a token for an hour and wants no new one within 20 minutes. Seconds.
const PASS_SECONDS: i64 = 2400;
/// Longest collapse id. Bytes.
const COLLAPSE_BYTES_MAX: usize = 64;
/// Reasons that say that the token is of no device of this app.
const DEAD: [&str; 3] = ["BadDeviceToken", "DeviceTokenNotForTopic", "Unregistered"];
/// Reasons that say that our own token is not good any more.
const STALE: [&str; 2] = ["ExpiredProviderToken", "InvalidProviderToken"];

pub struct Apns {
    clock: Clock,
    keys: Keys,
    wire: Wire,
    passes: Passes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    reason: String,
}

impl Apns {
    pub(super) fn new(clock: Clock, keys: Keys, wire: Wire) -> Apns {
        Apns { clock, keys, wire, passes: Passes::default() }
    }

    async fn send(&self, state: &State, push: &Push) -> Report {
        let pass = match self.pass(state, push.app).await {
            Ok(it) => it,
            Err(error) => return Outcome::Failed(format!("{error:#}")).into(),
        };
        let request = match request(state, push, &pass) {
            Ok(it) => it,
            Err(error) => return Outcome::Failed(format!("{error:#}")).into(),
        };
        match self.wire.exchange((push.app, state), request, push.timeout).await {
            Err(reason) => Outcome::Later(reason, None).into(),
            Ok(answer) => self.judge(push, &pass, &answer).await,
        }
    }

    async fn pass(&self, state: &State, app: u32) -> anyhow::Result<Arc<str>> {
        let (now, settings) = (self.clock.now(), &state.settings);
        let make = async {
            let key = self.keys.get(app, Channel::Apns).await?;
            let key = key.context("the app has no key for Apple's push service (magpie push key apns)")?;
            let claims = json!({"iss": settings.push_apns_team_id, "iat": now});
            let text = jwt::sign(Algorithm::Es256, &key, &settings.push_apns_key_id, &claims)?;
            Ok((text, now + PASS_SECONDS))
        };
        self.passes.get(app, state.version, now, make).await
    }

    async fn judge(&self, push: &Push, pass: &str, answer: &Answer) -> Report {
        let refusal: Refusal = serde_json::from_slice(&answer.body).unwrap_or_default();
        if DEAD.contains(&&*refusal.reason) || answer.status == StatusCode::GONE {
            let dead = push.devices.iter().map(|it| it.token.clone()).collect();
            return Report { outcome: Outcome::Failed(answer.said()), dead };
        }
        if STALE.contains(&&*refusal.reason) {
            self.passes.forget(push.app, pass).await;
            return Outcome::Later(answer.said(), None).into();
        }
        answer.outcome().into()
    }
}

/// What goes into a path must be nothing but letters and digits, whatever the client gave.
fn check_token(token: &str) -> anyhow::Result<()> {
    let is_good = !token.is_empty() && token.bytes().all(|it| it.is_ascii_alphanumeric());
    ensure!(is_good, "the device's token is none of Apple's");
    Ok(())
}

fn request(state: &State, push: &Push, pass: &str) -> anyhow::Result<Request<Full<Bytes>>> {
    let (settings, info) = (&state.settings, &push.notice.info);
    let token = push.devices.first().map_or("", |it| &it.token);
    check_token(token)?;
    let is_silent = info.is_silent && push.notice.text.is_empty();
    let (kind, priority) = if is_silent { ("background", 5) } else { ("alert", 10) };
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}/3/device/{token}", settings.push_apns_url.trim_end_matches('/')))
        .header(header::AUTHORIZATION, format!("bearer {pass}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("apns-topic", &settings.push_apns_topic)
        .header("apns-push-type", kind)
        .header("apns-priority", priority)
        .header("apns-expiration", push.until)
        .header("apns-collapse-id", collapse_id(push));
    Ok(request.body(Full::new(Bytes::from(body(push).to_string())))?)
}

/// The sender's, if it can be one; else a push that comes twice replaces itself.
fn collapse_id(push: &Push) -> &str {
    let wanted = &push.notice.info.collapse_id;
    let is_good =
        (1..=COLLAPSE_BYTES_MAX).contains(&wanted.len()) && wanted.bytes().all(|it| it.is_ascii_graphic());
    if is_good { wanted } else { &push.id }
}

fn body(push: &Push) -> Value {
    let (notice, info) = (&push.notice, &push.notice.info);
    let mut aps = Map::new();
    if !notice.text.is_empty() {
        aps.insert("alert".to_owned(), alert(&notice.text, info));
        let sound = if info.apple_sound.is_empty() { "default" } else { &info.apple_sound };
        aps.insert("sound".to_owned(), sound.into());
    }
    if let Some(badge) = push.badge {
        aps.insert("badge".to_owned(), badge.into());
    }
    for (on, name) in [(info.is_mutable, "mutable-content"), (info.is_silent, "content-available")] {
        if on {
            aps.insert(name.to_owned(), 1.into());
        }
    }
    if !info.interruption.is_empty() {
        aps.insert("interruption-level".to_owned(), info.interruption.as_str().into());
    }
    let mut all = Map::from_iter([("aps".to_owned(), aps.into())]);
    for (name, text) in [("ext", &info.ext), ("image", &info.apple_image)] {
        if !text.is_empty() {
            all.insert(name.to_owned(), text.as_str().into());
        }
    }
    all.into()
}

fn alert(text: &str, info: &Info) -> Value {
    let title = if info.apple_title.is_empty() { &info.title } else { &info.apple_title };
    let mut alert = Map::from_iter([("body".to_owned(), text.into())]);
    for (name, text) in [("title", title), ("subtitle", &info.subtitle)] {
        if !text.is_empty() {
            alert.insert(name.to_owned(), text.as_str().into());
        }
    }
    alert.into()
}

impl PushSink for Apns {
    fn push<'a>(&'a self, state: &'a Arc<State>, push: &'a Push) -> Attempt<'a> {
        Box::pin(self.send(state, push))
    }
}
