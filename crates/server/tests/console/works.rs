//! Long work: what begins, how it ends, and what it leaves.

use chat::console::{Role, works};
use serde_json::{Value, json};
use store::params;

use crate::client::{APP, Browser, Engine, Site, on_both_engines};

on_both_engines! {
    all_users_are_exported
    all_groups_are_exported
    users_are_imported_from_csv_and_ndjson
    an_import_that_is_cancelled_keeps_what_was_done
    an_export_that_is_cancelled_has_no_file
    events_are_replayed_by_times_and_by_ids
    a_replay_that_is_cancelled_has_put_back_what_it_counted
}

/// More than can be done before somebody cancels.
const VERY_MANY: i64 = 60_000;

fn path(rest: &str) -> String {
    format!("apps/{APP}/works{rest}")
}

/// Begins a work that may begin.
async fn begin(browser: &Browser, what: &str, body: Value) -> Value {
    let reply = browser.post(&path(&format!("/{what}")), body).await;
    assert_eq!(reply.status, 200, "{what}: {}", reply.text);
    let work = reply.json();
    assert_eq!(work["state"], "running", "{work}");
    work
}

async fn look(browser: &Browser, id: &Value) -> Value {
    let all = browser.get(&path("")).await.json();
    let found = all["works"].as_array().unwrap().iter().find(|it| &it["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}: {all}")).clone()
}

/// The work when it is over.
async fn end(browser: &Browser, work: &Value) -> Value {
    loop {
        let now = look(browser, &work["id"]).await;
        if now["state"] != "running" {
            return now;
        }
    }
}

async fn done(browser: &Browser, what: &str, body: Value) -> Value {
    let work = begin(browser, what, body).await;
    let work = end(browser, &work).await;
    assert_eq!(work["state"], "done", "{work}");
    assert_eq!(work["done"], work["total"], "{work}");
    work
}

async fn run(browser: &Browser, command: &str, body: Value) {
    let reply = browser.post(&format!("apps/{APP}/commands/{command}"), body).await;
    assert_eq!(reply.json()["answer"]["ErrorCode"], 0, "{command}: {}", reply.text);
}

/// Makes accounts without the work that a call for each would be.
async fn make_users(site: &Site, many: i64) {
    let made = site.chat().db.write(0, move |tx| {
        tx.exec(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < $2)
             insert into accounts (app, user_id, created_at, valid_from, seen_at, tiny)
               select $1, 'many' || i, 1, 0, 0, 1000000 + i from n",
            params![APP, many],
        )
    });
    assert_eq!(made.await.unwrap(), many.unsigned_abs());
}

async fn make_events(site: &Site, many: i64, state: i64) {
    let made = site.chat().db.write(0, move |tx| {
        tx.exec(
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < $2)
             insert into webhook_events (app, command, line, client_ip, platform, created_at, state, attempts,
               tried_at, took_ms, failure, body, answer)
             select $1, case when i % 2 = 0 then 'C2C.Even' else 'C2C.Odd' end, i, '', '', i * 1000, $3, 1, 0, 0, '', '{}', ''
             from n",
            params![APP, many, state],
        )
    });
    assert_eq!(made.await.unwrap(), many.unsigned_abs());
}

async fn count(site: &Site, sql: &'static str) -> i64 {
    let read = site.chat().db.read(move |tx| tx.row(sql, params![APP])?.unwrap().int(0));
    read.await.unwrap()
}

/// Files of works that lie in the data folder.
fn files(site: &Site) -> usize {
    std::fs::read_dir(works::folder(&site.node.data_dir)).map_or(0, Iterator::count)
}

