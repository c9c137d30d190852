//! Users, groups, conversations, and the explanation of a message.

use chat::webhooks::{Attempt, Request, Transport};
use serde_json::{Value, json};

use crate::client::{APP, Browser, Engine, Site, encoded, on_both_engines};

on_both_engines! {
    all_users_can_be_paged_and_found
    groups_and_members_can_be_paged
    a_conversation_is_shown_whole
    a_message_is_explained
    deliveries_can_be_looked_at_and_repeated
}

/// Runs a command that must succeed.
async fn run(browser: &Browser, command: &str, body: Value) -> Value {
    let reply = browser.post(&format!("apps/{APP}/commands/{command}"), body).await;
    let answer = reply.json()["answer"].clone();
    assert_eq!(answer["ErrorCode"], 0, "{command}: {}", reply.text);
    answer
}

async fn import(browser: &Browser, users: &[(&str, &str)]) {
    for chunk in users.chunks(100) {
        let list: Vec<_> = chunk.iter().map(|it| json!({ "UserID": it.0, "Nick": it.1 })).collect();
        run(browser, "im_open_login_svc/multiaccount_import", json!({ "AccountList": list })).await;
    }
}

/// Values of a member of all entries of all pages.
async fn all(browser: &Browser, path: &str, list: &str, member: &str) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), String::new());
    let place = if path.contains("messages") || path.contains("log") { "before" } else { "after" };
    loop {
        let sign = if path.contains('?') { '&' } else { '?' };
        let page = browser.get(&format!("apps/{APP}/{path}{sign}{place}={next}")).await.json();
        let entries = page[list].as_array().unwrap_or_else(|| panic!("{path}: {page}"));
        found.extend(entries.iter().map(|it| match &it[member] {
            Value::String(it) => it.clone(),
            it => it.to_string(),
        }));
        match page["next"].as_str() {
            Some(it) => it.clone_into(&mut next),
            None => return found,
        }
    }
}

async fn all_users_can_be_paged_and_found(site: Site) {
    let owner = site.owner().await;
    let names: Vec<_> = (0..230).map(|it| format!("user{it:03}")).collect();
    let users: Vec<_> = names.iter().map(|it| (&**it, "")).collect();
    import(&owner, &users).await;
    let nicks = [("zoe", "Anna"), ("yan", "Anton"), ("xia", "安娜"), ("wim", "\"Ann\""), ("User000", "anna")];
    import(&owner, &nicks).await;
    let mut expected: Vec<_> =
        names.iter().map(|it| &**it).chain(nicks.map(|it| it.0)).chain(["administrator"]).collect();
    expected.sort_unstable();
    assert_eq!(all(&owner, "users?limit=50", "users", "user").await, expected);
    assert_eq!(all(&owner, "users?limit=7&prefix=user22", "users", "user").await, names[220..230]);
    assert_eq!(all(&owner, "users?prefix=user2200", "users", "user").await, [""; 0]);
    assert_eq!(all(&owner, "users?prefix=%25", "users", "user").await, [""; 0]);
    for (nick, found) in [
        ("An", vec!["User000", "zoe", "yan"]),
        ("Anna", vec!["User000", "zoe"]),
        ("ANTON", vec!["yan"]),
        ("ａｎｔ", vec!["yan"]),
        ("nna", vec![]),
        ("安", vec!["xia"]),
        ("\"", vec!["wim"]),
        ("b", vec![]),
    ] {
        for limit in [1, 50] {
            let path = format!("users?limit={limit}&nickname={}", encoded(nick));
            assert_eq!(all(&owner, &path, "users", "user").await, found, "{nick} {limit}");
        }
    }
    let lines = owner.get(&format!("apps/{APP}/users.ndjson")).await.text;
    assert_eq!(lines.lines().count(), expected.len());
    let one = owner.get(&format!("apps/{APP}/users/zoe")).await.json();
    assert_eq!((&one["nick"], &one["profile"]["Tag_Profile_IM_Nick"]), (&json!("Anna"), &json!("Anna")));
}

