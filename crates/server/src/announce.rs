//! Tells clients that are connected when settings that concern them have changed: the cloud configuration and the
//! abilities. `spec/client/commands/im_sdk_config_mgr.push_configv2.yaml` and `push_imsdk_purchase_bitsv2.yaml`.

use std::{collections::HashMap, sync::Mutex};

use chat::{apps::App, live::Push};

use crate::{
    commands::im_sdk_config_mgr::{fetch_config, fetch_imsdk_purchase_bitsv2},
    node::Node,
};

/// What the clients of an app know.
struct Known {
    /// Of the settings.
    version: i64,
    config: String,
    bits: String,
}

impl Known {
    fn of(app: &App) -> Known {
        let state = app.state();
        Known {
            version: state.version,
            config: fetch_config::keys(&state.settings),
            bits: crate::abilities::bits(&state.settings),
        }
    }
}

/// By app; one entry for each that there is.
#[derive(Default)]
pub struct Announced(Mutex<HashMap<u32, Known>>);

impl Announced {
    /// Tells everybody what has changed since this was called last; the first time only looks.
    pub fn tell(&self, node: &Node) {
        let apps = node.chat.apps.all();
        let mut known = self.0.lock().expect("no holder panics");
        known.retain(|id, _| apps.iter().any(|it| it.id == *id));
        for app in &apps {
            if known.get(&app.id).is_some_and(|it| it.version == app.state().version) {
                continue;
            }
            let now = Known::of(app);
            if let Some(before) = known.get(&app.id) {
                if before.config != now.config {
                    push(app, fetch_config::PUSHED, fetch_config::content(app));
                }
                if before.bits != now.bits {
                    let content = fetch_imsdk_purchase_bitsv2::content(&app.state().settings);
                    push(app, fetch_imsdk_purchase_bitsv2::PUSHED, content);
                }
            }
            known.insert(app.id, now);
        }
    }
}

fn push(app: &App, servcmd: &str, content: impl serde::Serialize) {
    match serde_json::to_string(&content) {
        Ok(body) => app.live.push_all(&Push::new(servcmd, &body)),
        Err(error) => tracing::error!(app = app.id, servcmd, %error, "a configuration cannot be written"),
    }
}