async fn all_users_are_exported(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    for (user, nick) in [("ann", "Anna, \"A\""), ("bob", "=1+1"), ("cid", "安娜")] {
        run(&operator, "im_open_login_svc/account_import", json!({ "UserID": user, "Nick": nick })).await;
    }
    make_users(&site, 1000).await;
    let work = done(&operator, "export", json!({ "what": "users", "form": "csv" })).await;
    assert_eq!(
        (&work["kind"], &work["by"], &work["count"]),
        (&json!("users.export"), &json!("olga"), &json!(1004))
    );
    assert_eq!(work["ended_at"], work["started_at"], "the clock stands still: {work}");
    let reply = operator.get(&path(&format!("/{}/file", work["id"]))).await;
    assert_eq!(reply.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = format!("attachment; filename=\"users-{APP}.csv\"");
    assert_eq!(reply.header("content-disposition"), Some(&*name));
    assert_eq!(reply.text.len(), work["bytes"].as_u64().unwrap() as usize);
    let lines: Vec<_> = reply.text.lines().collect();
    assert_eq!(lines[0], "user,nick,face,created_at,seen_at,online,c2c_muted_until,group_muted_until");
    assert_eq!(lines.len(), 1005);
    for line in [
        "ann,\"Anna, \"\"A\"\"\",,1767225600,,false,,",
        "bob,'=1+1,,1767225600,,false,,",
        "cid,安娜,,1767225600,,false,,",
    ] {
        assert!(lines.contains(&line), "{line}");
    }
    let work = done(&operator, "export", json!({ "what": "users", "form": "ndjson" })).await;
    let reply = operator.get(&path(&format!("/{}/file", work["id"]))).await;
    let list = operator.get(&format!("apps/{APP}/users?prefix=bob")).await.json();
    let line = reply.text.lines().find(|it| it.contains("\"bob\"")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), list["users"][0]);
    assert_eq!(reply.text.lines().count(), 1004);
    let audit = operator.get("audit?action=users.export").await.json();
    assert_eq!(audit["entries"][0]["detail"], json!({ "form": "ndjson" }), "{audit}");

    assert_eq!(files(&site), 2);
    site.advance(works::FILE_SECONDS);
    site.chat().console.works.forget_files(site.chat().clock.now());
    assert_eq!(files(&site), 0);
    let again = look(&operator, &work["id"]).await;
    assert!(again["file"].is_null() && again["state"] == "done", "{again}");
    assert_eq!(operator.get(&path(&format!("/{}/file", work["id"]))).await.status, 404);
}

async fn all_groups_are_exported(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    run(&operator, "im_open_login_svc/account_import", json!({ "UserID": "ann" })).await;
    for (kind, group, name) in
        [("Public", "g1", "One"), ("Community", "@TGS#_g2", "-2"), ("Public", "g3", "Gone")]
    {
        let body = json!({ "Type": kind, "GroupId": group, "Name": name, "Owner_Account": "ann" });
        run(&operator, "group_open_http_svc/create_group", body).await;
    }
    run(&operator, "group_open_http_svc/destroy_group", json!({ "GroupId": "g3" })).await;
    let begun = begin(&operator, "export", json!({ "what": "groups", "form": "csv" })).await;
    assert_eq!(begun["rest"]["command"], "group_open_http_svc/get_appid_group_list");
    run(&operator, "group_open_http_svc/get_appid_group_list", begun["rest"]["body"].clone()).await;
    let work = end(&operator, &begun).await;
    let text = operator.get(&path(&format!("/{}/file", work["id"]))).await.text;
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(
        lines,
        [
            "group,kind,name,owner,members,created_at,muted_all",
            "'@TGS#_g2,Community,'-2,ann,1,1767225600,false",
            "g1,Public,One,ann,1,1767225600,false",
            "",
        ]
    );
}

async fn users_are_imported_from_csv_and_ndjson(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    let text = "user,nick,Tag_Profile_IM_Level\r\nann,'=Anna,7\r\nbob,,\r\ncid,Cid,x\r\n\r\nan id that is far too long for any user,,\r\n";
    let begun = begin(&operator, "import", json!({ "form": "csv", "text": text })).await;
    assert_eq!(begun["rest"]["command"], "im_open_login_svc/multiaccount_import");
    assert_eq!(begun["rest"]["body"]["AccountList"][0], json!({ "UserID": "ann", "Nick": "=Anna" }));
    let work = end(&operator, &begun).await;
    assert_eq!(
        (&work["state"], &work["count"], &work["failed"]),
        (&json!("done"), &json!(2), &json!(2)),
        "{work}"
    );
    let faults: Vec<_> =
        work["faults"].as_array().unwrap().iter().map(|it| it["line"].as_i64().unwrap()).collect();
    assert_eq!(faults, [4, 6], "{work}");
    assert!(work["faults"][0]["why"].as_str().unwrap().contains("Tag_Profile_IM_Level"), "{work}");
    let ann = operator.get(&format!("apps/{APP}/users/ann")).await.json();
    assert_eq!((&ann["nick"], &ann["profile"]["Tag_Profile_IM_Level"]), (&json!("=Anna"), &json!(7)));
    assert_eq!(
        operator.get(&format!("apps/{APP}/users/cid")).await.status,
        404,
        "a line is taken whole or not at all"
    );

    let export = done(&operator, "export", json!({ "what": "users", "form": "ndjson" })).await;
    let mut text = operator.get(&path(&format!("/{}/file", export["id"]))).await.text;
    text += "{\"user\":\"bob\",\"nick\":\"Bob\",\"profile\":{\"Tag_Profile_IM_Gender\":\"Gender_Type_Male\"}}\nno JSON\n";
    let work = done(&operator, "import", json!({ "form": "ndjson", "text": text })).await;
    assert_eq!((&work["count"], &work["failed"]), (&json!(4), &json!(1)), "{work}");
    let bob = operator.get(&format!("apps/{APP}/users/bob")).await.json();
    assert_eq!(bob["profile"]["Tag_Profile_IM_Gender"], "Gender_Type_Male");
    assert_eq!(
        operator.get(&format!("apps/{APP}/users/ann")).await.json()["nick"],
        "=Anna",
        "it was only there again"
    );
    let audit = operator.get("audit?action=users.import").await.json();
    assert_eq!(audit["entries"][0]["detail"], json!({ "form": "ndjson", "users": 5 }), "{audit}");
}