async fn groups_and_members_can_be_paged(site: Site) {
    let owner = site.owner().await;
    import(&owner, &[("ann", ""), ("bob", ""), ("cid", "")]).await;
    for (kind, ids) in [("Public", ["a1", "b1"]), ("ChatRoom", ["a2", "b2"])] {
        for id in ids {
            let body = json!({ "Type": kind, "GroupId": id, "Name": "A name", "Owner_Account": "ann",
                "MemberList": [{ "Member_Account": "bob" }, { "Member_Account": "cid" }] });
            run(&owner, "group_open_http_svc/create_group", body).await;
        }
    }
    for (query, found) in [
        ("limit=1", vec!["a1", "a2", "b1", "b2"]),
        ("limit=1&kind=Public", vec!["a1", "b1"]),
        ("limit=1&prefix=a", vec!["a1", "a2"]),
        ("kind=ChatRoom&prefix=b", vec!["b2"]),
        ("kind=Community", vec![]),
    ] {
        assert_eq!(all(&owner, &format!("groups?{query}"), "groups", "group").await, found, "{query}");
    }
    assert_eq!(all(&owner, "groups/a1/members?limit=2", "members", "user").await, ["ann", "bob", "cid"]);
    run(&owner, "group_open_http_svc/destroy_group", json!({ "GroupId": "a1" })).await;
    assert_eq!(all(&owner, "groups", "groups", "group").await, ["a2", "b1", "b2"]);
    assert_eq!(owner.get(&format!("apps/{APP}/groups/a1")).await.status, 404);
    let one = owner.get(&format!("apps/{APP}/groups/b1")).await.json();
    assert_eq!((&one["kind"], &one["owner"], &one["members"]), (&json!("Public"), &json!("ann"), &json!(3)));
}

async fn send(browser: &Browser, from: &str, to: &str, number: i64) -> String {
    let body = json!({ "From_Account": from, "To_Account": to, "MsgSeq": number, "MsgRandom": number,
        "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": format!("text {number}") } }] });
    run(browser, "openim/sendmsg", body).await["MsgKey"].as_str().unwrap().to_owned()
}

async fn a_conversation_is_shown_whole(site: Site) {
    let owner = site.owner().await;
    import(&owner, &[("ann", "Anna"), ("bob", "")]).await;
    let mut keys = Vec::new();
    for number in 1..=9 {
        let (from, to) = if number % 2 == 0 { ("ann", "bob") } else { ("bob", "ann") };
        keys.push(send(&owner, from, to, number).await);
    }
    keys.reverse();
    let recall = json!({ "From_Account": "ann", "To_Account": "bob", "MsgKey": keys[1] });
    run(&owner, "openim/admin_msgwithdraw", recall).await;
    for limit in [1, 4, 500] {
        let path = format!("messages/c2c?one=ann&other=bob&limit={limit}");
        assert_eq!(all(&owner, &path, "messages", "key").await, keys, "by {limit}");
    }
    let page = owner.get(&format!("apps/{APP}/messages/c2c?one=bob&other=ann&limit=2")).await.json();
    let (newest, recalled) = (&page["messages"][0], &page["messages"][1]);
    assert_eq!(
        (&newest["from"], &newest["to"], &newest["flags"]),
        (&json!("bob"), &json!("ann"), &json!([]))
    );
    assert_eq!((&recalled["nick"], &recalled["flags"]), (&json!("Anna"), &json!(["recalled"])));
    assert_eq!(recalled["body"][0]["MsgContent"]["Text"], "text 8", "an operator sees what was recalled");
    assert_eq!(page["rest"]["command"], "openim/admin_getroammsg");
    assert_eq!(all(&owner, "messages/c2c?one=ann&other=nobody", "messages", "key").await, [""; 0]);
}

