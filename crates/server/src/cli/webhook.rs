//! `magpie webhook`: what the apps' backends were asked and told, and having it told again.

pub(crate) mod cert;

use std::{path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use chat::{
    Chat,
    apps::App,
    console::works::Work,
    webhooks::{
        Request, Transport,
        log::{Again, Logged, SECOND_MAX, STATES, Wanted, state_name, times},
    },
};
use serde_json::{Value, json};

use super::{Flags, place, say};
use crate::webhooks;

#[derive(clap::Subcommand)]
pub enum Args {
    /// Lists events, the newest first: id, time, state, attempts, milliseconds, webhook, failure.
    Log {
        #[arg(long)]
        sdkappid: Option<u32>,
        /// Only this webhook, such as C2C.CallbackAfterSendMsg.
        #[arg(long, default_value = "")]
        command: String,
        /// waiting, delivered, given-up or asked.
        #[arg(long)]
        state: Option<String>,
        /// Only events before this id.
        #[arg(long)]
        before: Option<i64>,
        #[arg(long, default_value_t = 50)]
        limit: i64,
    },
    /// Shows one event whole: what was sent, and what came back.
    Show {
        #[arg(long)]
        sdkappid: Option<u32>,
        id: i64,
    },
    /// Delivers events once more: one id, a range of ids, or what was told in a time.
    Replay {
        #[arg(long)]
        sdkappid: Option<u32>,
        #[arg(required_unless_present_any = ["from", "until"])]
        first: Option<i64>,
        /// The end of the range; the first alone when left out.
        last: Option<i64>,
        /// Only events from this time on, such as 2026-01-31T08:00:00Z, or Unix seconds.
        #[arg(long, value_name = "TIME", value_parser = second)]
        from: Option<i64>,
        /// Only events before this time.
        #[arg(long, value_name = "TIME", value_parser = second)]
        until: Option<i64>,
        /// Only this webhook, such as C2C.CallbackAfterSendMsg.
        #[arg(long, default_value = "")]
        command: String,
        /// Also those that were delivered well.
        #[arg(long)]
        all: bool,
    },
    /// Posts Test.Ping to the app's backend and shows what comes back.
    Test {
        #[arg(long)]
        sdkappid: Option<u32>,
    },
    /// Stops deliveries; events wait.
    Pause {
        #[arg(long)]
        sdkappid: Option<u32>,
    },
    /// Goes on with deliveries.
    Resume {
        #[arg(long)]
        sdkappid: Option<u32>,
    },
    /// Makes an authority, a client certificate for webhooks, and server certificates for domains of backends.
    Cert {
        /// The folder that the files are written to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// A backend's domain, of at most 63 characters; may be given several times.
        #[arg(long, value_name = "DOMAIN")]
        domain: Vec<String>,
    },
    /// Shows the key that signatures over bodies are made with.
    Secret {
        #[arg(long)]
        sdkappid: Option<u32>,
    },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    if let Args::Cert { out, domain } = &args {
        cert::make(out, domain)?.iter().for_each(|it| say(it.display().to_string()));
        return Ok(());
    }
    let config = flags.config(Vec::new())?;
    let chat = place::open(&config).await?;
    let app = |id| place::app(&chat, id);
    match args {
        Args::Log { sdkappid, command, state, before, limit } => {
            let state = state.map_or(Ok(-1), |it| number_of(&it))?;
            let before = before.unwrap_or(i64::MAX);
            let wanted = Wanted { before, command, state, from: 0, until: i64::MAX };
            let list = chat.webhook_log(app(sdkappid)?.id, wanted, limit).await?;
            list.iter().for_each(|it| say(line(it)));
        }
        Args::Show { sdkappid, id } => {
            let event = chat.webhook_event(app(sdkappid)?.id, id).await?;
            say(serde_json::to_string_pretty(&shown(&event.with_context(|| format!("no event {id}"))?))?);
        }
        Args::Replay { sdkappid, first, last, from, until, command, all } => {
            let ids = (first.unwrap_or(1), last.or(first).unwrap_or(i64::MAX));
            let times = times(from, until);
            if ids.1 < ids.0 || times.1 < times.0 {
                bail!("the range ends before it begins");
            }
            let (work, again) = (Work::unlisted(), Again { ids, times, command, delivered: all });
            chat.replay_as_work(app(sdkappid)?.id, again, &work).await?;
            say(format!("{} events will be delivered once more", work.progress().count));
        }
        Args::Test { sdkappid } => test(&chat, &app(sdkappid)?, config.webhooks.allow_local).await?,
        Args::Pause { sdkappid } => pause(&chat, &app(sdkappid)?, true).await?,
        Args::Resume { sdkappid } => pause(&chat, &app(sdkappid)?, false).await?,
        Args::Cert { .. } => {}
        Args::Secret { sdkappid } => {
            let key = webhooks::signing_key(&app(sdkappid)?.state());
            say(format!("whsec_{}", BASE64_STANDARD.encode(key)));
        }
    }
    Ok(())
}

fn number_of(name: &str) -> anyhow::Result<i64> {
    match STATES.iter().find(|it| it.0 == name) {
        Some((_, state)) => Ok(*state as i64),
        None => bail!("--state is one of {}", STATES.map(|it| it.0).join(", ")),
    }
}

/// A time that is typed: with its zone, or as Unix seconds.
fn second(text: &str) -> Result<i64, String> {
    let told = text.parse::<jiff::Timestamp>().map(jiff::Timestamp::as_second);
    let second = text.parse().or(told).ok().filter(|it| (0..=SECOND_MAX).contains(it));
    second.ok_or_else(|| "expected a time such as 2026-01-31T08:00:00Z, or Unix seconds".to_owned())
}

fn time(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map_or_else(|_| millis.to_string(), |it| it.to_string())
}

fn line(it: &Logged) -> String {
    format!(
        "{} {} {} {} {}ms {} {}",
        it.event.id,
        time(it.event.created_at),
        state_name(it.state),
        it.event.attempts,
        it.last.took_ms,
        it.event.command,
        it.last.failure
    )
}

fn shown(it: &Logged) -> Value {
    let text = |it: &str| serde_json::from_str(it).unwrap_or_else(|_| Value::from(it));
    json!({
        "id": it.event.id,
        "command": it.event.command,
        "created": time(it.event.created_at),
        "state": state_name(it.state),
        "attempts": it.event.attempts,
        "client_ip": it.event.client_ip,
        "platform": it.event.platform,
        "body": text(&it.event.body),
        "last_attempt": {
            "at": if it.last.at == 0 { String::new() } else { time(it.last.at) },
            "took_ms": it.last.took_ms,
            "failure": it.last.failure,
            "answer": text(&it.last.answer),
        },
    })
}

/// `spec/concepts/webhooks.md` 6.
async fn test(chat: &Arc<Chat>, app: &Arc<App>, allow_local: bool) -> anyhow::Result<()> {
    let state = app.state().clone();
    if state.settings.webhooks_url.is_empty() {
        bail!("the app has no webhooks.url");
    }
    let request = Request::ping(app.id, &state);
    let answer = webhooks::Http::new(chat.clock.clone(), allow_local).post(&state, &request).await;
    match answer {
        Ok(answer) => say(format!("{} answered {answer}", state.settings.webhooks_url)),
        Err(failure) => bail!("{}: {failure}", state.settings.webhooks_url),
    }
    Ok(())
}

async fn pause(chat: &Arc<Chat>, app: &Arc<App>, paused: bool) -> anyhow::Result<()> {
    let change = vec![("webhooks.paused".to_owned(), paused.into())];
    Box::pin(chat.change_app(app.id, change)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_typed_with_their_zone_or_as_seconds() {
        for (text, found) in [
            ("2026-01-01T00:00:00Z", Some(1_767_225_600)),
            ("2026-01-01T08:00:00+08:00", Some(1_767_225_600)),
            ("1767225600", Some(1_767_225_600)),
            ("0", Some(0)),
            ("-1", None),
            ("2026-01-01T00:00:00", None),
            ("yesterday", None),
            ("", None),
            ("1099511627776", Some(SECOND_MAX)),
            ("1099511627777", None),
        ] {
            assert_eq!(second(text).ok(), found, "{text:?}");
        }
    }
}
