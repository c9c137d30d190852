//! The server itself, and the daily numbers of an app.

use chat::console::Role;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    commands,
    endpoint::{Ask, Endpoint, Refusal, Rest, get},
    live,
};

pub const SYSTEM: Endpoint =
    get!("system", Some(Role::Viewer), "Tells about the server.", [], System, system);
pub const STATISTICS: Endpoint = get!(
    "apps/{sdkappid}/statistics",
    Some(Role::Viewer),
    "Gives the daily numbers of an app.",
    [],
    Statistics,
    statistics
);

#[derive(Serialize, JsonSchema)]
struct System {
    version: &'static str,
    started_at: i64,
    uptime_seconds: i64,
    engine: &'static str,
    database_bytes: i64,
    healthy: bool,
    nodes: i64,
    connections: i64,
    connections_max: usize,
    jobs: Vec<Job>,
}

#[derive(Serialize, JsonSchema)]
struct Job {
    name: &'static str,
    every_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran_at: Option<i64>,
    took_ms: i64,
}

#[derive(Serialize, JsonSchema)]
struct Statistics {
    days: Value,
    rest: Rest,
}

async fn system(ask: &Ask) -> Result<System, Refusal> {
    let node = &ask.node;
    let now = node.chat.clock.now();
    let jobs = node.jobs.all().into_iter().map(|it| Job {
        name: it.name,
        every_seconds: it.every.as_secs_f64(),
        ran_at: super::pages::moment(it.ran_at),
        took_ms: it.took_ms,
    });
    Ok(System {
        version: env!("CARGO_PKG_VERSION"),
        started_at: node.started_at,
        uptime_seconds: now - node.started_at,
        engine: node.chat.db.engine_name(),
        database_bytes: live::database_bytes(node).await,
        healthy: node.chat.check().await.is_ok(),
        nodes: 1,
        connections: node.metrics.connections.get(),
        connections_max: node.limits.connections,
        jobs: jobs.collect(),
    })
}

async fn statistics(ask: &Ask) -> Result<Statistics, Refusal> {
    let (mut answer, rest) = commands::read(ask, "openconfigsvr", "getappinfo", json!({})).await?;
    Ok(Statistics { days: answer["Result"].take(), rest })
}
