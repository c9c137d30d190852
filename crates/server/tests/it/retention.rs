//! Messages that are older than the app's history are removed, and every answer is the same before and after it.

use serde_json::{Value, json};
use store::{StoreError, Tx};

use crate::{
    clients::Client,
    history::call,
    place::{Engine, START, World},
    run::block_on,
    wire::object,
};

const DAY: i64 = 86_400;
const CLUB: &str = "@TGS#_club";

pub fn engines() -> Vec<Engine> {
    let postgres = store::testing::Postgres::shared().map(|_| Engine::Postgres);
    [Engine::Sqlite].into_iter().chain(postgres).collect()
}

pub async fn ok(world: &World, command: &str, body: Value) -> Result<Value, String> {
    let answer = call(world, command, body).await;
    if answer["ErrorCode"] == 0 { Ok(answer) } else { Err(format!("{command}: {answer}")) }
}

fn text(text: &str) -> Value {
    json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])
}

async fn send(world: &World, from: &str, to: &str, random: u32) -> Result<Value, String> {
    let body = text(&format!("text {random}"));
    let message = json!({"From_Account": from, "To_Account": to, "MsgSeq": random, "MsgRandom": random,
        "MsgBody": body, "SupportMessageExtension": 1});
    ok(world, "openim/sendmsg", message).await
}

pub async fn say(world: &World, group: &str, topic: &str, random: u32, more: Value) -> Result<i64, String> {
    let mut message = json!({"GroupId": group, "TopicId": topic, "From_Account": "ann", "Random": random,
        "MsgBody": text(&format!("text {random}")), "SupportMessageExtension": 1});
    message.as_object_mut().ok_or("an object")?.extend(object(more));
    let sent = ok(world, "group_open_http_svc/send_group_msg", message).await?;
    sent["MsgSeq"].as_i64().ok_or_else(|| sent.to_string())
}

/// What hangs on a message of a group or topic.
async fn decorate(world: &World, bob: &Client, group: &str, topic: &str) -> Result<(), String> {
    let place = |more: Value| {
        let mut body = json!({"GroupId": group, "TopicId": topic});
        body.as_object_mut().expect("an object").extend(object(more));
        body
    };
    for (service, command, body) in [
        (
            "group_open_http_svc",
            "delete_group_ramble_msg_by_seq",
            json!({"Deleter_Account": "bob", "Seqs": [2]}),
        ),
        ("group_open_http_svc", "pin_message", json!({"MsgSeq": 3, "Pinner_Account": "bob"})),
        ("openim_msg_ext_http_svc", "group_reaction_add", json!({"MsgSeq": 3, "Reaction": "like"})),
        (
            "openim_msg_ext_http_svc",
            "group_set_key_values",
            json!({"MsgSeq": 3, "OperateType": 1, "ExtensionList": [{"Key": "k", "Value": "v", "Seq": 0}]}),
        ),
    ] {
        let answer = bob.call(world, service, command, place(body).to_string()).await;
        let answer: Value = serde_json::from_slice(&answer).map_err(|it| it.to_string())?;
        if answer["ErrorCode"] != 0 {
            return Err(format!("{command}: {answer}"));
        }
    }
    let recall = place(json!({"MsgSeqList": [{"MsgSeq": 4}]}));
    ok(world, "group_open_http_svc/group_msg_recall", recall).await.map(drop)
}

