//! The tools of this repository: `cargo xtask <task>`. Without a task it lists them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "printing is what these tools are for")]

use std::process::ExitCode;

use anyhow::{Context, bail};

mod autobahn;
mod backend;
mod crash;
mod floors;
mod load;
mod root;
mod test;
mod tidy;

/// One tool.
struct Task {
    name: &'static str,
    help: &'static str,
    /// Gets the arguments after the name. An error is printed and ends the process with 1.
    run: fn(lexopt::Parser) -> anyhow::Result<()>,
}

/// Every task, in the order of the help.
const TASKS: &[Task] = &[
    Task { name: "test", help: "everything that has to be green, with all its set-up", run: test::run },
    Task { name: "tidy", help: "checks the rules of docs/STYLE.md that a program can check", run: tidy::run },
    Task {
        name: "load",
        help: "loads a server and checks that no message is lost or doubled",
        run: load::run,
    },
    Task { name: "floors", help: "measures what the least that has to be done costs here", run: floors::run },
    Task {
        name: "crash",
        help: "kills a server under load again and again, and checks what it kept",
        run: crash::run,
    },
    Task {
        name: "autobahn",
        help: "the Autobahn test suite against the gateway; needs Python 2.7",
        run: autobahn::run,
    },
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let mut arguments = lexopt::Parser::from_env();
    let name = match arguments.next()? {
        None | Some(lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) => {
            print!("{}", help());
            return Ok(());
        }
        Some(lexopt::Arg::Value(name)) => name.into_string().ok().context("a task's name is plain text")?,
        Some(other) => return Err(other.unexpected().into()),
    };
    match TASKS.iter().find(|it| it.name == name) {
        Some(task) => (task.run)(arguments),
        None => bail!("there is no task {name:?}\n\n{}", help()),
    }
}

fn help() -> String {
    let mut text = "cargo xtask <task> [arguments]\n\n".to_owned();
    for task in TASKS {
        text += &format!("  {:<10} {}\n", task.name, task.help);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_every_task_once() {
        let help = help();
        for task in TASKS {
            let line = format!("  {:<10} {}", task.name, task.help);
            assert_eq!(help.lines().filter(|it| **it == line).count(), 1, "{}", task.name);
            assert_eq!(TASKS.iter().filter(|it| it.name == task.name).count(), 1, "{}", task.name);
        }
    }
}
