//! A recorded history of everything at once, and the proof that the server kept its word.
//!
//! Some people talk in groups of several types and to one another, by REST and by socket; they recall and change what they
//! said, read, reconnect, and the server is killed in between. Everything is written down: what was asked, when, and what
//! was answered. After each start the answers of the server are held against it ([`judge`]).

mod actor;
mod judge;
mod record;
mod see;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, ensure};
use client::Rest;
use serde_json::json;

use super::{KILL_AFTER, Random, refuse};
use crate::load::{
    lane::run_name,
    magpie::{Folder, Magpie, Recipe},
};
use actor::Actor;
use record::{Place, USERS, World};

/// The pushes of what the server has acknowledged are here by then.
const PUSHED_WITHIN: Duration = Duration::from_millis(300);

pub async fn run(recipe: &Recipe, folder: &Folder, rounds: u32, seed: u64) -> anyhow::Result<()> {
    let world = Arc::new(World::new(&run_name()));
    let mut random = Random(seed);
    let mut actors: Vec<_> = (0..USERS).map(|it| Actor::new(&world, it, seed)).collect();
    for round in 0..rounds {
        let mut magpie = serve(recipe, folder, round)?;
        let rest = magpie.rest(USERS)?;
        if round == 0 {
            make(&world, &rest).await?;
        }
        log_in(&mut actors, &magpie, &rest).await?;
        if round == 0 {
            actors[0].open_groups(&rest).await?;
        }
        let is_last = round + 1 == rounds;
        refuse(round, &check(&world, &mut actors, &rest, false).await?)?;
        let is_killed = Arc::new(AtomicBool::new(false));
        let work = |it: Actor| tokio::spawn(it.work(rest.clone(), magpie.base.clone(), is_killed.clone()));
        let working: Vec<_> = actors.drain(..).map(work).collect();
        let delay = Duration::from_millis(random.within(KILL_AFTER));
        tokio::time::sleep(delay).await;
        is_killed.store(true, Ordering::SeqCst);
        if is_last {
            // The last round ends in order, so that nobody can blame a kill for a missing push.
            tokio::time::sleep(PUSHED_WITHIN).await;
        } else {
            ensure!(magpie.kill()?, "round {round}: the server had ended by itself");
        }
        let mut faults = Vec::new();
        for it in working {
            let (actor, more) = it.await.context("somebody failed")?;
            actors.push(actor);
            faults.extend(more);
        }
        refuse(round, &faults)?;
        println!(
            "round {round:>3}  ready after {:>6.1} ms  {}",
            magpie.start.as_secs_f64() * 1e3,
            summary(&actors)
        );
    }
    let magpie = serve(recipe, folder, rounds)?;
    let rest = magpie.rest(USERS)?;
    log_in(&mut actors, &magpie, &rest).await?;
    refuse(rounds, &check(&world, &mut actors, &rest, true).await?)?;
    println!("every acknowledged message is there once, numbers have no gap, and everybody sees the same");
    Ok(())
}

fn serve(recipe: &Recipe, folder: &Folder, round: u32) -> anyhow::Result<Magpie> {
    recipe.serve(folder.path()).with_context(|| format!("the start of round {round}"))
}

fn summary(actors: &[Actor]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for it in actors.iter().flat_map(Actor::done) {
        *counts.entry(it.0).or_default() += it.1;
    }
    let parts: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    parts.join(", ")
}

async fn make(world: &World, rest: &Rest) -> anyhow::Result<()> {
    rest.call("im_open_login_svc/multiaccount_import", &json!({ "Accounts": world.users })).await?;
    let members: Vec<_> = world.users.iter().map(|it| json!({ "Member_Account": it })).collect();
    for it in world.groups() {
        let body = json!({ "Owner_Account": world.users[0], "Type": it.1, "GroupId": it.0, "Name": "Mixed",
            "MemberList": members });
        rest.call("group_open_http_svc/create_group", &body)
            .await
            .with_context(|| format!("group {}", it.0))?;
    }
    Ok(())
}

async fn log_in(actors: &mut [Actor], magpie: &Magpie, rest: &Rest) -> anyhow::Result<()> {
    for it in actors.iter_mut() {
        it.log_in(&magpie.base, rest).await?;
    }
    Ok(())
}

/// Holds what the server shows against what was written down: to one member of each group, or at the end to all.
async fn check(
    world: &World,
    actors: &mut [Actor],
    rest: &Rest,
    by_all: bool,
) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    let said: Vec<_> = actors.iter().flat_map(|it| &it.said).collect();
    let mut unread = BTreeMap::new();
    for it in &*actors {
        let shown = see::unread(it.client()?, &world.users[it.user]).await?;
        unread.extend(shown.into_iter().map(|(group, count)| ((it.user, group), count)));
    }
    for (place, at) in world.places.iter().enumerate() {
        let here: Vec<_> = said.iter().copied().filter(|it| it.place == place).collect();
        let log = match at {
            Place::Group { id, .. } => see::group(rest, id).await?,
            Place::Pair(a, b) => see::pair(rest, &world.users[*a], &world.users[*b]).await?,
        };
        let mut found = judge::log(&here, &log);
        match at {
            Place::Group { id, .. } => {
                found.extend(judge::numbers(&here, &log));
                actors.iter().for_each(|it| found.extend(judge::pushes(&log, it.user, &it.pushed(id))));
                for it in actors.iter().filter(|it| by_all || it.user == here.len() % USERS) {
                    found.extend(judge::same(&log, &see::group_as(it.client()?, id).await?));
                    let shown = unread.get(&(it.user, id.clone())).copied().unwrap_or(0);
                    found.extend(judge::unread(&log, it.user, it.read.get(&place), shown));
                }
            }
            Place::Pair(a, b) => {
                found.extend(judge::same(&log, &see::pair(rest, &world.users[*b], &world.users[*a]).await?));
            }
        }
        faults.extend(found.into_iter().map(|it| format!("{at:?}: {it}")));
    }
    actors.iter_mut().for_each(Actor::forget_pushes);
    Ok(faults)
}
