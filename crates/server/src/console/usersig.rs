//! Login tickets: making one, and telling why one is refused.

use chat::console::{Role, audit::Deed};
use proto::usersig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    endpoint::{Ask, Endpoint, Refusal, post},
    pages,
};

pub const MAKE: Endpoint =
    post!("apps/{sdkappid}/usersig/make", Some(Role::Operator), "Makes a UserSig.", Make => Made, make);
pub const VERIFY: Endpoint = post!(
    "apps/{sdkappid}/usersig/verify", Some(Role::Viewer), "Tells whether a UserSig is accepted, or why not.",
    Verify => Verdict, verify
);

/// How long a UserSig made here lives at most, and unless told otherwise. Seconds.
const EXPIRE_SECONDS_MAX: i64 = 15_552_000;
const EXPIRE_SECONDS: i64 = 86_400;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Make {
    user: String,
    /// A day when left out, at most 180.
    #[serde(default = "day")]
    expire_seconds: i64,
}

fn day() -> i64 {
    EXPIRE_SECONDS
}

#[derive(Serialize, JsonSchema)]
struct Made {
    usersig: String,
    expires_at: i64,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verify {
    usersig: String,
    /// Whom it is shown for; the one inside when left out.
    #[serde(default)]
    user: String,
}

#[derive(Serialize, JsonSchema)]
struct Verdict {
    good: bool,
    /// As a REST call would be answered.
    code: i64,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    inside: Option<Value>,
}

async fn make(ask: &Ask, it: Make) -> Result<Made, Refusal> {
    let app = ask.app()?;
    proto::user_id::check(&it.user).map_err(|_| Refusal::bad("user cannot be a user id"))?;
    if !(1..=EXPIRE_SECONDS_MAX).contains(&it.expire_seconds) {
        return Err(Refusal::bad(format!("expire_seconds must be from 1 to {EXPIRE_SECONDS_MAX}")));
    }
    let secret = app.state().settings.app_hmac_secrets.first().cloned();
    let secret = secret.ok_or_else(|| Refusal::conflict("the app has no secret key"))?;
    let detail = json!({ "expire_seconds": it.expire_seconds }).to_string();
    ask.audit(Deed { app: app.id, detail, ..Deed::new("usersig.make", &it.user) }).await?;
    let now = ask.node.chat.clock.now();
    let usersig = usersig::sign_hmac(&secret, app.id, &it.user, now, it.expire_seconds, None);
    Ok(Made { usersig, expires_at: now + it.expire_seconds })
}

async fn verify(ask: &Ask, it: Verify) -> Result<Verdict, Refusal> {
    let app = ask.app()?;
    let inside = usersig::describe(&it.usersig).ok().map(|it| pages::value_of(&it.payload));
    let user = match it.user.is_empty() {
        true => usersig::Ticket::decode(&it.usersig).map(|it| it.identifier).unwrap_or_default(),
        false => it.user,
    };
    let state = app.state();
    let verdict = usersig::verify(&it.usersig, app.id, &user, &state.credentials, ask.node.chat.clock.now());
    Ok(match verdict {
        Ok(_) => Verdict { good: true, code: 0, reason: "accepted".to_owned(), inside },
        Err(code) => Verdict { good: false, code: code.number(), reason: code.text().to_owned(), inside },
    })
}
