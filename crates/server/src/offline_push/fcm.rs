//! Firebase Cloud Messaging, HTTP v1: an access token of the app's service account, one request for each device.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use bytes::Bytes;
use chat::{
    apps::State,
    clock::Clock,
    offline_push::{Attempt, Channel, Outcome, Push, PushSink, Report, keys::Keys},
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

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Life of the assertion that an access token is asked for with, the most that is allowed. Seconds.
const ASSERTION_SECONDS: i64 = 3600;
/// An access token is not shown in its last moments. Seconds.
const SPARE_SECONDS: i64 = 120;

pub struct Fcm {
    clock: Clock,
    keys: Keys,
    wire: Wire,
    passes: Passes,
}

/// A service account, as Google gives it out.
#[derive(Deserialize)]
pub(super) struct Account {
    project_id: String,
    client_email: String,
    #[serde(default)]
    private_key_id: String,
    private_key: String,
    token_uri: String,
}

impl Account {
    pub(super) fn read(json: &str) -> anyhow::Result<Account> {
        // The error of the reader may show the text.
        let account: Option<Account> = serde_json::from_str(json).ok();
        let account = account.context("it is no service account in JSON")?;
        let is_word = |it: &str| {
            !it.is_empty() && it.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_".contains(&it))
        };
        ensure!(is_word(&account.project_id), "the service account has no good project_id");
        jwt::check(Algorithm::Rs256, &account.private_key)?;
        Ok(account)
    }
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// Why there is no access token: to be tried again, or not.
enum NoPass {
    Later(String, Option<i64>),
    Never(String),
}

impl<E: Into<anyhow::Error>> From<E> for NoPass {
    fn from(error: E) -> NoPass {
        NoPass::Never(format!("{:#}", error.into()))
    }
}

impl Fcm {
    pub(super) fn new(clock: Clock, keys: Keys, wire: Wire) -> Fcm {
        Fcm { clock, keys, wire, passes: Passes::default() }
    }

    async fn send(&self, state: &State, push: &Push) -> Report {
        let sent = self.try_to_send(state, push).await;
        sent.unwrap_or_else(|why| match why {
            NoPass::Later(reason, seconds) => Outcome::Later(reason, seconds).into(),
            NoPass::Never(reason) => Outcome::Failed(reason).into(),
        })
    }

    async fn try_to_send(&self, state: &State, push: &Push) -> Result<Report, NoPass> {
        // The project stands in the pass, so that the account need not be read for each push.
        let pass = self.passes.get(push.app, state.version, self.clock.now(), self.ask(state, push)).await?;
        let (project, token) = pass.split_once(' ').context("a pass has two parts")?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!(
                "{}/v1/projects/{project}/messages:send",
                state.settings.push_fcm_url.trim_end_matches('/')
            ))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body(state, push, self.clock.now()).to_string())))?;
        match self.wire.exchange((push.app, state), request, push.timeout).await {
            Err(reason) => Ok(Outcome::Later(reason, None).into()),
            Ok(answer) => Ok(self.judge(push, &pass, &answer).await),
        }
    }

    /// Asks for an access token.
    async fn ask(&self, state: &State, push: &Push) -> Result<(String, i64), NoPass> {
        let (now, app) = (self.clock.now(), push.app);
        let account = self.keys.get(app, Channel::Fcm).await?;
        let account = account.context("the app has no service account of Firebase (magpie push key fcm)")?;
        let account = Account::read(&account)?;
        let claims = json!({
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        });
        let assertion = jwt::sign(Algorithm::Rs256, &account.private_key, &account.private_key_id, &claims)?;
        let own = &state.settings.push_fcm_token_url;
        let url = if own.is_empty() { &account.token_uri } else { own };
        let form = format!("grant_type={}&assertion={assertion}", GRANT.replace(':', "%3A"));
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        let granted = self.grant(app, state, request, push.timeout).await?;
        let until = now + (granted.expires_in - SPARE_SECONDS).max(0);
        Ok((format!("{} {}", account.project_id, granted.access_token), until))
    }

    async fn grant(
        &self,
        app: u32,
        state: &State,
        request: Request<Full<Bytes>>,
        timeout: Duration,
    ) -> Result<Granted, NoPass> {
        let answer = self.wire.exchange((app, state), request, timeout).await;
        let answer = answer.map_err(|it| NoPass::Later(format!("no access token: {it}"), None))?;
        match answer.outcome() {
            Outcome::Sent => {
                let granted: Option<Granted> = serde_json::from_slice(&answer.body).ok();
                Ok(granted.context("the answer to the question for an access token has none")?)
            }
            Outcome::Later(reason, seconds) => {
                Err(NoPass::Later(format!("no access token: {reason}"), seconds))
            }
            Outcome::Failed(reason) => Err(NoPass::Never(format!("no access token: {reason}"))),
        }
    }

    async fn judge(&self, push: &Push, pass: &str, answer: &Answer) -> Report {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let details = said["error"]["details"].as_array();
        let is_dead = details.is_some_and(|all| all.iter().any(|it| it["errorCode"] == "UNREGISTERED"));
        if is_dead {
            let dead = push.devices.iter().map(|it| it.token.clone()).collect();
            return Report { outcome: Outcome::Failed(answer.said()), dead };
        }
        if answer.status == StatusCode::UNAUTHORIZED {
            self.passes.forget(push.app, pass).await;
            return Outcome::Later(answer.said(), None).into();
        }
        answer.outcome().into()
    }
}

/// An object of those texts that are not empty.
fn texts(all: &[(&str, &str)]) -> Map<String, Value> {
    all.iter().filter(|it| !it.1.is_empty()).map(|it| (it.0.to_owned(), it.1.into())).collect()
}

fn body(state: &State, push: &Push, now: i64) -> Value {
    let (notice, info) = (&push.notice, &push.notice.info);
    let channel = match info.android_channel.is_empty() {
        true => &state.settings.push_fcm_channel_id,
        false => &info.android_channel,
    };
    let sound = if info.android_sound.is_empty() { "default" } else { &info.android_sound };
    let mut on_android = texts(&[("channel_id", channel), ("sound", sound), ("image", &info.android_image)]);
    on_android.insert("tag".to_owned(), push.id.as_str().into());
    if let Some(badge) = push.badge {
        on_android.insert("notification_count".to_owned(), badge.into());
    }
    let collapse = if info.collapse_id.is_empty() { &push.id } else { &info.collapse_id };
    json!({"message": {
        "token": push.devices.first().map_or("", |it| &it.token),
        "notification": texts(&[("title", &info.title), ("body", &notice.text)]),
        "data": texts(&[("ext", &info.ext), ("sender", &notice.from)]),
        "android": {
            "collapse_key": collapse,
            "priority": "HIGH",
            "ttl": format!("{}s", (push.until - now).max(0)),
            "notification": on_android,
        },
    }})
}

impl PushSink for Fcm {
    fn push<'a>(&'a self, state: &'a Arc<State>, push: &'a Push) -> Attempt<'a> {
        Box::pin(self.send(state, push))
    }
}
