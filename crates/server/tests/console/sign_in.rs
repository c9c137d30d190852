//! Links, passwords, sessions, and guessing.

use chat::console::{Actor, Role};
use serde_json::json;

use crate::client::{PASSWORD, Site, on_both_engines};

on_both_engines! {
    a_link_works_once_and_for_a_day
    only_the_right_password_signs_in
    a_session_ends_when_it_should
    a_new_password_ends_all_other_sessions
    the_last_owner_stays
    what_a_role_may_follows_at_once
}

async fn a_link_works_once_and_for_a_day(site: Site) {
    assert_eq!(site.nobody().get("status").await.json()["set_up"], false);
    let link = site.chat().first_link().await.unwrap().expect("nobody can sign in yet");
    let body = json!({ "token": link.token, "password": PASSWORD });
    let short = json!({ "token": link.token, "password": "too short" });
    assert_eq!(site.nobody().enter("setup", short).await.status, 400);
    let mut owner = site.nobody();
    let reply = owner.enter("setup", body.clone()).await;
    assert_eq!(
        (reply.status, &reply.json()["user"], &reply.json()["role"]),
        (200, &json!("owner"), &json!("owner"))
    );
    assert_eq!(site.nobody().enter("setup", body).await.code(), "wrong_credentials", "a link works once");
    assert_eq!(site.nobody().get("status").await.json()["set_up"], true);
    assert!(site.chat().first_link().await.unwrap().is_none(), "somebody can sign in");

    for (seconds, status) in [(86_399, 200), (86_400, 401)] {
        let name = format!("user{seconds}");
        let made = owner.post("operators", json!({ "user": name, "role": "viewer" })).await.json();
        site.advance(seconds);
        let body = json!({ "token": made["setup_token"], "password": PASSWORD });
        assert_eq!(site.nobody().enter("setup", body).await.status, status, "after {seconds} s");
        owner.enter("sign-in", json!({ "user": "owner", "password": PASSWORD })).await;
    }
}

async fn only_the_right_password_signs_in(site: Site) {
    site.owner().await;
    let rows = [
        ("root", PASSWORD, 200),
        ("root", "wrong horse battery", 401),
        ("root", "", 401),
        ("nobody", PASSWORD, 401),
        ("", "", 401),
        ("ROOT", PASSWORD, 401),
        ("ro\u{0}ot", PASSWORD, 401),
    ];
    let mut texts = Vec::new();
    for (user, password, status) in rows {
        let reply = site.nobody().enter("sign-in", json!({ "user": user, "password": password })).await;
        assert_eq!(reply.status, status, "{user:?} {password:?}");
        if status == 401 {
            texts.push(reply.text);
        }
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "whether a name is known is not told");
    // Who was made, but has not chosen a password, cannot sign in with an empty one.
    site.chat().add_operator(&Actor::command_line(), "new", Role::Owner).await.unwrap();
    assert_eq!(site.nobody().enter("sign-in", json!({ "user": "new", "password": "" })).await.status, 401);
}

