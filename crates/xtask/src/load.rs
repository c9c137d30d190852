//! `cargo xtask load`: an open-loop load generator that checks that nothing is lost, doubled or disordered.
//!
//! The generator shares the processors with the server, so that processor time of the server per operation is the number to
//! compare, beside the floors of the same run. It runs in a release build of itself.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use serde::Serialize;

use crate::floors::{self, Floors};
use magpie::{Folder, Recipe};
use options::{HELP, Options, Scenario};
use report::{Found, Report};
use target::Target;
use traffic::{Doors, Plan};

pub mod build;
pub mod check;
mod group;
pub mod history;
mod idle;
pub mod lane;
mod lists;
pub mod magpie;
mod options;
mod pace;
pub mod process;
mod push_all;
mod receiver;
pub mod report;
mod scale;
mod search;
mod sender;
mod storm;
mod target;
mod traffic;
mod webhooks;
pub mod wire;

const SECONDS: f64 = 10.0;
const LANES: usize = 64;
const PAYLOAD_BYTES: usize = 100;
/// Sends a second of the scenario that measures times, and its lanes.
const LATENCY_RATE: f64 = 200.0;
const LATENCY_LANES: usize = 16;
const IDLE_CONNECTIONS: usize = 5000;

#[derive(Serialize)]
struct Findings {
    scenarios: Vec<Report>,
    #[serde(skip_serializing_if = "Option::is_none")]
    floors: Option<Floors>,
}

pub fn run(arguments: lexopt::Parser) -> anyhow::Result<()> {
    let options = Options::read(arguments)?;
    if options.help {
        print!("{HELP}");
        return Ok(());
    }
    build::run_in_release()?;
    let floors = options.with_floors.then(floors::measure).transpose()?;
    if let Some(floors) = &floors {
        println!("{floors}");
    }
    let binary = match (&options.binary, &options.url) {
        (Some(binary), _) => binary.clone(),
        (None, Some(_)) => PathBuf::new(),
        (None, None) => build::server()?,
    };
    let recipe = Recipe { binary, database: options.database.clone(), settings: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut scenarios = Vec::new();
    for &scenario in &options.scenarios {
        let report = match scenario {
            Scenario::Webhooks => runtime.block_on(measure_webhooks(&options, &recipe))?,
            Scenario::Storm => runtime.block_on(measure_storm(&options, &recipe))?,
            Scenario::Group => {
                let recipe = Recipe { settings: group::settings(), ..recipe.clone() };
                runtime.block_on(measure(scenario, &options, &recipe))?
            }
            Scenario::Scale => {
                let recipe = Recipe { settings: scale::settings(), ..recipe.clone() };
                runtime.block_on(measure(scenario, &options, &recipe))?
            }
            Scenario::Search => {
                let recipe = Recipe { settings: search::settings(), ..recipe.clone() };
                runtime.block_on(measure(scenario, &options, &recipe))?
            }
            _ => runtime.block_on(measure(scenario, &options, &recipe))?,
        };
        println!("{report}");
        if let Some(floors) = &floors {
            compare(&report, floors);
        }
        scenarios.push(report);
    }
    let faults: usize = scenarios.iter().map(|it| it.faults.len()).sum();
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&Findings { scenarios, floors })?;
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    ensure!(faults == 0, "{faults} faults");
    Ok(())
}

/// Runs one scenario, on a server of its own unless one is named.
async fn measure(scenario: Scenario, options: &Options, recipe: &Recipe) -> anyhow::Result<Report> {
    let named = options.target()?;
    if scenario == Scenario::Start {
        if named.is_some() {
            bail!("a server that runs already cannot be started: leave --url or the scenario out");
        }
        let found = Found::Start(idle::start(recipe)?);
        return Ok(Report { scenario: scenario.name(), found, faults: Vec::new() });
    }
    if let Some(target) = named {
        return measure_at(scenario, options, &target).await;
    }
    let folder = Folder::new()?;
    recipe.make_app(folder.path())?;
    let magpie = recipe.serve(folder.path())?;
    let report = measure_at(scenario, options, &Target::of(&magpie)).await;
    report.with_context(|| {
        format!("the server's log ends with:\n{}", magpie::tail(&folder.path().join("server.log")))
    })
}

