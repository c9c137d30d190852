//! The files of past hours of groups: what was said is in them as it was sent, even when the group is gone.

use serde_json::{Value, json};

use crate::{
    history::{HOUR, call, pass_the_hour, scene, text},
    place::{APP, Engine, START, World},
    run::block_on,
    wire::object,
};

async fn ok(world: &World, command: &str, body: Value) -> Result<Value, String> {
    let answer = call(world, command, body).await;
    if answer["ErrorCode"] == 0 { Ok(answer) } else { Err(format!("{command}: {answer}")) }
}

async fn say(world: &World, group: &str, from: &str, random: u32, more: Value) -> Result<Value, String> {
    let body = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": format!("text {random}")}}]);
    let mut request = json!({"GroupId": group, "From_Account": from, "Random": random, "MsgBody": body});
    request.as_object_mut().ok_or("an object")?.extend(object(more));
    ok(world, "group_open_http_svc/send_group_msg", request).await
}

fn line(group: &str, from: &str, at: i64, (seq, random): (i64, u32), text: &str, more: &str) -> String {
    format!(
        r#"{{"From_Account":"{from}","GroupId":"{group}","MsgTimestamp":{at},"MsgSeq":{seq},"MsgRandom":{random},"MsgFromPlatform":"RESTAPI","MsgBody":[{{"MsgContent":{{"Text":"{text}"}},"MsgType":"TIMTextElem"}}]{more}}}"#
    )
}

/// Changed, recalled and targeted messages are there, and those of a dismissed group; tips, imported and online-only
/// ones are not.
pub fn what_groups_said_is_kept_as_it_was_sent() -> Result<(), String> {
    let mut engines = vec![Engine::Sqlite];
    if store::testing::Postgres::shared().is_some() {
        engines.push(Engine::Postgres);
    }
    engines.into_iter().try_for_each(|engine| block_on(as_it_was_sent(engine)))
}

async fn as_it_was_sent(engine: Engine) -> Result<(), String> {
    let world = scene(engine).await;
    for group in ["team", "gone"] {
        let new = json!({"Type": "Public", "GroupId": group, "Name": "T", "Owner_Account": "ann",
            "MemberList": [{"Member_Account": "bob"}]});
        ok(&world, "group_open_http_svc/create_group", new).await?;
    }
    say(&world, "team", "ann", 1, json!({"CloudCustomData": "c"})).await?;
    say(&world, "team", "bob", 2, json!({"To_Account": ["ann"]})).await?;
    say(&world, "team", "bob", 3, json!({"OnlineOnlyFlag": 1})).await?;
    let renamed = json!({"GroupId": "team", "Name": "New"});
    ok(&world, "group_open_http_svc/modify_group_base_info", renamed).await?;
    let import = json!({"GroupId": "team", "MsgList": [{"From_Account": "ann", "SendTime": START, "Random": 4,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "old"}}]}]});
    ok(&world, "group_open_http_svc/import_group_msg", import).await?;
    say(&world, "gone", "bob", 5, json!({})).await?;
    world.advance(3599);
    say(&world, "team", "ann", 6, json!({})).await?;
    world.advance(1);
    say(&world, "team", "ann", 7, json!({})).await?;
    let changed = json!([{"MsgType": "TIMTextElem", "MsgContent": {"Text": "changed"}}]);
    for body in [changed.clone(), changed] {
        let modify = json!({"GroupId": "team", "MsgSeq": 1, "MsgBody": body, "CloudCustomData": "new"});
        ok(&world, "openim/modify_group_msg", modify).await?;
    }
    let recall = json!({"GroupId": "team", "MsgSeqList": [{"MsgSeq": 2}]});
    ok(&world, "group_open_http_svc/group_msg_recall", recall).await?;
    ok(&world, "group_open_http_svc/destroy_group", json!({"GroupId": "gone"})).await?;
    pass_the_hour(&world).await;
    let lines = [
        line("team", "ann", START, (1, 1), "text 1", r#","CloudCustomData":"c""#),
        line("gone", "bob", START, (1, 5), "text 5", ""),
        line("team", "bob", START, (2, 2), "text 2", ""),
        line("team", "ann", START + 3599, (5, 6), "text 6", ""),
    ];
    let expected = format!(
        "{{\"SdkAppId\":{APP},\"ChatType\":\"Group\",\"MsgTime\":\"{HOUR}\",\"MsgList\":[\n{}\n]}}",
        lines.join(",\n")
    );
    let found = text(&world, &format!("{APP}_Group_{HOUR}.gz"));
    if found != expected {
        return Err(format!("expected {expected}\n   found {found}"));
    }
    serde_json::from_str::<Value>(&found).map_err(|it| it.to_string())?;
    Ok(())
}
