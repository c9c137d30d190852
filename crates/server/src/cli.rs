//! The commands of the binary. Each has its file under `cli/`.

mod app;
mod console;
mod demo;
mod place;
mod push;
mod serve;
mod user;
mod usersig;
mod webhook;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{self, Config};

#[cfg(test)]
pub(crate) use webhook::cert::make as make_certificates;
pub(crate) use webhook::cert::papers as certificates;

/// Magpie: a chat server that an application can use instead of Tencent Cloud Chat.
#[derive(Parser)]
#[command(name = "magpie", version, about, max_term_width = 100)]
struct Args {
    #[command(flatten)]
    place: Flags,
    #[command(subcommand)]
    run: Run,
}

/// What every command takes.
#[derive(clap::Args, Clone)]
struct Flags {
    /// The folder with the database and everything else that is kept on disk.
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded one: postgres://user@host/name.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// The configuration file; magpie.toml in this folder if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One configuration key: --set limits.connections=1000.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

#[derive(Subcommand)]
enum Run {
    /// Serves REST, client sockets and pages.
    Serve(serve::Args),
    /// Starts a server and shows two people chatting.
    Demo(demo::Args),
    /// Makes, shows and changes apps.
    #[command(subcommand)]
    App(app::Args),
    /// Imports, lists and kicks users of an app.
    #[command(subcommand)]
    User(user::Args),
    /// Manages who may use the console.
    #[command(subcommand)]
    Console(console::Args),
    /// Shows what backends were asked and told, and has it told again.
    #[command(subcommand)]
    Webhook(webhook::Args),
    /// Sets keys for push services, and shows which services are on.
    #[command(subcommand)]
    Push(push::Args),
    /// Makes a UserSig, or tells what is in one and why it is refused.
    #[command(subcommand)]
    Usersig(usersig::Args),
    /// Reads the configuration and says what is in force, or what is wrong.
    CheckConfig,
    /// Prints completions for a shell.
    Completions { shell: clap_complete::Shell },
}

impl Flags {
    /// The configuration: file, environment, then these flags and `more`.
    fn config(&self, more: Vec<(String, String)>) -> anyhow::Result<Config> {
        let mut set = Vec::new();
        for it in &self.set {
            let pair = it.split_once('=');
            let (key, value) = pair.ok_or_else(|| anyhow::anyhow!("--set takes KEY=VALUE, not {it:?}"))?;
            set.push((key.to_owned(), value.to_owned()));
        }
        set.extend(more);
        if let Some(it) = &self.data_dir {
            set.push(("data_dir".to_owned(), it.display().to_string()));
        }
        if let Some(it) = &self.database {
            set.push(("database".to_owned(), it.clone()));
        }
        Config::load(self.config.as_deref(), config::environment(), &set)
    }
}

/// Runs the command line. The answer is the exit code; errors go to standard error.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(it) => it,
        Err(error) => {
            complain(&anyhow::Error::from(error));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(args));
    // What still runs at the end of a command has nobody to answer to.
    runtime.shutdown_background();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    match args.run {
        Run::Serve(it) => Box::pin(serve::run(&args.place, it)).await,
        Run::Demo(it) => Box::pin(demo::run(&args.place, it)).await,
        Run::App(it) => Box::pin(app::run(&args.place, it)).await,
        Run::User(it) => user::run(&args.place, it).await,
        Run::Console(it) => Box::pin(console::run(&args.place, it)).await,
        Run::Webhook(it) => Box::pin(webhook::run(&args.place, it)).await,
        Run::Push(it) => Box::pin(push::run(&args.place, it)).await,
        Run::Usersig(it) => usersig::run(&args.place, it).await,
        Run::CheckConfig => {
            let config = args.place.config(Vec::new())?;
            say("the configuration is good");
            config.summary().iter().for_each(say);
            Ok(())
        }
        Run::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "magpie", &mut std::io::stdout());
            Ok(())
        }
    }
}

/// One line for the person at the terminal.
fn say(line: impl AsRef<str>) {
    use std::io::Write;
    // Nobody may be reading any more; that is no reason to end a server.
    _ = writeln!(std::io::stdout(), "{}", line.as_ref());
}

#[expect(clippy::print_stderr, reason = "this is the command line's own output")]
fn complain(error: &anyhow::Error) {
    eprintln!("magpie: {error:#}");
}

/// Flags that are configuration keys by themselves.
fn pairs<const N: usize>(flags: [(&str, Option<String>); N]) -> Vec<(String, String)> {
    flags.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn address(it: Option<SocketAddr>) -> Option<String> {
    it.map(|it| it.to_string())
}