async fn a_message_is_explained(site: Site) {
    let owner = site.owner().await;
    import(&owner, &[("ann", ""), ("bob", "")]).await;
    let set = json!({ "webhooks.url": "http://backend.example/", "webhooks.commands": {
        "C2C.CallbackAfterSendMsg": true, "Group.CallbackAfterSendMsg": true } });
    assert_eq!(owner.post(&format!("apps/{APP}/settings"), json!({ "set": set })).await.status, 200);
    let keys = [send(&owner, "ann", "bob", 1).await, send(&owner, "ann", "bob", 2).await];
    let explain = |key: &str| format!("apps/{APP}/messages/c2c/explain?from=ann&to=bob&key={key}");
    let it = owner.get(&explain(&keys[1])).await.json();
    assert_eq!(it["message"]["key"], keys[1]);
    assert_eq!((&it["facts"]["place"], &it["facts"]["read"]), (&json!(1), &json!("no")), "{it}");
    assert_eq!(it["webhooks"].as_array().unwrap().len(), 1, "only its own: {it}");
    assert_eq!(it["webhooks"][0]["command"], "C2C.CallbackAfterSendMsg");
    run(&owner, "openim/admin_set_msg_read", json!({ "Report_Account": "bob", "Peer_Account": "ann" })).await;
    assert_eq!(owner.get(&explain(&keys[1])).await.json()["facts"]["read"], "yes");

    let body = json!({ "Type": "Public", "GroupId": "g1", "Name": "A name", "Owner_Account": "ann",
        "MemberList": [{ "Member_Account": "bob" }] });
    run(&owner, "group_open_http_svc/create_group", body).await;
    let mut seqs = Vec::new();
    for random in [71, 72] {
        let body = json!({ "GroupId": "g1", "From_Account": "bob", "Random": random,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "all" } }] });
        let answer = run(&owner, "group_open_http_svc/send_group_msg", body).await;
        seqs.push(answer["MsgSeq"].as_i64().unwrap());
    }
    let it = owner.get(&format!("apps/{APP}/messages/group/explain?group=g1&seq={}", seqs[0])).await.json();
    assert_eq!((&it["message"]["from"], &it["message"]["random"]), (&json!("bob"), &json!(71)), "{it}");
    assert_eq!(it["webhooks"].as_array().unwrap().len(), 1, "only its own: {it}");
    assert_eq!(owner.get(&format!("apps/{APP}/messages/group/explain?group=g1&seq=99")).await.status, 404);
}

/// A backend that answers well.
struct Backend;

impl Transport for Backend {
    fn post<'a>(&'a self, _: &'a std::sync::Arc<chat::apps::State>, it: &'a Request) -> Attempt<'a> {
        Box::pin(async move { Ok(json!({ "ActionStatus": "OK", "echo": it.command }).to_string()) })
    }
}

async fn deliveries_can_be_looked_at_and_repeated(site: Site) {
    let owner = site.owner().await;
    import(&owner, &[("ann", ""), ("bob", "")]).await;
    let set = json!({ "webhooks.url": "http://backend.example/", "webhooks.commands": {
        "C2C.CallbackAfterSendMsg": true, "Profile.CallbackPortraitSet": true } });
    owner.post(&format!("apps/{APP}/settings"), json!({ "set": set })).await;
    for number in 1..=5 {
        send(&owner, "ann", "bob", number).await;
    }
    let log = "webhooks/log?limit=2";
    assert_eq!(all(&owner, log, "events", "state").await, ["waiting"; 5]);
    let ids = all(&owner, log, "events", "id").await;
    for (query, count) in [
        ("command=C2C.CallbackAfterSendMsg", 5),
        ("command=Profile.CallbackPortraitSet", 0),
        ("state=waiting", 5),
        ("state=delivered", 0),
    ] {
        assert_eq!(
            all(&owner, &format!("webhooks/log?{query}"), "events", "id").await.len(),
            count,
            "{query}"
        );
    }
    let one = owner.get(&format!("apps/{APP}/webhooks/log/{}", ids[0])).await.json();
    assert_eq!((&one["body"]["MsgRandom"], &one["attempts"]), (&json!(5), &json!(0)), "{one}");
    let done = site.chat().db.write(0, |tx| tx.exec("update webhook_events set state = 2", &[]));
    assert_eq!(done.await.unwrap(), 5);
    assert_eq!(all(&owner, "webhooks/log", "events", "state").await, ["given-up"; 5]);
    let body = json!({ "first": ids[4].parse::<i64>().unwrap(), "last": ids[1].parse::<i64>().unwrap() });
    let replayed = owner.post(&format!("apps/{APP}/webhooks/replay"), body).await.json();
    assert_eq!(replayed["events"], 4);

    site.chat().webhooks.connect(std::sync::Arc::new(Backend));
    let tested = owner.post(&format!("apps/{APP}/webhooks/test"), json!({})).await.json();
    assert_eq!(tested["answer"]["echo"], "Test.Ping");
}

#[tokio::test]
async fn statistics_are_those_of_the_command() {
    let site = Site::open(Engine::Sqlite).await.unwrap();
    let owner = site.owner().await;
    let shown = owner.get(&format!("apps/{APP}/statistics")).await.json();
    let answer = run(&owner, "openconfigsvr/getappinfo", json!({})).await;
    assert_eq!(shown["days"], answer["Result"]);
    assert_eq!(shown["rest"], json!({ "command": "openconfigsvr/getappinfo", "body": {} }));
}