async fn a_session_ends_when_it_should(site: Site) {
    let mut owner = site.owner().await;
    let body = json!({ "user": "root", "password": PASSWORD });
    site.advance(12 * 3600 - 1);
    assert_eq!(owner.get("session").await.status, 200, "used within 12 hours");
    site.advance(12 * 3600);
    assert_eq!(owner.get("session").await.code(), "not_signed_in", "12 hours without a request");
    owner.enter("sign-in", body.clone()).await;
    for _ in 0..14 {
        assert_eq!(owner.get("session").await.status, 200, "within 7 days");
        site.advance(12 * 3600 - 1);
    }
    site.advance(14);
    assert_eq!(owner.get("session").await.status, 401, "after 7 days");
    owner.enter("sign-in", body).await;
    let other = owner.clone();
    let reply = owner.post("sign-out", json!({})).await;
    assert!(reply.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(other.get("session").await.status, 401, "signed out");
}

async fn a_new_password_ends_all_other_sessions(site: Site) {
    let mut owner = site.owner().await;
    let mut other = site.nobody();
    other.enter("sign-in", json!({ "user": "root", "password": PASSWORD })).await;
    assert_eq!(other.get("session").await.status, 200);
    let wrong = json!({ "old": "wrong horse battery", "new": "a new horse battery" });
    assert_eq!(owner.enter("password", wrong).await.code(), "wrong_credentials");
    let old = owner.clone();
    let change = json!({ "old": PASSWORD, "new": "a new horse battery" });
    assert_eq!(owner.enter("password", change).await.status, 200);
    assert_eq!(owner.get("session").await.status, 200, "whoever changed it goes on");
    assert_eq!(other.get("session").await.status, 401);
    assert_eq!(old.get("session").await.status, 401, "the old cookie is worth nothing");
    for (password, status) in [(PASSWORD, 401), ("a new horse battery", 200)] {
        let body = json!({ "user": "root", "password": password });
        assert_eq!(site.nobody().enter("sign-in", body).await.status, status);
    }
}

async fn the_last_owner_stays(site: Site) {
    let owner = site.owner().await;
    site.browser("ann", Role::Operator).await;
    for path in ["operators/root/remove", "operators/root/role"] {
        let body = if path.ends_with("role") { json!({ "role": "viewer" }) } else { json!({}) };
        assert_eq!(owner.post(path, body).await.code(), "conflict", "{path}");
    }
    // Somebody who was only invited cannot take over.
    owner.post("operators", json!({ "user": "bob", "role": "owner" })).await;
    assert_eq!(owner.post("operators/root/remove", json!({})).await.code(), "conflict");
    assert_eq!(owner.post("operators/ann/role", json!({ "role": "owner" })).await.status, 200);
    assert_eq!(owner.post("operators/root/remove", json!({})).await.status, 200);
    assert_eq!(owner.get("session").await.status, 401, "who was removed is out");
}

async fn what_a_role_may_follows_at_once(site: Site) {
    let owner = site.owner().await;
    let ann = site.browser("ann", Role::Operator).await;
    assert_eq!(ann.get("audit").await.status, 200);
    owner.post("operators/ann/role", json!({ "role": "viewer" })).await;
    assert_eq!(ann.get("audit").await.code(), "forbidden");
    owner.post("operators/ann/role", json!({ "role": "owner" })).await;
    assert_eq!(ann.get("operators").await.status, 200);
}

#[tokio::test]
async fn ten_guesses_of_a_name_cost_a_quarter_of_an_hour() {
    let site = Site::open(crate::client::Engine::Sqlite).await.unwrap();
    site.owner().await;
    let guess = json!({ "user": "root", "password": "wrong horse battery" });
    let right = json!({ "user": "root", "password": PASSWORD });
    for _ in 0..10 {
        assert_eq!(site.nobody().enter("sign-in", guess.clone()).await.status, 401);
    }
    let refused = site.nobody().enter("sign-in", right.clone()).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("900")));
    site.advance(899);
    assert_eq!(site.nobody().enter("sign-in", right.clone()).await.code(), "too_many");
    site.advance(1);
    assert_eq!(site.nobody().enter("sign-in", right).await.status, 200);
}

#[tokio::test]
async fn thirty_guesses_from_an_address_cost_it_a_quarter_of_an_hour() {
    let site = Site::open(crate::client::Engine::Sqlite).await.unwrap();
    site.owner().await;
    for number in 0..30 {
        let body = json!({ "token": format!("guess{number}"), "password": PASSWORD });
        assert_eq!(site.nobody().enter("setup", body).await.status, 401, "{number}");
    }
    let right = json!({ "user": "root", "password": PASSWORD });
    assert_eq!(site.nobody().enter("sign-in", right).await.status, 429);
}
