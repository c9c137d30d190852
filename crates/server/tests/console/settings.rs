//! Apps, their settings and their keys.

use chat::settings::Settings;
use serde_json::{Value, json};

use crate::client::{APP, SECRET, Site, on_both_engines};

on_both_engines! {
    every_setting_is_shown_and_can_be_changed
    a_bad_change_changes_nothing
    keys_are_rotated_with_an_overlap
    an_app_is_made_and_disabled
}

fn find<'a>(shown: &'a Value, key: &str) -> &'a Value {
    shown["settings"].as_array().unwrap().iter().find(|it| it["key"] == key).unwrap()
}

async fn every_setting_is_shown_and_can_be_changed(site: Site) {
    let owner = site.owner().await;
    let path = format!("apps/{APP}/settings");
    let shown = owner.get(&path).await.json();
    let keys: Vec<_> =
        shown["settings"].as_array().unwrap().iter().map(|it| it["key"].as_str().unwrap()).collect();
    assert_eq!(keys, Settings::KEYS);
    for it in shown["settings"].as_array().unwrap() {
        assert!(!it["meaning"].as_str().unwrap().is_empty(), "{it}");
    }
    let set = json!({ "login.max_web_instances": 3, "limits.rest.openim.sendmsg": 7 });
    let shown = owner.post(&path, json!({ "set": set })).await.json();
    let it = find(&shown, "login.max_web_instances");
    assert_eq!((&it["value"], &it["default"], &it["changed"]), (&json!(3), &json!(1), &json!(true)));
    assert_eq!(shown["command_rates"], json!({ "openim/sendmsg": 7 }));
    let shown = owner.post(&path, json!({ "reset": ["login.max_web_instances"] })).await.json();
    assert_eq!(find(&shown, "login.max_web_instances")["changed"], false);
}

async fn a_bad_change_changes_nothing(site: Site) {
    let owner = site.owner().await;
    let path = format!("apps/{APP}/settings");
    let before = owner.get(&path).await.text;
    for body in [
        json!({}),
        json!({ "set": { "no.such": 1 } }),
        json!({ "set": { "app.name": "x", "login.max_web_instances": 11 } }),
        json!({ "set": { "app.hmac_secrets": ["x"] } }),
        json!({ "set": { "app.enabled": false } }),
        json!({ "reset": ["app.hmac_secrets"] }),
        json!({ "reset": ["no.such"] }),
        json!({ "set": { "profile.custom_fields": [{ "name": "Team" }] } }),
    ] {
        let reply = owner.post(&path, body.clone()).await;
        assert_eq!(reply.code(), "bad_request", "{body}");
    }
    assert_eq!(owner.get(&path).await.text, before);
}

async fn keys_are_rotated_with_an_overlap(site: Site) {
    let owner = site.owner().await;
    let keys = async |path: &str| {
        owner.post(&format!("apps/{APP}/keys/{path}"), json!({})).await.json()["keys"].clone()
    };
    assert_eq!(keys("show").await, json!([SECRET]));
    assert_eq!(keys("rotate").await, 2);
    let both = keys("show").await;
    assert_eq!(both[1], SECRET, "the old one is still valid");
    assert_ne!(both[0], SECRET);
    let sig = proto::usersig::sign_hmac(SECRET, APP, "ann", site.chat().clock.now(), 60, None);
    let verify = async || {
        let reply = owner.post(&format!("apps/{APP}/usersig/verify"), json!({ "usersig": sig })).await;
        (reply.json()["good"].clone(), reply.json()["code"].clone())
    };
    assert_eq!(verify().await, (json!(true), json!(0)));
    assert_eq!(keys("drop-old").await, 1);
    assert_eq!(keys("show").await, json!([both[0]]));
    assert_eq!(verify().await, (json!(false), json!(70009)));
    let made = owner.post(&format!("apps/{APP}/usersig/make"), json!({ "user": "ann" })).await.json();
    let reply =
        owner.post(&format!("apps/{APP}/usersig/verify"), json!({ "usersig": made["usersig"] })).await.json();
    assert_eq!(
        (&reply["good"], &reply["inside"]["TLS.identifier"]),
        (&json!(true), &json!("ann")),
        "{reply}"
    );
}

async fn an_app_is_made_and_disabled(site: Site) {
    let owner = site.owner().await;
    let made = owner.post("apps", json!({ "sdkappid": 7, "name": "Seven", "admins": ["boss"] })).await.json();
    assert_eq!(
        (&made["admins"], &made["enabled"], &made["keys"]),
        (&json!(["boss"]), &json!(true), &json!(1))
    );
    let off = owner.post("apps/7/enabled", json!({ "enabled": false })).await.json();
    assert_eq!(off["enabled"], false);
    assert_eq!(owner.get("apps").await.json()["apps"].as_array().unwrap().len(), 2);
    assert_eq!(owner.get("apps/7/limits").await.json()["limits"][0]["used"], 1, "its administrator");
}
