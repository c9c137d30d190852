//! Roles, origins and tokens, for every endpoint there is.

use chat::console::Role;
use serde_json::json;
use server::{
    commands,
    console::{self, Verb},
};

use crate::{
    client::{APP, Browser, Engine, PASSWORD, Site},
    document::rows,
};

/// A path with something in the place of each parameter.
fn path(pattern: &str) -> String {
    let values = [
        ("{sdkappid}", APP.to_string()),
        ("{user}", "nobody".to_owned()),
        ("{group}", "nothing".to_owned()),
        ("{service}", "profile".to_owned()),
        ("{command}", "portrait_get".to_owned()),
        ("{id}", "1".to_owned()),
    ];
    values.iter().fold(pattern.to_owned(), |path, (name, value)| path.replace(name, value))
}

async fn call(browser: &Browser, method: &str, path: &str) -> u16 {
    match (method, path) {
        // A stream, which does not end.
        ("GET", "live") => {
            let (_, text) = browser.listen("\r\n\r\n").await;
            text.split(' ').nth(1).unwrap().parse().unwrap()
        }
        ("GET", _) => browser.get(path).await.status,
        _ => browser.post(path, json!({})).await.status,
    }
}

#[tokio::test]
async fn each_role_may_call_what_the_table_says_and_nothing_else() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let mut browsers = Vec::new();
    for role in Role::ALL {
        browsers.push((Some(role), site.browser(role.name(), role).await));
    }
    browsers.push((None, site.nobody()));
    for row in rows() {
        let path = path(&row.path);
        for (role, browser) in &mut browsers {
            let (needed, status) = (Role::parse(&row.role), call(browser, &row.method, &path).await);
            let what = format!("{} {} as {role:?} is {status}", row.method, row.path);
            match (needed, *role) {
                (None, _) => assert!(![403, 500].contains(&status), "{what}"),
                (Some(_), None) => assert_eq!(status, 401, "{what}"),
                (Some(needed), Some(role)) if role < needed => assert_eq!(status, 403, "{what}"),
                (Some(_), Some(_)) => assert!(![401, 403, 500].contains(&status), "{what}"),
            }
            if path == "sign-out"
                && let Some(role) = role
            {
                browser.enter("sign-in", json!({ "user": role.name(), "password": PASSWORD })).await;
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_changed_for_another_site_or_without_the_token() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let (owner, ann) = (site.owner().await, site.browser("ann", Role::Owner).await);
    let before = site.chat().verify_audit().await.unwrap().entries;
    for it in console::ALL.iter().filter(|it| it.verb == Verb::Post) {
        let path = path(it.path);
        let reply = owner.post_without("Origin", &path, &json!({})).await;
        assert_eq!(reply.code(), "wrong_origin", "{path}");
        for origin in ["http://evil.example", "null", "http://127.0.0.1", "https://"] {
            let cookie = format!("magpie_console={}", owner.cookie);
            let headers = [
                ("Cookie", &*cookie),
                ("Origin", origin),
                ("X-Console-Token", &*owner.token),
                ("Content-Type", "application/json"),
            ];
            let reply = owner.raw(&format!("POST /console/api/{path}"), &headers, "{}").await;
            assert_eq!(reply.code(), "wrong_origin", "{path} from {origin}");
        }
        if it.role.is_some() {
            let reply = owner.post_without("X-Console-Token", &path, &json!({})).await;
            assert_eq!(reply.code(), "wrong_token", "{path}");
            let mixed = Browser { token: ann.token.clone(), ..owner.clone() };
            assert_eq!(
                mixed.post(&path, json!({})).await.code(),
                "wrong_token",
                "{path} with another's token"
            );
        }
        let reply = owner.post_without("Content-Type", &path, &json!({})).await;
        assert_eq!(reply.code(), "bad_request", "{path} as a form");
    }
    assert_eq!(site.chat().verify_audit().await.unwrap().entries, before, "nothing was done");
}

#[tokio::test]
async fn the_outer_name_that_a_proxy_tells_counts_as_this_server() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    let cookie = format!("magpie_console={}", owner.cookie);
    let headers = [
        ("Cookie", &*cookie),
        ("Origin", "https://chat.example.com"),
        ("X-Forwarded-Host", "chat.example.com"),
        ("X-Forwarded-Proto", "https"),
        ("X-Console-Token", &*owner.token),
        ("Content-Type", "application/json"),
    ];
    let reply = owner.raw("POST /console/api/sign-out", &headers, "{}").await;
    assert_eq!(reply.status, 200);
    let cookie = reply.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(cookie.contains(part), "{cookie}");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_asked_wrongly_says_so() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    for (path, status) in [
        ("nothing", 404),
        ("", 404),
        ("sign-in", 405),
        ("apps/7", 404),
        ("apps/x", 404),
        ("apps/%ff", 400),
        ("apps/1400000001/users?limit=0", 400),
        ("apps/1400000001/users?limit=1", 200),
        ("apps/1400000001/users?limit=500", 200),
        ("apps/1400000001/users?limit=501", 400),
        ("apps/1400000001/users?after=rubbish", 400),
        ("apps/1400000001/users?prefix=a&nickname=b", 400),
        ("apps/1400000001/groups?kind=Club", 400),
        ("apps/1400000001/users/nobody", 404),
        ("apps/1400000001/users/a%00b", 404),
        ("apps/1400000001/groups/nothing/members", 404),
        ("apps/1400000001/messages/c2c", 400),
        ("apps/1400000001/messages/c2c/explain?from=a&to=b&key=c", 400),
        ("apps/1400000001/messages/c2c/explain?from=a&to=b&key=1_1_1", 404),
        ("apps/1400000001/webhooks/log?state=lost", 400),
        ("apps/1400000001/webhooks/log/1", 404),
    ] {
        assert_eq!(owner.get(path).await.status, status, "{path}");
    }
    for (path, body, status) in [
        ("operators", json!({ "user": "Ann", "role": "viewer" }), 400),
        ("operators", json!({ "user": "", "role": "viewer" }), 400),
        ("operators", json!({ "user": "x".repeat(65), "role": "viewer" }), 400),
        ("operators", json!({ "user": "x".repeat(64), "role": "viewer" }), 200),
        ("operators", json!({ "user": "root", "role": "viewer" }), 409),
        ("operators", json!({ "user": "ann", "role": "king" }), 400),
        ("operators", json!({ "user": "ann", "role": "viewer", "more": 1 }), 400),
        ("operators/ann/role", json!({ "role": "viewer" }), 404),
        ("apps", json!({ "sdkappid": 0 }), 400),
        ("apps", json!({ "sdkappid": APP }), 409),
        ("apps/1400000001/commands/openim/nothing", json!({}), 404),
        ("apps/1400000001/commands/im_open_status/wslogin", json!({}), 404),
        ("apps/1400000001/commands/openim/sendmsg", json!([]), 400),
        ("apps/1400000001/webhooks/replay", json!({ "first": 2, "last": 1 }), 400),
        ("apps/1400000001/webhooks/test", json!({}), 409),
        ("apps/1400000001/usersig/make", json!({ "user": "ann", "expire_seconds": 0 }), 400),
        ("apps/1400000001/usersig/make", json!({ "user": "ann", "expire_seconds": 15_552_000 }), 200),
        ("apps/1400000001/usersig/make", json!({ "user": "ann", "expire_seconds": 15_552_001 }), 400),
        ("webhooks/certificates", json!({ "domains": ["../x"] }), 400),
    ] {
        assert_eq!(owner.post(path, body.clone()).await.status, status, "{path} {body}");
    }
    let long = json!({ "user": "x".repeat(1 << 20), "password": "" });
    assert_eq!(site.nobody().post("sign-in", long).await.code(), "too_long");
}

#[test]
fn each_command_that_is_said_to_read_is_in_the_table() {
    for (service, name) in console::READING {
        let index = commands::find_rest(service, name);
        let row = index.map(|it| &commands::ALL[it]);
        assert!(row.is_some_and(|it| it.service == *service && it.name == *name), "{service}/{name}");
    }
}

#[tokio::test]
async fn a_viewer_runs_what_reads_and_nothing_that_writes() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let viewer = site.browser("vera", Role::Viewer).await;
    let before = site.chat().verify_audit().await.unwrap().entries;
    let mut reading = 0;
    for it in commands::ALL.iter().filter(|it| it.doors.has_rest()) {
        let path = format!("apps/{APP}/commands/{}/{}", it.service, it.name);
        let reply = viewer.post(&path, json!({})).await;
        let reads = console::READING.contains(&(it.service, it.name));
        assert_eq!(reply.status, if reads { 200 } else { 403 }, "{path}: {}", reply.text);
        reading += usize::from(reads);
    }
    assert_eq!(reading, console::READING.len());
    assert_eq!(site.chat().verify_audit().await.unwrap().entries, before, "reading is not written down");
}
