//! The secret keys of an app.

use chat::console::{Role, audit::Deed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::endpoint::{Ask, Endpoint, Nothing, Refusal, post};

pub const SHOW: Endpoint = post!(
    "apps/{sdkappid}/keys/show", Some(Role::Operator), "Shows the keys of an app.", Nothing => Keys, show
);
pub const ROTATE: Endpoint = post!(
    "apps/{sdkappid}/keys/rotate", Some(Role::Operator), "Makes a new key.", Rotate => Count, rotate
);
pub const DROP_OLD: Endpoint = post!(
    "apps/{sdkappid}/keys/drop-old", Some(Role::Operator), "Ends every key but the newest.",
    Nothing => Count, drop_old
);

#[derive(Serialize, JsonSchema)]
struct Keys {
    /// The newest first.
    keys: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rotate {
    #[serde(default)]
    drop_old: bool,
}

#[derive(Serialize, JsonSchema)]
struct Count {
    /// How many are valid.
    keys: usize,
}

async fn show(ask: &Ask, _: Nothing) -> Result<Keys, Refusal> {
    let app = ask.app()?;
    ask.audit(Deed { app: app.id, ..Deed::new("keys.show", "") }).await?;
    Ok(Keys { keys: app.state().settings.app_hmac_secrets.clone() })
}

async fn rotate(ask: &Ask, it: Rotate) -> Result<Count, Refusal> {
    let app = ask.app()?;
    let detail = serde_json::json!({ "drop_old": it.drop_old }).to_string();
    ask.audit(Deed { app: app.id, detail, ..Deed::new("keys.rotate", "") }).await?;
    Ok(Count { keys: Box::pin(ask.node.chat.rotate_key(app.id, None, it.drop_old)).await? })
}

async fn drop_old(ask: &Ask, _: Nothing) -> Result<Count, Refusal> {
    let app = ask.app()?;
    ask.audit(Deed { app: app.id, ..Deed::new("keys.drop-old", "") }).await?;
    Ok(Count { keys: Box::pin(ask.node.chat.drop_old_keys(app.id)).await? })
}
