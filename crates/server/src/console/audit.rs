//! The audit log.

use chat::console::{
    Role,
    audit::{Deed, Entry, Wanted},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    endpoint::{Ask, Endpoint, Refusal, Verb, get},
    pages, stream,
};
use crate::digest::hex;

pub const LIST: Endpoint = get!(
    "audit",
    Some(Role::Operator),
    "Lists what operators did.",
    ["before", "operator", "action", "sdkappid", "limit"],
    Log,
    list
);
pub const VERIFY: Endpoint = get!(
    "audit/verify",
    Some(Role::Operator),
    "Tells whether the audit log is as it was written.",
    [],
    Verdict,
    verify
);
pub const EXPORT: Endpoint = Endpoint {
    verb: Verb::Get,
    path: "audit.ndjson",
    role: Some(Role::Operator),
    summary: "Gives the whole audit log as lines of JSON.",
    query: &[],
    body_bytes: 0,
    run: |ask| Box::pin(export(ask)),
    schema: |_| (None, None),
};

#[derive(Serialize, JsonSchema)]
struct Log {
    entries: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    id: i64,
    at_ms: i64,
    operator: String,
    role: String,
    address: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdkappid: Option<i64>,
    target: String,
    /// What was sent, as far as it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<String>,
    hash: String,
}

fn shown(it: Entry, whole: bool) -> Shown {
    Shown {
        id: it.id,
        at_ms: it.at_ms,
        operator: it.operator,
        role: it.role,
        address: it.address,
        action: it.action,
        sdkappid: pages::moment(it.app),
        target: it.target,
        detail: match (it.detail.is_empty(), whole) {
            (true, _) => None,
            // The hash covers the text, not what it says.
            (false, true) => Some(it.detail.into()),
            (false, false) => Some(pages::value_of(&it.detail)),
        },
        previous: whole.then(|| hex(&it.previous)),
        hash: hex(&it.hash),
    }
}

#[derive(Serialize, JsonSchema)]
struct Verdict {
    good: bool,
    entries: i64,
    first: i64,
    last: i64,
    last_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

async fn list(ask: &Ask) -> Result<Log, Refusal> {
    let wanted = Wanted {
        before: pages::from_place(ask, "before")?.unwrap_or(i64::MAX),
        operator: ask.text("operator")?,
        action: ask.text("action")?,
        app: ask.number("sdkappid")?.unwrap_or(0),
    };
    let (entries, next) = ask.node.chat.audit_log(wanted, pages::limit(ask)?).await?;
    let next = next.map(|it| pages::place(&it));
    Ok(Log { entries: entries.into_iter().map(|it| shown(it, false)).collect(), next })
}

async fn verify(ask: &Ask) -> Result<Verdict, Refusal> {
    let it = ask.node.chat.verify_audit().await?;
    Ok(Verdict {
        good: it.broken.is_none(),
        entries: it.entries,
        first: it.first,
        last: it.last,
        last_hash: hex(&it.last_hash),
        broken_at: it.broken.map(|it| it.0),
        why: it.broken.map(|it| it.1),
    })
}

async fn export(ask: &Ask) -> Result<crate::http::Answer, Refusal> {
    ask.audit(Deed::new("audit.export", "")).await?;
    Ok(stream::lines(&ask.node, "audit.ndjson", 0, |node, after| async move {
        let step = node.chat.audit_after(after).await?;
        let next = step.last().map(|it| it.id);
        let mut lines = String::new();
        for entry in step {
            let line = serde_json::to_string(&shown(entry, true));
            lines += &line.map_err(|it| Refusal::internal(it.to_string()))?;
            lines.push('\n');
        }
        Ok((lines, next))
    }))
}