async fn an_import_that_is_cancelled_keeps_what_was_done(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    let lines: String = (0..VERY_MANY).map(|it| format!("new{it}\n")).collect();
    let begun = begin(&operator, "import", json!({ "form": "csv", "text": format!("user\n{lines}") })).await;
    let cancelled = operator.post(&path(&format!("/{}/cancel", begun["id"])), json!({})).await;
    assert_eq!((cancelled.status, &cancelled.json()["stopping"]), (200, &json!(true)), "{}", cancelled.text);
    let work = end(&operator, &begun).await;
    assert_eq!(work["state"], "cancelled", "{work}");
    assert!(work["done"].as_i64().unwrap() < VERY_MANY, "{work}");
    let made = count(&site, "select count(*) from accounts where app = $1 and user_id like 'new%'").await;
    assert_eq!((&work["count"], &work["done"]), (&json!(made), &json!(made)));
    let again = operator.post(&path(&format!("/{}/cancel", begun["id"])), json!({})).await;
    assert_eq!(again.status, 409, "{}", again.text);
    let audit = operator.get("audit?action=works.cancel").await.json();
    assert_eq!(audit["entries"][0]["target"], "users.import", "{audit}");
}

async fn an_export_that_is_cancelled_has_no_file(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    make_users(&site, VERY_MANY).await;
    let begun = begin(&operator, "export", json!({ "what": "users", "form": "ndjson" })).await;
    let id = &begun["id"];
    assert_eq!(operator.get(&path(&format!("/{id}/file"))).await.status, 404, "there is none yet");
    assert_eq!(operator.post(&path(&format!("/{id}/cancel")), json!({})).await.status, 200);
    let work = end(&operator, &begun).await;
    assert_eq!(work["state"], "cancelled", "{work}");
    assert!(work["file"].is_null(), "{work}");
    assert_eq!(operator.get(&path(&format!("/{id}/file"))).await.status, 404);
    assert_eq!(files(&site), 0);
}

async fn events_are_replayed_by_times_and_by_ids(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    make_events(&site, 200, 2).await;
    let waiting = "select count(*) from webhook_events where app = $1 and state = 0";
    for (body, events) in [
        (json!({ "from": 10, "until": 20 }), 10),
        (json!({ "from": 10, "until": 20 }), 0),
        (json!({ "from": 20, "until": 20 }), 0),
        (json!({ "from": 20, "until": 40, "command": "C2C.Odd" }), 10),
        (json!({ "from": 195 }), 6),
        (json!({ "until": 10 }), 9),
        (json!({ "first": 100, "last": 109 }), 10),
        (json!({ "first": 100, "last": 119, "from": 105, "until": 115 }), 5),
        (json!({ "first": 1 }), 150),
    ] {
        let work = done(&operator, "replay", body.clone()).await;
        assert_eq!(work["count"], events, "{body}: {work}");
    }
    assert_eq!(count(&site, waiting).await, 200);
    let note = site.chat().db.write(0, |tx| tx.exec("update webhook_events set state = 1", &[]));
    note.await.unwrap();
    assert_eq!(done(&operator, "replay", json!({ "from": 0, "until": 50 })).await["count"], 0);
    let work = done(&operator, "replay", json!({ "from": 0, "until": 50, "delivered": true })).await;
    assert_eq!(work["count"], 49, "{work}");
    let audit = operator.get("audit?action=webhooks.replay").await.json();
    assert_eq!(
        audit["entries"][0]["detail"],
        json!({ "delivered": true, "from": 0, "until": 50 }),
        "{audit}"
    );
}

async fn a_replay_that_is_cancelled_has_put_back_what_it_counted(site: Site) {
    let operator = site.browser("olga", Role::Operator).await;
    make_events(&site, VERY_MANY, 2).await;
    let begun = begin(&operator, "replay", json!({ "first": 1 })).await;
    assert_eq!(operator.post(&path(&format!("/{}/cancel", begun["id"])), json!({})).await.status, 200);
    let work = end(&operator, &begun).await;
    assert_eq!(work["state"], "cancelled", "{work}");
    let waiting = count(&site, "select count(*) from webhook_events where app = $1 and state = 0").await;
    assert_eq!(work["count"], waiting);
    assert!(waiting < VERY_MANY, "{work}");
}

