//! `cargo xtask crash`: kills a server under load again and again, and checks that it kept its word.
//!
//! After each start on the same store: every acknowledged message is there once and in the order of its sender, what was not
//! acknowledged is there once at most and can be sent again, and sessions of before the crash go on. `kill -9`
//! leaves what the system has taken in its memory; that it is on the disk is the business of the store's tests.
//!
//! With `--webhooks` a backend is told of every message and fails often; in the end it has heard of every stored message, in
//! the order of its conversation and under one id.
//!
//! With `--mixed` people do everything at once, groups included: see [`mixed`].

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail, ensure};
use lexopt::{Arg, Parser, ValueExt};

use crate::load::{
    build,
    magpie::{Folder, Recipe, tail},
};
use lanes::{Lanes, Sent};
use moody::Moody;

mod lanes;
mod mixed;
mod moody;

const ROUNDS: u32 = 20;
/// The kill comes this many milliseconds after the start of the load.
const KILL_AFTER: std::ops::Range<u64> = 150..900;

const HELP: &str = "\
cargo xtask crash [options]

  --rounds N       how often the server is killed (20)
  --database URL   PostgreSQL instead of the embedded database; the server is killed, the database is not
  --binary FILE    the server; target/release/magpie, which is built if it is not there
  --webhooks       a backend that fails is told of every message
  --mixed          groups and pairs, by both doors: said, changed, recalled, read, reconnected
  --seed N         repeats the moments of an earlier run
";

struct Options {
    rounds: u32,
    database: Option<String>,
    binary: Option<PathBuf>,
    webhooks: bool,
    mixed: bool,
    seed: u64,
}

impl Options {
    /// None: only help is wanted.
    fn read(mut arguments: Parser) -> anyhow::Result<Option<Options>> {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
        let mut options = Options {
            rounds: ROUNDS,
            database: None,
            binary: None,
            webhooks: false,
            mixed: false,
            seed: now,
        };
        while let Some(argument) = arguments.next()? {
            match argument {
                Arg::Long("help") => return Ok(None),
                Arg::Long("rounds") => options.rounds = arguments.value()?.parse()?,
                Arg::Long("database") => options.database = Some(arguments.value()?.string()?),
                Arg::Long("binary") => options.binary = Some(arguments.value()?.into()),
                Arg::Long("webhooks") => options.webhooks = true,
                Arg::Long("mixed") => options.mixed = true,
                Arg::Long("seed") => options.seed = arguments.value()?.parse()?,
                other => return Err(other.unexpected().into()),
            }
        }
        ensure!(!options.mixed || !options.webhooks, "--mixed and --webhooks are two tests");
        ensure!(options.rounds > 0, "--rounds is out of range");
        Ok(Some(options))
    }
}

pub fn run(arguments: Parser) -> anyhow::Result<()> {
    let Some(options) = Options::read(arguments)? else {
        print!("{HELP}");
        return Ok(());
    };
    let binary = match options.binary {
        Some(it) => it,
        None => {
            let built = build::target()?.join("release/magpie");
            if built.is_file() { built } else { build::server()? }
        }
    };
    println!("seed {}, {} rounds of {}", options.seed, options.rounds, binary.display());
    let folder = Folder::new()?;
    let moody = if options.webhooks { Some(Moody::new()?) } else { None };
    let mut settings = moody.as_ref().map(Moody::settings).unwrap_or_default();
    settings.extend(options.mixed.then(|| "groups.messages_per_second=0".to_owned()));
    let recipe = Recipe { binary, database: options.database, settings };
    recipe.make_app(folder.path())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let tried = match options.mixed {
        true => runtime.block_on(mixed::run(&recipe, &folder, options.rounds, options.seed)),
        false => runtime.block_on(rounds(&recipe, &folder, moody.as_ref(), options.rounds, options.seed)),
    };
    tried.with_context(|| format!("the server's log ends with:\n{}", tail(&folder.path().join("server.log"))))
}

async fn rounds(
    recipe: &Recipe,
    folder: &Folder,
    moody: Option<&Moody>,
    rounds: u32,
    seed: u64,
) -> anyhow::Result<()> {
    let mut random = Random(seed);
    let mut lanes = Lanes::new();
    for round in 0..rounds {
        if let Some(moody) = moody.filter(|_| round == rounds / 2) {
            moody.come_back()?;
        }
        let mut magpie =
            recipe.serve(folder.path()).with_context(|| format!("the start of round {round}"))?;
        let faults = lanes.attach(&magpie).await.with_context(|| format!("the start of round {round}"))?;
        refuse(round, &faults)?;
        let delay = Duration::from_millis(random.within(KILL_AFTER));
        let is_killed = Arc::new(AtomicBool::new(false));
        let sending = lanes.send(&is_killed);
        tokio::time::sleep(delay).await;
        is_killed.store(true, Ordering::SeqCst);
        ensure!(magpie.kill()?, "round {round}: the server had ended by itself");
        let (sent, faults) = lanes.collect(sending).await?;
        refuse(round, &faults)?;
        let Sent { acknowledged, open } = sent;
        println!(
            "round {round:>3}  ready after {:>6.1} ms  killed after {:>3} ms  {acknowledged:>6} acknowledged so far, {open:>2} open",
            magpie.start.as_secs_f64() * 1e3,
            delay.as_millis()
        );
    }
    let magpie = recipe.serve(folder.path()).context("the last start")?;
    let faults = lanes.attach(&magpie).await.context("the last start")?;
    refuse(rounds, &faults)?;
    println!("every acknowledged message is there once and in order, every session goes on");
    if let Some(moody) = moody {
        moody.drain(lanes.stored().map(|it| it.1.len()).sum()).await?;
        refuse(rounds, &moody.faults(lanes.stored()))?;
        println!("the backend heard of every stored message in order: {}", moody.summary());
    }
    Ok(())
}

fn refuse(round: u32, faults: &[String]) -> anyhow::Result<()> {
    if faults.is_empty() {
        return Ok(());
    }
    for fault in faults {
        println!("round {round:>3}  FAULT  {fault}");
    }
    bail!("round {round}: {} faults", faults.len())
}

/// Numbers that are the same for the same seed.
struct Random(u64);

impl Random {
    fn within(&mut self, range: std::ops::Range<u64>) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        range.start + (z ^ (z >> 31)) % (range.end - range.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_moments() {
        let moments = |seed| {
            let mut random = Random(seed);
            (0..100).map(|_| random.within(KILL_AFTER)).collect::<Vec<_>>()
        };
        assert_eq!(moments(7), moments(7));
        assert_ne!(moments(7), moments(8));
        assert!(moments(7).iter().all(|it| KILL_AFTER.contains(it)));
    }

    #[test]
    fn arguments_are_read() {
        let read = |text: &str| Options::read(Parser::from_args(text.split_whitespace()));
        let options = read("--rounds 3 --seed 9 --webhooks --binary /x")
            .expect("they are sound")
            .expect("it is no help");
        assert_eq!((options.rounds, options.seed, options.binary), (3, 9, Some("/x".into())));
        assert!(options.webhooks);
        assert!(read("--help").expect("it is sound").is_none());
        for text in ["--rounds 0", "--rounds x", "--mixed --webhooks", "--seed", "--unknown", "x"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
