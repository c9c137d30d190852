//! `magpie app`: works on the database, whether a server runs on it or not. A running server follows at once.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use chat::{Chat, apps::App, settings::Settings};
use serde_json::{Map, Value, json};

use super::{Flags, place, say};

#[derive(clap::Subcommand)]
pub enum Args {
    /// Makes an app.
    Create {
        #[arg(long)]
        sdkappid: u32,
        /// The secret key that UserSigs are made with; a random one if absent.
        #[arg(long, value_name = "KEY")]
        secret_key: Option<String>,
        /// User ids that may call the REST API.
        #[arg(long = "admin", value_name = "USER", default_value = "administrator")]
        admins: Vec<String>,
        #[arg(long, default_value = "")]
        name: String,
    },
    /// Lists the apps.
    List,
    /// Shows an app with its keys and settings.
    Show {
        #[arg(long)]
        sdkappid: Option<u32>,
        /// As JSON; of all apps as a list if none is named and there are several.
        #[arg(long)]
        json: bool,
    },
    /// Adds a new secret key in front; the old ones stay valid until they are dropped.
    RotateKey {
        #[arg(long)]
        sdkappid: Option<u32>,
        /// Makes every older key invalid at once.
        #[arg(long)]
        drop_old: bool,
        #[arg(long, value_name = "KEY")]
        secret_key: Option<String>,
    },
    /// Changes settings: KEY=VALUE, values are JSON or plain text. Without any, lists the keys.
    Set {
        #[arg(long)]
        sdkappid: Option<u32>,
        #[arg(value_name = "KEY=VALUE")]
        changes: Vec<String>,
    },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let config = flags.config(Vec::new())?;
    let chat = place::open(&config).await?;
    match args {
        Args::Create { sdkappid, secret_key, admins, name } => {
            let key = secret_key.unwrap_or_else(|| chat.random.secret());
            let mut settings = Settings::default();
            for (key, value) in
                [("app.hmac_secrets", json!([key])), ("app.admins", json!(admins)), ("app.name", json!(name))]
            {
                settings.set(key, value).map_err(anyhow::Error::msg)?;
            }
            chat.create_app(sdkappid, settings).await?;
            say(format!("app {sdkappid} is made; `magpie app show --sdkappid {sdkappid}` shows its key"));
        }
        Args::List => {
            for app in sorted(&chat) {
                let state = app.state();
                let enabled = if state.settings.app_enabled { "" } else { " (disabled)" };
                say(format!("{} {}{enabled}", app.id, state.settings.app_name).trim_end());
            }
        }
        Args::Show { sdkappid, json } => show(&chat, sdkappid, json)?,
        Args::RotateKey { sdkappid, drop_old, secret_key } => {
            let app = place::app(&chat, sdkappid)?;
            Box::pin(chat.rotate_key(app.id, secret_key, drop_old)).await?;
            say(format!("app {} has a new key; `magpie app show` shows it", app.id));
        }
        Args::Set { changes, .. } if changes.is_empty() => Settings::KEYS.iter().for_each(say),
        Args::Set { sdkappid, changes } => {
            let app = place::app(&chat, sdkappid)?;
            let changes = changes.iter().map(|it| change(it)).collect::<anyhow::Result<Vec<_>>>()?;
            chat.change_app(app.id, changes).await?;
        }
    }
    in_force(&config, &chat).await
}

/// `KEY=VALUE`; what is no JSON is a text.
fn change(text: &str) -> anyhow::Result<(String, Value)> {
    let (key, value) = text.split_once('=').with_context(|| format!("expected KEY=VALUE, not {text:?}"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}

fn sorted(chat: &Chat) -> Vec<std::sync::Arc<App>> {
    let mut apps = chat.apps.all();
    apps.sort_by_key(|it| it.id);
    apps
}

fn show(chat: &Chat, sdkappid: Option<u32>, json: bool) -> anyhow::Result<()> {
    if json && sdkappid.is_none() && chat.apps.all().len() != 1 {
        let all: Vec<_> = sorted(chat).iter().map(|it| document(it)).collect();
        say(serde_json::to_string_pretty(&all)?);
        return Ok(());
    }
    let app = place::app(chat, sdkappid)?;
    if json {
        say(serde_json::to_string_pretty(&document(&app))?);
        return Ok(());
    }
    let state = app.state();
    say(format!("SDKAppID    {}", app.id));
    let keys = &state.settings.app_hmac_secrets;
    keys.iter().for_each(|it| say(format!("secret key  {it}")));
    say(format!("admins      {}", state.settings.app_admins.join(", ")));
    let changed = state.settings.changed();
    for (key, value) in
        changed.iter().filter(|(key, _)| !["app.hmac_secrets", "app.admins"].contains(&&***key))
    {
        say(format!("{key} = {value}"));
    }
    Ok(())
}

/// What a program needs to know of an app: names, key and all settings in force.
fn document(app: &App) -> Value {
    let state = app.state();
    let settings = &state.settings;
    let mut all = settings.all();
    // Rates of single commands have no row in the table of settings.
    all.extend(settings.changed());
    let mut out = Map::new();
    out.insert("sdkappid".to_owned(), app.id.into());
    out.insert(
        "secret_key".to_owned(),
        settings.app_hmac_secrets.first().cloned().unwrap_or_default().into(),
    );
    out.insert("admins".to_owned(), json!(settings.app_admins));
    out.insert("settings".to_owned(), Value::Object(all));
    Value::Object(out)
}

/// Attempts to see a running server follow, and the wait between two.
const ATTEMPTS: usize = 50;
const PAUSE: Duration = Duration::from_millis(40);

/// Returns when a server that runs on this folder works with what was just changed.
async fn in_force(config: &crate::config::Config, chat: &Chat) -> anyhow::Result<()> {
    let Some(running) = place::running(&config.data_dir) else { return Ok(()) };
    let wanted = chat.apps.version();
    for _ in 0..ATTEMPTS {
        match client::get(&format!("http://{}", running.listen), "/readyz").await {
            Ok(text) => {
                let version = text.lines().find_map(|it| it.strip_prefix("apps ")?.parse::<i64>().ok());
                if version.is_some_and(|it| it >= wanted) {
                    return Ok(());
                }
            }
            // It stopped meanwhile; the next start reads what was written.
            Err(_) if place::running(&config.data_dir).is_none() => return Ok(()),
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
    ensure!(place::running(&config.data_dir).is_none(), "the running server has not taken the change yet");
    bail!("the server stopped before it took the change; it will after its next start")
}