#[tokio::test]
async fn what_cannot_begin_says_why() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    for (what, body, status) in [
        ("replay", json!({}), 400),
        ("replay", json!({ "delivered": true }), 400),
        ("replay", json!({ "first": 2, "last": 1 }), 400),
        ("replay", json!({ "from": 2, "until": 1 }), 400),
        ("replay", json!({ "from": -1 }), 400),
        ("replay", json!({ "until": 1_i64 << 40 }), 200),
        ("replay", json!({ "until": (1_i64 << 40) + 1 }), 400),
        ("export", json!({ "what": "keys", "form": "csv" }), 400),
        ("export", json!({ "what": "users", "form": "xml" }), 400),
        ("import", json!({ "form": "csv", "text": "" }), 400),
        ("import", json!({ "form": "csv", "text": "user,secret\na,b\n" }), 400),
        ("import", json!({ "form": "csv", "text": "user\na\n", "more": 1 }), 400),
        ("7/cancel", json!({}), 404),
        ("x/cancel", json!({}), 400),
    ] {
        let reply = owner.post(&path(&format!("/{what}")), body.clone()).await;
        assert_eq!(reply.status, status, "{what} {body}: {}", reply.text);
    }
    assert_eq!(owner.get(&path("/7/file")).await.status, 404);
}

#[tokio::test]
async fn an_app_has_so_many_works_at_once() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    make_users(&site, VERY_MANY).await;
    for _ in 0..works::RUNNING_MAX {
        begin(&owner, "export", json!({ "what": "users", "form": "csv" })).await;
    }
    let reply = owner.post(&path("/export"), json!({ "what": "users", "form": "csv" })).await;
    assert_eq!(reply.code(), "conflict", "{}", reply.text);
    let audit = owner.get("audit?limit=1").await.json();
    assert_eq!(audit["entries"][0]["action"], "failed", "{audit}");
}

#[tokio::test]
async fn a_file_of_users_may_be_longer_than_other_bodies_but_not_endless() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    // Spaces between the members count as the file does.
    let padded = |bytes: usize| {
        let body = json!({ "form": "csv", "text": "user\nann\n" }).to_string();
        format!("{}{body}", " ".repeat(bytes - body.len()))
    };
    let (cookie, origin) = (format!("magpie_console={}", owner.cookie), format!("http://{}", owner.address));
    let headers = [
        ("Cookie", &*cookie),
        ("Origin", &*origin),
        ("X-Console-Token", &*owner.token),
        ("Content-Type", "application/json"),
    ];
    let line = format!("POST /console/api/{}", path("/import"));
    assert_eq!(owner.raw(&line, &headers, &padded(16 << 20)).await.status, 200);
    let reply = owner
        .post(&path("/export"), json!({ "what": "users", "form": "csv", "pad": "x".repeat(1 << 20) }))
        .await;
    assert_eq!(reply.status, 413, "other endpoints keep their limit");
}

#[tokio::test]
async fn a_viewer_sees_works_and_changes_none() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let (owner, viewer) = (site.owner().await, site.browser("vera", Role::Viewer).await);
    let work = done(&owner, "export", json!({ "what": "users", "form": "csv" })).await;
    let seen = look(&viewer, &work["id"]).await;
    assert_eq!(seen, work);
    for (what, body) in [
        ("export".to_owned(), json!({ "what": "users", "form": "csv" })),
        ("import".to_owned(), json!({ "form": "csv", "text": "user\nann\n" })),
        ("replay".to_owned(), json!({ "first": 1 })),
        (format!("{}/cancel", work["id"]), json!({})),
    ] {
        let reply = viewer.post(&path(&format!("/{what}")), body).await;
        assert_eq!((reply.status, &*reply.code()), (403, "forbidden"), "{what}");
        assert!(reply.text.contains("operator"), "{}", reply.text);
    }
    assert_eq!(viewer.get(&path(&format!("/{}/file", work["id"]))).await.status, 403);
}

#[tokio::test]
async fn what_an_earlier_run_left_is_removed_at_the_start() {
    let folder = store::testing::Folder::new().unwrap();
    let left = works::folder(folder.path());
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("1"), "half").unwrap();
    works::tidy(folder.path()).await.unwrap();
    assert!(!left.exists());
    works::tidy(folder.path()).await.unwrap();
}
