//! How much of its limits an app uses.

use std::sync::atomic::Ordering;

use chat::{
    console::Role,
    settings::{ADMINS_MAX, CUSTOM_FIELDS_MAX},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::endpoint::{Ask, Endpoint, Refusal, get};

pub const LIST: Endpoint = get!(
    "apps/{sdkappid}/limits",
    Some(Role::Viewer),
    "Tells how much of its limits an app uses.",
    [],
    Limits,
    list
);

#[derive(Serialize, JsonSchema)]
struct Limits {
    limits: Vec<Limit>,
}

#[derive(Serialize, JsonSchema)]
struct Limit {
    name: &'static str,
    used: i64,
    /// 0 for no limit.
    most: i64,
    /// The setting that it is; empty for what cannot be changed.
    setting: &'static str,
}

async fn list(ask: &Ask) -> Result<Limits, Refusal> {
    let app = ask.app()?;
    let (accounts, robots) = ask.node.chat.count_people(app.id).await?;
    let state = app.state();
    let it = &state.settings;
    let count = |many: usize| i64::try_from(many).unwrap_or(i64::MAX);
    let dropped = app.hooks.numbers.dropped.load(Ordering::Relaxed);
    let rows = [
        ("accounts", accounts, it.accounts_max, "accounts.max"),
        ("robots", robots, it.robots_max, "robots.max"),
        ("administrators", count(it.app_admins.len()), count(ADMINS_MAX), ""),
        ("profile_fields", count(it.profile_custom_fields.len()), count(CUSTOM_FIELDS_MAX), ""),
        ("friend_fields", count(it.sns_custom_fields.len()), count(CUSTOM_FIELDS_MAX), ""),
        ("webhooks_waiting", app.hooks.waiting(), it.webhooks_max_waiting, "webhooks.max_waiting"),
        ("webhooks_dropped", i64::try_from(dropped).unwrap_or(i64::MAX), 0, ""),
        ("connections", ask.node.metrics.connections.get(), count(ask.node.limits.connections), ""),
    ];
    let limits = rows.map(|(name, used, most, setting)| Limit { name, used, most, setting });
    Ok(Limits { limits: limits.into() })
}
