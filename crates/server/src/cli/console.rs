//! `magpie console`: who may use the console. Works on the database, whether a server runs on it or not.

use std::io::Read;

use anyhow::{Context, bail};
use chat::{
    Chat,
    console::{Actor, Role, operators::NewLink},
};

use super::{Flags, place, say};
use crate::config::Config;

/// Longest password that is read. Bytes.
const PASSWORD_BYTES_MAX: u64 = 4096;

#[derive(clap::Subcommand)]
pub enum Args {
    /// Makes, lists, changes and removes the console's users.
    #[command(subcommand)]
    User(User),
    /// Tells whether the audit log is as it was written.
    Verify,
}

#[derive(clap::Subcommand)]
pub enum User {
    /// Makes a user, and prints a one-time link by which that one chooses a password.
    Add {
        name: String,
        /// viewer, operator or owner.
        #[arg(long, default_value = "viewer")]
        role: String,
    },
    /// Lists users: name, role, whether there is a password, sessions.
    List,
    /// Changes the role of a user.
    Role { name: String, role: String },
    /// Reads a new password from standard input; all sessions of the user end.
    Password { name: String },
    /// Removes a user.
    Remove { name: String },
    /// Prints a new one-time link for a user; without a name for the first owner.
    Link { name: Option<String> },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let config = flags.config(Vec::new())?;
    let chat = place::open(&config).await?;
    match args {
        Args::User(it) => user(&config, &chat, it).await,
        Args::Verify => {
            let verdict = chat.verify_audit().await?;
            match verdict.broken {
                None => say(format!("{} rows, all as they were written", verdict.entries)),
                Some((row, why)) => bail!("row {row}: {why}"),
            }
            Ok(())
        }
    }
}

async fn user(config: &Config, chat: &Chat, args: User) -> anyhow::Result<()> {
    let by = Actor::command_line();
    match args {
        User::Add { name, role } => {
            let made = chat.add_operator(&by, &name, parse(&role)?).await?;
            show(config, &made);
        }
        User::List => {
            for it in chat.operators().await? {
                let password = if it.has_password { "password" } else { "no password yet" };
                say(format!("{} {} ({password}, {} sessions)", it.name, it.role.name(), it.sessions));
            }
        }
        User::Role { name, role } => chat.set_operator_role(&by, &name, parse(&role)?).await?,
        User::Password { name } => {
            let mut text = String::new();
            std::io::stdin().take(PASSWORD_BYTES_MAX).read_to_string(&mut text)?;
            let password = text.lines().next().context("no password on standard input")?;
            chat.set_operator_password(&by, &name, password).await?;
        }
        User::Remove { name } => chat.remove_operator(&by, &name).await?,
        User::Link { name: Some(name) } => show(config, &chat.link_operator(&by, &name).await?),
        User::Link { name: None } => match chat.first_link().await? {
            Some(link) => show(config, &link),
            None => bail!("somebody can sign in already; name the user that the link is for"),
        },
    }
    Ok(())
}

fn parse(role: &str) -> anyhow::Result<Role> {
    Role::parse(role).context("a role is one of viewer, operator, owner")
}

fn show(config: &Config, link: &NewLink) {
    let base = match (place::running(&config.data_dir), config.tls.listen) {
        (_, Some(address)) => format!("https://{address}"),
        (Some(running), None) => format!("http://{}", running.listen),
        (None, None) => format!("http://{}", config.listen),
    };
    say(format!("{base}/console/#setup={}", link.token));
    say(format!("for {}; good once, for 24 hours", link.name));
}
