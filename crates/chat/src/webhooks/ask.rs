//! Asking an app's backend before an operation. `spec/concepts/webhooks.md` 4.

use std::{ops::RangeInclusive, sync::atomic::Ordering, time::Duration};

use proto::{Code, Fail};
use serde::Serialize;
use serde_json::{Map, Value};
use store::webhooks as table;

use super::{ANSWER_LOGGED_BYTES_MAX, Hook, Origin, Request, event, rendered};
use crate::{Cx, clock::instant, error::Error, text::beginning};

/// Own codes of an app for one-to-one messages.
pub(crate) const C2C_CODES: RangeInclusive<i64> = 120_001..=130_000;
/// Own codes of an app for groups and their messages.
pub(crate) const GROUP_CODES: RangeInclusive<i64> = 10_100..=10_200;

/// What a refusal means to the caller.
pub(crate) struct Rules {
    /// For ErrorCode 1.
    pub(crate) refused: Code,
    pub(crate) own_codes: RangeInclusive<i64>,
    /// Whether ErrorCode 2 drops it silently.
    pub(crate) may_drop: bool,
    /// When there is no answer and the app wants nothing done without one.
    pub(crate) unanswered: Code,
}

/// What the backend said.
pub(crate) enum Verdict {
    /// It was asked and agreed, or is not asked, or did not answer and need not.
    Go(Map<String, Value>),
    /// The caller is told of success and nothing is done.
    Drop,
}

/// Asks, if the app wants to be asked; a refusal is an error.
pub(crate) async fn ask<B: Serialize>(
    cx: &Cx,
    hook: Hook,
    rules: &Rules,
    body: impl FnOnce() -> B,
) -> Result<Verdict, Error> {
    if !super::wants(cx, hook) {
        return Ok(Verdict::Go(Map::new()));
    }
    match answer(cx, hook, &body()).await? {
        Some(answer) => judge(cx, rules, answer),
        None => unanswered(cx, rules),
    }
}

fn judge(cx: &Cx, rules: &Rules, answer: Map<String, Value>) -> Result<Verdict, Error> {
    let info = answer.get("ErrorInfo").and_then(Value::as_str).unwrap_or_default();
    match answer.get("ErrorCode").and_then(Value::as_i64) {
        Some(0) => Ok(Verdict::Go(answer)),
        Some(1) if info.is_empty() => Err(rules.refused.into()),
        Some(1) => Err(Fail::with(rules.refused, info.to_owned()).into()),
        Some(2) if rules.may_drop => Ok(Verdict::Drop),
        Some(number) if rules.own_codes.contains(&number) => {
            let info = if info.is_empty() { "refused by the app's own backend" } else { info };
            Err(Fail { number, info: info.to_owned().into(), extra: None }.into())
        }
        _ => unanswered(cx, rules),
    }
}

fn unanswered(cx: &Cx, rules: &Rules) -> Result<Verdict, Error> {
    match &*cx.app.state().settings.webhooks_failure_policy {
        "refuse" => Err(rules.unanswered.into()),
        _ => Ok(Verdict::Go(Map::new())),
    }
}

/// The backend's answer to one question; `None` when it gave none that can be read.
pub(crate) async fn answer<B: Serialize>(
    cx: &Cx,
    hook: Hook,
    body: &B,
) -> Result<Option<Map<String, Value>>, Error> {
    let state = cx.app.state().clone();
    let asked = event(&cx.chat, Origin::of(cx), hook, 0, rendered(hook, body)?);
    let request = Request {
        app: cx.app.id,
        event_id: None,
        command: asked.command.clone(),
        client_ip: asked.client_ip.clone(),
        platform: asked.platform.clone(),
        body: asked.body.clone(),
        timeout: Duration::from_millis(state.settings.webhooks_before_timeout_ms.max(0) as u64),
    };
    let started = instant();
    let result = cx.chat.webhooks.post(&state, &request).await;
    let numbers = &cx.app.hooks.numbers;
    numbers.sent.fetch_add(1, Ordering::Relaxed);
    let counted = if result.is_ok() { &numbers.answered } else { &numbers.failed };
    counted.fetch_add(1, Ordering::Relaxed);
    let (text, failure) = match result {
        Ok(text) => (text, String::new()),
        Err(failure) => {
            tracing::warn!(app = cx.app.id, command = %asked.command, %failure, "a webhook got no answer");
            (String::new(), failure.to_string())
        }
    };
    let attempt = table::Attempt {
        at: cx.chat.clock.millis(),
        took_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        failure,
        answer: shortened(&text),
    };
    cx.app.hooks.note_asked(table::Event { attempts: 1, ..asked }, attempt);
    Ok(serde_json::from_str(&text).ok())
}

/// The beginning of an answer, for the log.
pub(super) fn shortened(text: &str) -> String {
    beginning(text, ANSWER_LOGGED_BYTES_MAX)
}
