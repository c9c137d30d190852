//! The apps of this server.

use chat::{
    apps::App,
    console::{Role, audit::Deed},
    settings::Settings,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::endpoint::{Ask, Endpoint, Refusal, get, post};

pub const LIST: Endpoint = get!("apps", Some(Role::Viewer), "Lists the apps.", [], Apps, list);
pub const CREATE: Endpoint = post!("apps", Some(Role::Owner), "Makes an app.", New => Shown, create);
pub const SHOW: Endpoint = get!("apps/{sdkappid}", Some(Role::Viewer), "Shows an app.", [], Shown, show);
pub const ENABLE: Endpoint = post!(
    "apps/{sdkappid}/enabled", Some(Role::Owner), "Enables or disables an app.", Enabled => Shown, enable
);

#[derive(Serialize, JsonSchema)]
struct Apps {
    apps: Vec<Shown>,
}

#[derive(Serialize, JsonSchema)]
struct Shown {
    sdkappid: u32,
    name: String,
    enabled: bool,
    admins: Vec<String>,
    /// How many keys are valid.
    keys: usize,
    /// Users who are online.
    online: i64,
    /// How many settings differ from their defaults.
    changed: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct New {
    sdkappid: u32,
    #[serde(default)]
    name: String,
    /// `administrator` when left out.
    #[serde(default)]
    admins: Vec<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Enabled {
    enabled: bool,
}

fn shown(app: &App) -> Shown {
    let state = app.state();
    let settings = &state.settings;
    Shown {
        sdkappid: app.id,
        name: settings.app_name.clone(),
        enabled: settings.app_enabled,
        admins: settings.app_admins.clone(),
        keys: settings.app_hmac_secrets.len(),
        online: app.live.users_online(),
        changed: settings.changed().len(),
    }
}

async fn list(ask: &Ask) -> Result<Apps, Refusal> {
    let mut apps: Vec<_> = ask.node.chat.apps.all().iter().map(|it| shown(it)).collect();
    apps.sort_by_key(|it| it.sdkappid);
    Ok(Apps { apps })
}

async fn show(ask: &Ask) -> Result<Shown, Refusal> {
    Ok(shown(&*ask.app()?))
}

async fn create(ask: &Ask, it: New) -> Result<Shown, Refusal> {
    let chat = &ask.node.chat;
    if it.sdkappid == 0 {
        return Err(Refusal::bad("an SDKAppID is a number from 1 to 4294967295"));
    }
    if chat.apps.get(it.sdkappid).is_some() {
        return Err(Refusal::conflict(format!("there is an app {} already", it.sdkappid)));
    }
    let mut settings = Settings::default();
    let mut set = |key: &str, value: Value| settings.set(key, value).map_err(Refusal::bad);
    set("app.hmac_secrets", json!([chat.random.secret()]))?;
    set("app.name", json!(it.name))?;
    if !it.admins.is_empty() {
        set("app.admins", json!(it.admins))?;
    }
    let detail = json!({ "name": it.name, "admins": it.admins }).to_string();
    let target = it.sdkappid.to_string();
    ask.audit(Deed { app: it.sdkappid, detail, ..Deed::new("apps.create", &target) }).await?;
    Box::pin(chat.create_app(it.sdkappid, settings)).await?;
    let made = chat.apps.get(it.sdkappid);
    Ok(shown(&*made.ok_or_else(|| Refusal::internal("a new app is not there"))?))
}

async fn enable(ask: &Ask, it: Enabled) -> Result<Shown, Refusal> {
    let app = ask.app()?;
    let action = if it.enabled { "apps.enable" } else { "apps.disable" };
    ask.audit(Deed { app: app.id, ..Deed::new(action, "") }).await?;
    let change = vec![("app.enabled".to_owned(), it.enabled.into())];
    Box::pin(ask.node.chat.change_app(app.id, change)).await?;
    Ok(shown(&app))
}
