//! The settings of an app.

use std::collections::BTreeMap;

use chat::{
    console::{Role, audit::Deed},
    settings::{SECRETS, Settings},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::endpoint::{Ask, Endpoint, Refusal, get, post};

pub const LIST: Endpoint =
    get!("apps/{sdkappid}/settings", Some(Role::Viewer), "Shows every setting of an app.", [], Shown, list);
pub const CHANGE: Endpoint = post!(
    "apps/{sdkappid}/settings", Some(Role::Operator), "Changes settings, all of them or none.",
    Change => Shown, change
);

/// Changed by endpoints of their own, which need another role or say more in the audit log.
const ELSEWHERE: [&str; 2] = ["app.hmac_secrets", "app.enabled"];
#[derive(Serialize, JsonSchema)]
struct Shown {
    settings: Vec<Setting>,
    /// Calls a second by `service/command`, where the app has its own.
    command_rates: BTreeMap<String, u64>,
}

#[derive(Serialize, JsonSchema)]
struct Setting {
    key: &'static str,
    meaning: &'static str,
    /// What a value must be.
    expected: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    changed: bool,
    secret: bool,
    /// Of a secret: whether it has a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_set: Option<bool>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default)]
    set: Map<String, Value>,
    /// Keys that get their defaults back.
    #[serde(default)]
    reset: Vec<String>,
}

async fn list(ask: &Ask) -> Result<Shown, Refusal> {
    Ok(shown(&ask.app()?.state().settings))
}

fn shown(it: &Settings) -> Shown {
    let (mut values, mut defaults, changed) = (it.all(), Settings::default().all(), it.changed());
    let settings = Settings::DESCRIBED.iter().map(|row| {
        let secret = SECRETS.contains(&row.key);
        let (default, value) = (defaults.remove(row.key), values.remove(row.key));
        Setting {
            key: row.key,
            meaning: row.meaning.trim(),
            expected: row.expected,
            is_set: secret.then(|| value != default),
            default: default.filter(|_| !secret),
            value: value.filter(|_| !secret),
            changed: changed.contains_key(row.key),
            secret,
        }
    });
    let settings = settings.collect();
    let rates = it.own_command_rates().iter().map(|(command, rate)| (command.clone(), (*rate).into()));
    Shown { settings, command_rates: rates.collect() }
}

/// What the audit log keeps of the change: never a secret.
fn told(it: &Change) -> String {
    let set: Map<String, Value> = it
        .set
        .iter()
        .map(|(key, value)| match SECRETS.contains(&key.as_str()) {
            true => (key.clone(), "***".into()),
            false => (key.clone(), value.clone()),
        })
        .collect();
    json!({ "set": set, "reset": it.reset }).to_string()
}

async fn change(ask: &Ask, it: Change) -> Result<Shown, Refusal> {
    let app = ask.app()?;
    let named = it.set.keys().chain(&it.reset);
    if let Some(key) = named.clone().find(|key| ELSEWHERE.contains(&key.as_str())) {
        return Err(Refusal::bad(format!("{key} is changed by an endpoint of its own")));
    }
    if named.count() == 0 {
        return Err(Refusal::bad("there is nothing to change"));
    }
    let defaults = Settings::default().all();
    let mut changes: Vec<(String, Value)> = Vec::new();
    for key in &it.reset {
        let default = defaults.get(key).cloned();
        let default = default.ok_or_else(|| Refusal::bad(format!("{key}: no such setting to reset")))?;
        changes.push((key.clone(), default));
    }
    changes.extend(it.set.iter().map(|(key, value)| (key.clone(), value.clone())));
    // Tried first, so that what cannot be done is not written down as if it were.
    let mut tried = app.state().settings.clone();
    for (key, value) in &changes {
        tried.set(key, value.clone()).map_err(Refusal::bad)?;
    }
    let target = it.set.keys().chain(&it.reset).cloned().collect::<Vec<_>>().join(" ");
    ask.audit(Deed { app: app.id, detail: told(&it), ..Deed::new("apps.settings", &target) }).await?;
    Box::pin(ask.node.chat.change_app(app.id, changes)).await?;
    Ok(shown(&app.state().settings))
}
