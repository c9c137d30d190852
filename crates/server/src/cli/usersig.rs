//! `magpie usersig`: makes login tickets, and tells why one is refused.

use anyhow::{Context, bail};
use chat::clock::Clock;
use proto::usersig;
use serde_json::json;

use super::{Flags, place, say};

/// How long a UserSig lives unless told otherwise: 180 days, as the vendor's generators have it.
const EXPIRE_SECONDS: i64 = 15_552_000;

#[derive(clap::Subcommand)]
pub enum Args {
    /// Makes a UserSig with the app's first key.
    Make {
        user: String,
        #[arg(long)]
        sdkappid: Option<u32>,
        /// Instead of the app's own key; then no database is opened.
        #[arg(long, value_name = "KEY", requires = "sdkappid")]
        secret_key: Option<String>,
        /// Seconds it is valid.
        #[arg(long, default_value_t = EXPIRE_SECONDS, allow_negative_numbers = true)]
        expire: i64,
        #[arg(long)]
        json: bool,
    },
    /// Tells what is in a UserSig and whether this app accepts it for this user.
    Verify {
        sig: String,
        /// The user it is shown for; by default the one inside.
        #[arg(long)]
        user: Option<String>,
        #[arg(long)]
        sdkappid: Option<u32>,
        #[arg(long, value_name = "KEY", requires = "sdkappid")]
        secret_key: Option<String>,
        #[arg(long)]
        json: bool,
    },
}

pub async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    match args {
        Args::Make { user, sdkappid, secret_key, expire, json } => {
            let (app, credentials) = credentials(flags, sdkappid, secret_key).await?;
            let secret = credentials.hmac_secrets.first().context("the app has no secret key")?;
            let sig = usersig::sign_hmac(secret, app, &user, Clock::system().now(), expire, None);
            match json {
                true => say(json!({ "sdkappid": app, "identifier": user, "usersig": sig }).to_string()),
                false => say(sig),
            }
            Ok(())
        }
        Args::Verify { sig, user, sdkappid, secret_key, json } => {
            let (app, credentials) = credentials(flags, sdkappid, secret_key).await?;
            verify(&sig, user, app, &credentials, json)
        }
    }
}

async fn credentials(
    flags: &Flags,
    sdkappid: Option<u32>,
    secret: Option<String>,
) -> anyhow::Result<(u32, usersig::Credentials)> {
    if let (Some(app), Some(secret)) = (sdkappid, secret) {
        return Ok((app, usersig::Credentials { hmac_secrets: vec![secret], public_keys: Vec::new() }));
    }
    let chat = place::open(&flags.config(Vec::new())?).await?;
    let app = place::app(&chat, sdkappid)?;
    let credentials = app.state().credentials.clone();
    Ok((app.id, credentials))
}

fn verify(
    sig: &str,
    user: Option<String>,
    app: u32,
    credentials: &usersig::Credentials,
    json: bool,
) -> anyhow::Result<()> {
    let described = usersig::describe(sig).ok();
    let inside = usersig::Ticket::decode(sig).ok();
    let user = user.or_else(|| inside.as_ref().map(|it| it.identifier.clone())).unwrap_or_default();
    let verdict = usersig::verify(sig, app, &user, credentials, Clock::system().now());
    let (code, text) = match &verdict {
        Ok(_) => (0, "accepted"),
        Err(code) => (code.number(), code.text()),
    };
    if json {
        let payload =
            described.as_ref().and_then(|it| serde_json::from_str::<serde_json::Value>(&it.payload).ok());
        let mut out = json!({ "code": code, "text": text });
        if let Some(payload) = payload {
            out["payload"] = payload;
        }
        say(out.to_string());
    } else {
        say(format!("{code}: {text}"));
        if let Some(it) = &described {
            say(format!("inside: {}", it.payload.trim().escape_debug()));
            if let Some(signed) = &it.signed_content {
                say("signed:");
                signed.lines().for_each(|line| say(format!("  {}", line.escape_debug())));
            }
        }
    }
    match verdict {
        Ok(_) => Ok(()),
        Err(code) => bail!("refused with {}", code.number()),
    }
}
