//! The operator's own push service: a signed POST for each user. The body is described in `docs/OPERATIONS.md`.

use std::sync::Arc;

use bytes::Bytes;
use chat::{
    apps::State,
    clock::Clock,
    offline_push::{Attempt, Notice, Outcome, Place, Push, PushSink, Report},
};
use http_body_util::Full;
use hyper::{Method, Request, header};
use proto::platform::Platform;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Wire;
use crate::{
    digest::hex,
    outgoing::{USER_AGENT, signed},
};

/// Digits of the hash of a user that tell one push of a message from another.
const USER_DIGITS: usize = 16;

pub struct Http {
    clock: Clock,
    wire: Wire,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    push_id: &'a str,
    sdk_appid: u32,
    /// C2C, Group or All.
    kind: &'static str,
    #[serde(rename = "To_Account")]
    to: &'a str,
    #[serde(rename = "From_Account")]
    from: &'a str,
    #[serde(rename = "From_AccountNick")]
    nick: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic_name: Option<&'a str>,
    msg_time: i64,
    msg_seq: i64,
    msg_random: i64,
    title: &'a str,
    desc: &'a str,
    ext: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    badge: Option<i64>,
    expires_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    offline_push_info: Option<&'a RawValue>,
    devices: Vec<Device<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Device<'a> {
    platform: &'static str,
    #[serde(skip_serializing_if = "str::is_empty", rename = "TokenID")]
    token: &'a str,
    #[serde(skip_serializing_if = "str::is_empty", rename = "BusiID")]
    business: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    inst_type: &'a str,
}

/// What the service may say beside its status.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Answer {
    invalid_tokens: Vec<String>,
}

impl Http {
    pub(super) fn new(clock: Clock, wire: Wire) -> Http {
        Http { clock, wire }
    }

    async fn post(&self, state: &State, push: &Push) -> Report {
        let id = format!("{}_{}", push.id, &hex(&Sha256::digest(&push.to))[..USER_DIGITS]);
        let request = match self.request(state, push, &id) {
            Ok(it) => it,
            Err(error) => return Outcome::Failed(format!("{error:#}")).into(),
        };
        match self.wire.exchange((push.app, state), request, push.timeout).await {
            Err(reason) => Outcome::Later(reason, None).into(),
            Ok(answer) => {
                let said: Answer = serde_json::from_slice(&answer.body).unwrap_or_default();
                let outcome = answer.outcome();
                let dead = if outcome == Outcome::Sent { said.invalid_tokens } else { Vec::new() };
                Report { outcome, dead }
            }
        }
    }

    fn request(&self, state: &State, push: &Push, id: &str) -> anyhow::Result<Request<Full<Bytes>>> {
        let (body, now) = (serde_json::to_string(&body(push, id))?, self.clock.now());
        let request = Request::builder()
            .method(Method::POST)
            .uri(&state.settings.push_http_url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, USER_AGENT);
        let request = signed(request, state, id, now, &body);
        Ok(request.body(Full::new(Bytes::from(body)))?)
    }
}

fn body<'a>(push: &'a Push, id: &'a str) -> Body<'a> {
    let it: &Notice = &push.notice;
    let (kind, group, topic) = match &it.place {
        Place::C2c => ("C2C", None, None),
        Place::All => ("All", None, None),
        Place::Group { id, name, topic } => ("Group", Some((id, name)), topic.as_ref()),
    };
    let device = |it: &'a chat::offline_push::Device| Device {
        platform: Platform::from_number(it.platform).webhook_name(),
        token: &it.token,
        business: &it.business,
        inst_type: &it.kind,
    };
    Body {
        push_id: id,
        sdk_appid: push.app,
        kind,
        to: &push.to,
        from: &it.from,
        nick: &it.nick,
        group_id: group.map(|it| &**it.0),
        group_name: group.map(|it| &**it.1),
        topic_id: topic.map(|it| &*it.0),
        topic_name: topic.map(|it| &*it.1),
        msg_time: it.time,
        msg_seq: it.seq,
        msg_random: it.random,
        title: &it.title,
        desc: &it.text,
        ext: &it.info.ext,
        badge: push.badge,
        expires_at: push.until,
        offline_push_info: serde_json::from_str(&it.raw_info).ok(),
        devices: push.devices.iter().map(device).collect(),
    }
}

impl PushSink for Http {
    fn push<'a>(&'a self, state: &'a Arc<State>, push: &'a Push) -> Attempt<'a> {
        Box::pin(self.post(state, push))
    }
}
