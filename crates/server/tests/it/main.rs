//! What the server does as a whole: the cases of `cases/` on both engines, the contract's coverage, and what
//! comes over real sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod case;
mod clients;
mod coverage;
mod matching;
mod place;
mod run;
mod wire;

use libtest_mimic::{Arguments, Failed, Trial};
use place::Engine;

type Check = fn() -> Result<(), String>;

const CHECKS: &[(&str, Check)] = &[
    ("the_matcher_sees_differences", matching::checks),
    ("what_no_case_covers_is_listed_with_its_reason", coverage::gaps_are_listed),
    ("rates_are_the_documented_ones", coverage::rates_are_the_documented_ones),
    ("every_folder_of_cases_is_a_command", coverage::cases_are_of_commands),
];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for (name, check) in CHECKS {
        trials.push(Trial::test(*name, move || Ok(check()?)));
    }
    let engines = engines(&arguments);
    for file in case::files() {
        for engine in engines.iter().copied() {
            let file = file.clone();
            let name = format!("{} [{}]", file.name(), engine.name());
            trials.push(Trial::test(name, move || run::run(&file, engine).map_err(Failed::from)));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    place::close_idle();
    conclusion.exit();
}

/// PostgreSQL only where it is installed. What rewrites files runs once, on SQLite.
fn engines(arguments: &Arguments) -> Vec<Engine> {
    let mut engines = vec![Engine::Sqlite];
    let rewrites = std::env::var_os("ACCEPT").is_some();
    if !arguments.list && !rewrites && store::testing::Postgres::shared().is_some() {
        engines.push(Engine::Postgres);
    }
    engines
}