/// Conversations, groups and topics with messages of the first day, some with newer ones too.
async fn fill(world: &World) -> Result<Client, String> {
    for user in ["ann", "bob", "cleo"] {
        ok(world, "im_open_login_svc/account_import", json!({"UserID": user})).await?;
    }
    let bob = Client::login(world, "bob").await;
    let members = json!([{"Member_Account": "bob", "Role": "Admin"}]);
    for (id, kind) in [("team", "Public"), ("old", "Public"), (CLUB, "Community")] {
        let new = json!({"Type": kind, "GroupId": id, "Name": "T", "Owner_Account": "ann",
            "SupportTopic": i32::from(id == CLUB), "MemberList": members});
        ok(world, "group_open_http_svc/create_group", new).await?;
    }
    let topic = json!({"GroupId": CLUB, "TopicName": "Cars", "TopicId": format!("{CLUB}@TOPIC#_1")});
    ok(world, "million_group_open_http_svc/create_topic", topic).await?;
    for random in 1..=40 {
        let (from, to) = if random % 3 == 0 { ("bob", "ann") } else { ("ann", "bob") };
        let sent = send(world, from, to, random).await?;
        if random == 5 {
            let key = json!({"From_Account": "ann", "To_Account": "bob", "MsgKey": sent["MsgKey"]});
            let mut set = key.clone();
            let pairs = json!({"OperateType": 1, "ExtensionList": [{"Key": "k", "Value": "v", "Seq": 0}]});
            set.as_object_mut().ok_or("an object")?.extend(object(pairs));
            ok(world, "openim_msg_ext_http_svc/set_key_values", set).await?;
        }
        if random % 4 == 0 {
            send(world, "cleo", "bob", random).await?;
        }
        let mention = if random == 6 {
            json!({"GroupAtInfo": [{"GroupAtAllFlag": 0, "GroupAt_Account": "bob"}]})
        } else {
            json!({})
        };
        say(world, "team", "", random, mention.clone()).await?;
        say(world, "old", "", random, mention.clone()).await?;
        say(world, CLUB, &format!("{CLUB}@TOPIC#_1"), random, mention).await?;
    }
    for (group, topic) in [("team", ""), ("old", ""), (CLUB, "@TGS#_club@TOPIC#_1")] {
        decorate(world, &bob, group, topic).await?;
    }
    world.advance(2 * DAY + DAY / 2);
    // These may still be read.
    for random in 101..=105 {
        send(world, "cleo", "bob", random).await?;
        say(world, "team", "", random, json!({})).await?;
    }
    world.advance(DAY / 2 + 60);
    // The first login has run out.
    Ok(Client::login(world, "bob").await)
}

