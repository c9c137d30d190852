//! `magpie push`: the push services of an app.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use chat::offline_push::{
    Channel,
    keys::{KEY_BYTES_MAX, Keys},
};

use super::{Flags, place, say};
use crate::offline_push;

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Service {
    Apns,
    Fcm,
}

impl Service {
    fn channel(self) -> Channel {
        match self {
            Service::Apns => Channel::Apns,
            Service::Fcm => Channel::Fcm,
        }
    }
}

#[derive(clap::Subcommand)]
pub enum Args {
    /// Keeps the key for a service: Apple's .p8 file, or a service account of Firebase in JSON.
    Key {
        #[arg(long)]
        sdkappid: Option<u32>,
        service: Service,
        /// The file that it is read from; without it the key is removed.
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Shows which services are on, which have a key, and how many messages wait to be pushed.
    Status {
        #[arg(long)]
        sdkappid: Option<u32>,
    },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let config = flags.config(Vec::new())?;
    let chat = place::open(&config).await?;
    let keys = Keys::of(&chat.db);
    match args {
        Args::Key { sdkappid, service, file } => {
            let (app, channel) = (place::app(&chat, sdkappid)?.id, service.channel());
            let key = match file {
                None => None,
                Some(file) => {
                    let shown = file.display();
                    let key =
                        tokio::fs::read_to_string(&file).await.with_context(|| format!("reading {shown}"))?;
                    ensure!(key.len() <= KEY_BYTES_MAX, "{shown} is longer than {KEY_BYTES_MAX} bytes");
                    offline_push::check_key(channel, &key)
                        .with_context(|| format!("{shown} cannot be used"))?;
                    Some(key)
                }
            };
            let what = if key.is_some() { "kept" } else { "removed" };
            keys.set(app, channel, key).await?;
            say(format!("the key for {} is {what}", channel.name()));
        }
        Args::Status { sdkappid } => {
            let app = place::app(&chat, sdkappid)?;
            let state = app.state().clone();
            for channel in Channel::ALL {
                let is_on = state.settings.push_channels.iter().any(|it| it == channel.name());
                let has_key = channel != Channel::Http && keys.get(app.id, channel).await?.is_some();
                let key = if has_key { ", with a key" } else { "" };
                say(format!("{}: {}{key}", channel.name(), if is_on { "on" } else { "off" }));
            }
            say(format!("waiting: {}", chat.count_offline_pushes(app.id).await?));
        }
    }
    Ok(())
}
