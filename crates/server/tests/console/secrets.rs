//! Nothing that opens a door stands where it is kept or passed on: not in the log, not in an answer that was not asked
//! for just that, not in a URL.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use chat::console::Role;
use serde_json::json;
use server::console::{self, Verb};

use crate::client::{APP, Engine, PASSWORD, SECRET, Site};

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_secret_is_in_the_log_or_in_the_audit_log() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The whole server runs on this thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    let made = owner.post("operators", json!({ "user": "bob", "role": "viewer" })).await.json();
    let link = made["setup_token"].as_str().unwrap().to_owned();
    owner.post("setup", json!({ "token": link, "password": PASSWORD })).await;
    owner.post("sign-in", json!({ "user": PASSWORD, "password": "mistyped" })).await;
    let token = "a-token-of-webhooks";
    let set = json!({ "webhooks.auth_token": token, "webhooks.signing_secret": token });
    owner.post(&format!("apps/{APP}/settings"), json!({ "set": set })).await;
    owner.post(&format!("apps/{APP}/keys/show"), json!({})).await;
    let sig = owner.post(&format!("apps/{APP}/usersig/make"), json!({ "user": "ann" })).await.json();
    let sig = sig["usersig"].as_str().unwrap().to_owned();
    owner.get("no/such/path?password=x").await;
    let log = String::from_utf8_lossy(&kept.0.lock().unwrap()).into_owned();
    assert!(log.contains("unknown name"), "the log is caught: {log}");
    let audit = owner.get("audit.ndjson").await.text;
    let settings = owner.get(&format!("apps/{APP}/settings")).await.text;
    for secret in [PASSWORD, SECRET, &link, token, &sig, &owner.cookie, &owner.token] {
        assert!(!log.contains(secret), "{secret} is in the log");
        assert!(!audit.contains(secret), "{secret} is in the audit log");
        assert!(!settings.contains(secret), "{secret} is among the settings");
    }
}

#[tokio::test]
async fn a_viewer_is_shown_no_key_by_any_endpoint() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let viewer = site.browser("vera", Role::Viewer).await;
    for it in console::ALL.iter().filter(|it| it.path != "live") {
        let path = it.path.replace("{sdkappid}", &APP.to_string());
        let reply = match it.verb {
            Verb::Get => viewer.get(&path).await,
            Verb::Post => viewer.post(&path, json!({})).await,
        };
        assert!(!reply.text.contains(SECRET), "{path}");
        assert!(!reply.text.contains("$argon2"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert!(
            reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

#[test]
fn no_get_takes_a_secret() {
    for it in console::ALL.iter().filter(|it| it.verb == Verb::Get) {
        for name in it.query {
            assert!(!["token", "password", "usersig", "secret"].contains(name), "{}: {name}", it.path);
        }
    }
}
