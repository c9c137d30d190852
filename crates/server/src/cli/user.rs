//! `magpie user`: accounts of an app, through the running server if there is one.

use std::{io::Read, sync::Arc};

use anyhow::{Context, bail};
use chat::{Caller, Chat, Cx, apps::App};
use client::Rest;
use serde_json::{Value, json};

use super::{Flags, place, say};
use crate::{command::Call, commands, config::Config, node::Node};

/// Accounts of one call.
const BATCH: usize = 100;
/// Longest list that is read.
const LIST_BYTES_MAX: u64 = 64 << 20;

#[derive(clap::Subcommand)]
pub enum Args {
    /// Imports users: ids as arguments, or lines `id,nickname,avatar` of a file (`-` for standard input).
    Import {
        #[arg(long)]
        sdkappid: Option<u32>,
        #[arg(long, value_name = "FILE")]
        file: Option<std::path::PathBuf>,
        users: Vec<String>,
    },
    /// Lists user ids in order.
    List {
        #[arg(long)]
        sdkappid: Option<u32>,
        /// Starts behind this id.
        #[arg(long, default_value = "")]
        after: String,
        #[arg(long, default_value_t = 1000)]
        limit: u32,
    },
    /// Ends all sessions of a user; UserSigs made before now are dead.
    Kick {
        #[arg(long)]
        sdkappid: Option<u32>,
        user: String,
    },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let config = flags.config(Vec::new())?;
    let chat = place::open(&config).await?;
    match args {
        Args::Import { sdkappid, file, users } => {
            let door = Door::open(&config, &chat, place::app(&chat, sdkappid)?)?;
            let mut accounts: Vec<_> = users.iter().map(|it| json!({ "UserID": it })).collect();
            if let Some(file) = file {
                accounts.extend(read(&file)?);
            }
            let mut failed = 0;
            for batch in accounts.chunks(BATCH) {
                let answer = door.call("multiaccount_import", &json!({ "AccountList": batch })).await?;
                for user in answer["FailAccounts"].as_array().into_iter().flatten() {
                    say(format!("not imported: {user}"));
                    failed += 1;
                }
            }
            say(format!("{} imported", accounts.len() - failed));
            if failed > 0 {
                bail!("{failed} not imported");
            }
        }
        Args::List { sdkappid, after, limit } => {
            let app = place::app(&chat, sdkappid)?;
            let list = chat::accounts::list(&chat, &app, after, limit).await?;
            list.iter().for_each(say);
        }
        Args::Kick { sdkappid, user } => {
            let door = Door::open(&config, &chat, place::app(&chat, sdkappid)?)?;
            door.call("kick", &json!({ "UserID": user })).await?;
        }
    }
    Ok(())
}

fn read(file: &std::path::Path) -> anyhow::Result<Vec<Value>> {
    let mut text = String::new();
    match file.to_str() {
        Some("-") => std::io::stdin().take(LIST_BYTES_MAX).read_to_string(&mut text)?,
        _ => std::fs::File::open(file)
            .with_context(|| format!("opening {}", file.display()))?
            .take(LIST_BYTES_MAX)
            .read_to_string(&mut text)?,
    };
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Ok(lines
        .map(|line| {
            let mut fields = line.splitn(3, ',');
            let mut account = json!({ "UserID": fields.next().unwrap_or("") });
            for (name, value) in ["Nick", "FaceUrl"].into_iter().zip(fields) {
                account[name] = value.into();
            }
            account
        })
        .collect())
}

/// Calls commands of accounts where they take effect: in the running server, else right here.
enum Door {
    Running(Rest),
    Here(Arc<Node>, Cx),
}

impl Door {
    fn open(config: &Config, chat: &Arc<Chat>, app: Arc<App>) -> anyhow::Result<Door> {
        let state = app.state();
        let admin = state.settings.app_admins.first().context("the app has no administrator")?.clone();
        if let Some(running) = place::running(&config.data_dir) {
            let secret = state.settings.app_hmac_secrets.first().context("the app has no secret key")?;
            let base = format!("http://{}", running.listen);
            return Ok(Door::Running(Rest::new(&base, app.id, &admin, secret)?));
        }
        drop(state);
        let cx = Cx { chat: chat.clone(), app, caller: Caller::Admin(admin.into()), ip: None };
        Ok(Door::Here(Node::new(chat.clone(), config.limits.clone(), config.data_dir.clone()), cx))
    }

    async fn call(&self, name: &str, body: &Value) -> anyhow::Result<Value> {
        match self {
            Door::Running(rest) => Ok(rest.call(&format!("im_open_login_svc/{name}"), body).await?),
            Door::Here(node, cx) => {
                let index = commands::find_rest("im_open_login_svc", name).context("no such command")?;
                let call = Call { cx: cx.clone(), body: body.to_string().into(), link: None, request: None };
                let answer: Value = serde_json::from_slice(&node.run(index, call).await)?;
                match answer["ErrorCode"].as_i64() {
                    Some(0) => Ok(answer),
                    _ => bail!("{} {}", answer["ErrorCode"], answer["ErrorInfo"]),
                }
            }
        }
    }
}
