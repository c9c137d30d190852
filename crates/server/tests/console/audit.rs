//! What is written down, and that it cannot be changed unseen.

use chat::console::Role;
use serde_json::{Value, json};

use crate::client::{APP, PASSWORD, Site, on_both_engines};

on_both_engines! {
    what_operators_do_is_written_down_in_its_order
    each_change_of_the_log_is_seen
    the_log_can_be_paged_and_searched
}

/// Actions of all rows, oldest first.
async fn actions(site: &Site) -> Vec<String> {
    site.chat().audit_after(0).await.unwrap().into_iter().map(|it| it.action).collect()
}

async fn what_operators_do_is_written_down_in_its_order(site: Site) {
    let owner = site.owner().await;
    let start = actions(&site).await.len();
    let app = format!("apps/{APP}");
    let message = json!({ "From_Account": "administrator", "To_Account": "ann", "MsgRandom": 1,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }] });
    let rows = [
        ("apps".to_owned(), json!({ "sdkappid": 7, "name": "Seven" }), vec!["apps.create"]),
        ("apps/7/enabled".to_owned(), json!({ "enabled": false }), vec!["apps.disable"]),
        (format!("{app}/settings"), json!({ "set": { "app.name": "One" } }), vec!["apps.settings"]),
        (format!("{app}/settings"), json!({ "set": { "no.such": 1 } }), vec![]),
        (format!("{app}/keys/show"), json!({}), vec!["keys.show"]),
        (format!("{app}/keys/rotate"), json!({}), vec!["keys.rotate"]),
        (format!("{app}/keys/drop-old"), json!({}), vec!["keys.drop-old"]),
        (
            format!("{app}/commands/im_open_login_svc/account_import"),
            json!({ "UserID": "ann" }),
            vec!["command"],
        ),
        (format!("{app}/commands/openim/sendmsg"), message, vec!["command"]),
        (format!("{app}/commands/openim/sendmsg"), json!({}), vec!["command", "failed"]),
        (format!("{app}/commands/openim/query_online_status"), json!({ "To_Account": ["ann"] }), vec![]),
        (format!("{app}/webhooks/replay"), json!({ "first": 1 }), vec!["webhooks.replay"]),
        (format!("{app}/usersig/make"), json!({ "user": "ann" }), vec!["usersig.make"]),
        (format!("{app}/usersig/verify"), json!({ "usersig": "x" }), vec![]),
        ("webhooks/certificates".to_owned(), json!({}), vec!["webhooks.certificates"]),
        ("operators".to_owned(), json!({ "user": "bob", "role": "viewer" }), vec!["operators.add"]),
        ("operators/bob/role".to_owned(), json!({ "role": "operator" }), vec!["operators.role"]),
        ("operators/bob/link".to_owned(), json!({}), vec!["operators.link"]),
        ("operators/bob/remove".to_owned(), json!({}), vec!["operators.remove"]),
        ("operators/bob/remove".to_owned(), json!({}), vec![]),
        ("sign-in".to_owned(), json!({ "user": "root", "password": "wrong" }), vec!["sign-in.refused"]),
        ("sign-in".to_owned(), json!({ "user": "nobody", "password": "wrong" }), vec![]),
        ("sign-in".to_owned(), json!({ "user": "root", "password": PASSWORD }), vec!["sign-in"]),
    ];
    let mut expected = Vec::new();
    for (path, body, written) in rows {
        owner.post(&path, body).await;
        expected.extend(written);
        assert_eq!(actions(&site).await[start..], expected[..], "after {path}");
    }
    for (path, action) in
        [("audit.ndjson", "audit.export"), (&*format!("{app}/users.ndjson"), "users.export")]
    {
        assert_eq!(owner.get(path).await.status, 200);
        expected.push(action);
    }
    assert_eq!(actions(&site).await[start..], expected[..]);
    let all = site.chat().audit_after(0).await.unwrap();
    let made = all.iter().find(|it| it.action == "apps.create").unwrap();
    assert_eq!((&*made.operator, &*made.role, &*made.address, made.app), ("root", "owner", "127.0.0.1", 7));
    assert!(site.chat().verify_audit().await.unwrap().broken.is_none());
}

async fn each_change_of_the_log_is_seen(site: Site) {
    let owner = site.owner().await;
    let path = format!("apps/{APP}/keys/show");
    for _ in 0..5 {
        owner.post(&path, json!({})).await;
    }
    let good = owner.get("audit/verify").await.json();
    assert_eq!((&good["good"], &good["first"]), (&json!(true), &json!(1)), "{good}");
    let last = good["last"].as_i64().unwrap();
    let rows: [(&'static str, &'static str, i64); 7] = [
        ("update console_audit set operator = 'ann' where id = 3", "operator", 3),
        ("update console_audit set at_ms = at_ms + 1 where id = 4", "time", 4),
        ("update console_audit set detail = '{}' where id = 2", "detail", 2),
        ("update console_audit set hash = previous where id = 3", "hash", 3),
        ("update console_audit set id = 99 where id = 3", "number", 3),
        ("delete from console_audit where id = 1", "the first", 1),
        ("delete from console_audit where id > 5", "the last ones", 6),
    ];
    let db = &site.chat().db;
    db.write(0, |tx| tx.exec("create table kept as select * from console_audit", &[])).await.unwrap();
    for (sql, what, row) in rows {
        db.write(0, move |tx| tx.exec(sql, &[])).await.unwrap();
        let bad = owner.get("audit/verify").await.json();
        assert_eq!((&bad["good"], &bad["broken_at"]), (&json!(false), &json!(row)), "{what}: {bad}");
        db.write(0, |tx| {
            tx.exec("delete from console_audit", &[])?;
            tx.exec("insert into console_audit select * from kept", &[])
        })
        .await
        .unwrap();
    }
    assert_eq!(owner.get("audit/verify").await.json()["last"], last);
}

async fn the_log_can_be_paged_and_searched(site: Site) {
    let owner = site.owner().await;
    let ann = site.browser("ann", Role::Operator).await;
    let path = format!("apps/{APP}/keys/show");
    for number in 0..7 {
        let who = if number % 2 == 0 { &owner } else { &ann };
        who.post(&path, json!({})).await;
    }
    let all = owner.get("audit?limit=500").await.json();
    let ids = |it: &Value| {
        it["entries"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    let mut paged = Vec::new();
    let mut query = "audit?limit=3".to_owned();
    loop {
        let page = owner.get(&query).await.json();
        paged.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("audit?limit=3&before={next}");
    }
    assert_eq!(paged, ids(&all));
    let found = owner.get("audit?operator=ann&action=keys.show&sdkappid=1400000001").await.json();
    assert_eq!(ids(&found).len(), 3, "{found}");
    let lines = owner.get("audit.ndjson").await.text;
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["action"], "audit.export");
    assert_eq!(lines.lines().count(), paged.len() + 1);
}