/// Sends as fast as they go without webhooks, then with them.
async fn measure_webhooks(options: &Options, recipe: &Recipe) -> anyhow::Result<Report> {
    ensure!(options.url.is_none(), "a server that runs already has no webhooks of ours: leave --url out");
    let backend = webhooks::Backend::start()?;
    let traffic = |report: Report| match report.found {
        Found::Traffic(it) => Ok((it, report.faults)),
        _ => bail!("another scenario ran"),
    };
    let (without, mut faults) = traffic(measure(Scenario::Rest, options, recipe).await?)?;
    let settings = vec![
        format!("webhooks.url=http://{}", backend.address),
        "webhooks.commands={\"C2C.CallbackAfterSendMsg\":true}".to_owned(),
    ];
    let folder = Folder::new()?;
    let recipe = Recipe { settings, ..recipe.clone() };
    recipe.make_app(folder.path())?;
    let magpie = recipe.serve(folder.path())?;
    let (with, more) = traffic(measure_at(Scenario::Rest, options, &Target::of(&magpie)).await?)?;
    // The first send of each lane is not among those that are measured.
    let sent = with.acknowledged + with.lanes as u64;
    let drained_after_seconds = backend.drained(sent).await?;
    let (events, fault) = backend.found();
    faults.extend(more);
    faults.extend(fault);
    if events != sent {
        faults.push(format!("{events} events of {sent} messages"));
    }
    let found =
        webhooks::Webhooks { ratio: with.rate / without.rate, without, with, events, drained_after_seconds };
    Ok(Report { scenario: Scenario::Webhooks.name(), found: Found::Webhooks(Box::new(found)), faults })
}

/// Everybody comes back to a server that is killed in between.
async fn measure_storm(options: &Options, recipe: &Recipe) -> anyhow::Result<Report> {
    ensure!(options.url.is_none(), "a server that runs already is not killed: leave --url out");
    let connections = options.connections.unwrap_or(storm::CONNECTIONS);
    let (found, faults) = Box::pin(storm::run(recipe, connections)).await?;
    Ok(Report { scenario: Scenario::Storm.name(), found: Found::Storm(found), faults })
}

async fn measure_at(scenario: Scenario, options: &Options, target: &Target) -> anyhow::Result<Report> {
    let name = scenario.name();
    let doors = match scenario {
        Scenario::Lists => {
            let (found, faults) = lists::run(target).await?;
            return Ok(Report { scenario: name, found: Found::Lists(found), faults });
        }
        Scenario::PushAll => {
            let online = options.connections.unwrap_or(push_all::ONLINE);
            push_all::check(online)?;
            let (found, faults) = push_all::run(target, online).await?;
            return Ok(Report { scenario: name, found: Found::PushAll(found), faults });
        }
        Scenario::Group => {
            let members = options.connections.unwrap_or(group::MEMBERS);
            group::check(members)?;
            let (found, faults) = group::run(target, members, options.seconds.unwrap_or(SECONDS)).await?;
            return Ok(Report { scenario: name, found: Found::Groups(Box::new(found)), faults });
        }
        Scenario::Scale => {
            let connections = options.connections.unwrap_or(scale::CONNECTIONS);
            group::check(connections)?;
            let seconds = options.seconds.unwrap_or(scale::SECONDS);
            let (found, faults) = scale::run(target, connections, seconds).await?;
            return Ok(Report { scenario: name, found: Found::Scale(Box::new(found)), faults });
        }
        Scenario::Search => {
            let (found, faults) = search::run(target, options.messages.unwrap_or(search::MESSAGES)).await?;
            return Ok(Report { scenario: name, found: Found::Searches(found), faults });
        }
        Scenario::Rest | Scenario::Latency | Scenario::Webhooks => Doors::Rest,
        Scenario::Socket => Doors::Socket,
        Scenario::Mixed => Doors::Mixed,
        Scenario::Storm => bail!("a storm needs a server of its own"),
        Scenario::Idle | Scenario::Start => {
            let connections = options.connections.unwrap_or(IDLE_CONNECTIONS);
            let found = Found::Idle(idle::connections(target, connections).await?);
            return Ok(Report { scenario: name, found, faults: Vec::new() });
        }
    };
    let (rate, lanes) = match scenario {
        Scenario::Latency => (Some(LATENCY_RATE), LATENCY_LANES),
        _ => (None, LANES),
    };
    let plan = Plan {
        doors,
        rate: options.rate.unwrap_or(rate),
        seconds: options.seconds.unwrap_or(SECONDS),
        lanes: options.connections.unwrap_or(lanes),
        payload_bytes: options.payload_bytes.unwrap_or(PAYLOAD_BYTES),
    };
    let (traffic, faults) = traffic::run(target, plan).await?;
    Ok(Report { scenario: name, found: Found::Traffic(traffic), faults })
}

/// Prints the server's cost in floors: what the least that has to be done would cost.
fn compare(report: &Report, floors: &Floors) {
    let Found::Traffic(traffic) = &report.found else { return };
    let Some(cost) = traffic.server_cpu_us else { return };
    let (least, of) = match report.scenario {
        "rest" => (floors.rest(), "HTTP exchange + append + one write"),
        "socket" => (floors.socket(), "append + two writes"),
        _ => return,
    };
    println!("  {:<20} {:.1} times {least:.1} µs ({of})\n", "over the floor", cost / least);
}