/// Every answer in which messages, counts or numbers show.
async fn answers(world: &World, bob: &Client) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    let c2c = |peer: &str| json!({"Operator_Account": "bob", "Peer_Account": peer, "MaxCnt": 100, "MinTime": 0, "MaxTime": START + 9 * DAY});
    let mut by_rest = vec![
        ("openim/get_c2c_unread_msg_num", json!({"To_Account": "bob", "Peer_Account": ["ann", "cleo"]})),
        (
            "recentcontact/get_list",
            json!({"From_Account": "bob", "TimeStamp": 0, "StartIndex": 0,
            "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 15}),
        ),
        ("group_open_http_svc/get_group_info", json!({"GroupIdList": ["team", "old", CLUB]})),
        ("group_open_http_svc/get_joined_group_list", json!({"Member_Account": "bob"})),
        ("million_group_open_http_svc/get_topic", json!({"GroupId": CLUB, "From_Account": "bob"})),
        ("openim/admin_getroammsg", c2c("ann")),
        ("openim/admin_getroammsg", c2c("cleo")),
    ];
    let lanes = [("team", ""), ("old", ""), (CLUB, "@TGS#_club@TOPIC#_1")];
    for (group, topic) in lanes {
        for from in [0, 41, 21, 3] {
            let range = json!({"GroupId": group, "TopicId": topic, "ReqMsgNumber": 20, "ReqMsgSeq": from, "WithRecalledMsg": 1});
            by_rest.push(("group_open_http_svc/group_msg_get_simple", range));
        }
    }
    for (command, body) in by_rest {
        found.push((format!("{command} {body}"), call(world, command, body).await));
    }
    let mut by_client = vec![
        (
            "openim",
            "getroammsg",
            json!({"Peer_Account": "ann", "MaxCnt": 15, "LastMsgTime": 0, "MsgKey": ""}),
        ),
        (
            "openim",
            "getroammsg",
            json!({"Peer_Account": "cleo", "MaxCnt": 15, "LastMsgTime": 0, "MsgKey": ""}),
        ),
        ("openim", "getmsg", json!({"Cookie": "", "SyncFlag": 0})),
        (
            "recentcontact",
            "page_get",
            json!({"From_Account": "bob", "TimeStamp": 0, "StartIndex": 0,
            "TopTimeStamp": 0, "TopStartIndex": 0, "AssistFlags": 15, "MaxMsgNum": 100}),
        ),
        (
            "million_group_open_http_svc",
            "get_joined_group_list",
            json!({"Member_Account": "bob", "SupportTopic": 1}),
        ),
        ("million_group_open_http_svc", "get_topic", json!({"GroupId": CLUB, "From_Account": "bob"})),
    ];
    for (group, topic) in lanes {
        let place = json!({"GroupId": group, "TopicId": topic, "ReqMsgNumber": 20, "ReqMsgSeq": 0, "WithRecalledMsg": 1});
        by_client.push(("group_open_http_svc", "group_msg_get", place));
        let chosen = json!({"GroupId": group, "TopicId": topic, "GetType": 3, "ReqMsgSeqList": [1, 3, 4, 39, 40, 41, 45, 99]});
        by_client.push(("group_open_http_svc", "group_msg_get", chosen));
        by_client.push((
            "group_open_http_svc",
            "get_pinned_messages",
            json!({"GroupId": group, "TopicId": topic}),
        ));
    }
    for (service, command, body) in by_client {
        let answer = bob.call(world, service, command, body.to_string()).await;
        let answer = serde_json::from_slice(&answer).expect("an answer is JSON");
        found.push((format!("{service}.{command} {body}"), answer));
    }
    found
}

fn same(before: &[(String, Value)], after: &[(String, Value)]) -> Result<(), String> {
    for (one, other) in before.iter().zip(after) {
        let (mut old, mut new) = (one.1.clone(), other.1.clone());
        // The numbers of events in an answer are drawn at random.
        for it in [&mut old, &mut new] {
            it.as_object_mut().ok_or("an object")?.remove("TimeStamp");
        }
        if old != new {
            return Err(format!("{}\nbefore {old}\nafter  {new}", one.0));
        }
    }
    Ok(())
}

const COUNTED: [(&str, &str); 6] = [
    ("messages", "select count(*) from messages"),
    ("group messages", "select count(*) from group_messages"),
    ("extensions", "select count(*) from message_extensions"),
    ("reactions", "select count(*) from message_reactions"),
    ("pins", "select count(*) from group_pins"),
    ("mentions", "select count(*) from group_mentions"),
];

fn counts(tx: &mut dyn Tx) -> Result<Vec<(&'static str, i64)>, StoreError> {
    COUNTED.iter().map(|(name, sql)| Ok((*name, tx.rows(sql, &[])?[0].int(0)?))).collect()
}

async fn goes(engine: Engine) -> Result<(), String> {
    let settings = object(json!({"messages.history_days": 1, "operations.history_days": 1}));
    let world = World::new(engine, START, &settings).await;
    let bob = fill(&world).await?;
    let before = answers(&world, &bob).await;
    let count = async || world.chat().db.read(counts).await.map_err(|it: StoreError| it.to_string());
    let full = count().await?;
    if let Some(failed) = before.iter().find(|it| it.1["ErrorCode"] != 0) {
        return Err(format!("{failed:?}"));
    }
    if full.iter().any(|it| it.1 == 0) {
        return Err(format!("something that should go was never there: {full:?}"));
    }
    // A crash may leave any number of the oldest ones removed.
    let crashed = world.chat().db.write(0, |tx| {
        for lane in 0..20 {
            store::retention::remove_older(tx, lane, START + DAY, 3)?;
            store::retention::remove_numbers(tx, lane, 40, 3)?;
        }
        Ok::<_, StoreError>(())
    });
    crashed.await.map_err(|it| it.to_string())?;
    same(&before, &answers(&world, &bob).await)?;
    let mut removed = 0;
    loop {
        let step = world.chat().remove_expired_messages().await.map_err(|it| it.to_string())?;
        removed += step.messages;
        if step.is_done {
            break;
        }
    }
    same(&before, &answers(&world, &bob).await)?;
    // What stays: cleo's five, team's five; of the others the newest number.
    let left = count().await?;
    let expected = [
        ("messages", 5),
        ("group messages", 5 + 1 + 1),
        ("extensions", 0),
        ("reactions", 0),
        ("pins", 0),
        ("mentions", 0),
    ];
    if left != expected || removed == 0 {
        return Err(format!("{removed} went of {full:?}, {left:?} are left"));
    }
    // The numbers go on.
    for (group, topic, seq) in [("team", "", 46), ("old", "", 41), (CLUB, "@TGS#_club@TOPIC#_1", 41)] {
        let found = say(&world, group, topic, 900, json!({})).await?;
        if found != seq {
            return Err(format!("the next number of {group} is {found}"));
        }
    }
    Ok(())
}

pub fn what_is_too_old_goes_and_nobody_notices() -> Result<(), String> {
    engines().into_iter().try_for_each(|engine| block_on(goes(engine)))
}

async fn stays(engine: Engine) -> Result<(), String> {
    let world = World::new(engine, START, &object(json!({}))).await;
    fill(&world).await?;
    world.advance(1000 * DAY);
    let step = world.chat().remove_expired_messages().await.map_err(|it| it.to_string())?;
    if step.messages == 0 && step.is_done { Ok(()) } else { Err(format!("{step:?}")) }
}

pub fn history_without_a_period_stays() -> Result<(), String> {
    engines().into_iter().try_for_each(|engine| block_on(stays(engine)))
}
