//! Somebody in many groups turns the pages of the conversation list while groups go on talking.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    place::{START, World},
    retention::{engines, ok, say},
    run::block_on,
    wire::object,
};

const GROUPS: u32 = 250;

/// One page, and the cursor of the next.
async fn page(world: &World, cursor: &Value) -> Result<(Value, Value), String> {
    let mut body = json!({"From_Account": "bob", "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0,
        "TopStartIndex": 0, "AssistFlags": 15});
    body.as_object_mut().ok_or("an object")?.extend(object(cursor.clone()));
    let answer = ok(world, "recentcontact/get_list", body).await?;
    let next = json!({"TimeStamp": answer["TimeStamp"], "StartIndex": answer["StartIndex"],
        "TopTimeStamp": answer["TopTimeStamp"], "TopStartIndex": answer["TopStartIndex"]});
    Ok((answer, next))
}

/// Between the first page and the second a group of each speaks, is left, and goes from the list.
async fn change(world: &World, names: &[String]) -> Result<(), String> {
    world.advance(5);
    let (first, second) = (&names[0], &names[120]);
    say(world, second, "", 7777, json!({})).await?;
    say(world, first, "", 7778, json!({})).await?;
    let leaves = json!({"GroupId": names[130], "MemberToDel_Account": ["bob"]});
    ok(world, "group_open_http_svc/delete_group_member", leaves).await?;
    let gone = json!({"From_Account": "bob", "Type": 2, "ToGroupid": names[140], "ClearRamble": 0});
    ok(world, "recentcontact/delete", gone).await.map(drop)
}

async fn turn_pages(world: &World) -> Result<(), String> {
    for user in ["ann", "bob"] {
        ok(world, "im_open_login_svc/account_import", json!({"UserID": user})).await?;
    }
    let members = json!([{"Member_Account": "bob"}]);
    // The last to speak is the first in the list.
    let mut names: Vec<_> = (1..=GROUPS).map(|it| format!("g{it}")).collect();
    for (it, name) in (1..).zip(&names) {
        let new = json!({"Type": "Public", "GroupId": name, "Name": "T", "Owner_Account": "ann",
            "MemberList": members});
        ok(world, "group_open_http_svc/create_group", new).await?;
        say(world, name, "", it, json!({})).await?;
        world.advance(if it % 3 == 0 { 1 } else { 0 });
    }
    names.reverse();

    let (mut seen, mut cursor) = (BTreeMap::new(), json!({}));
    for number in 0.. {
        let (answer, next) = page(world, &cursor).await?;
        for it in answer["SessionItem"].as_array().ok_or("a list")? {
            let name = it["GroupId"].as_str().ok_or("a group")?.to_owned();
            if seen.insert(name.clone(), it["MsgTime"].clone()).is_some() {
                return Err(format!("{name} is listed twice"));
            }
        }
        if answer["CompleteFlag"] == 1 {
            break;
        }
        if number == 0 {
            change(world, &names).await?;
        }
        cursor = next;
    }
    let now = world.now();
    for (place, name) in names.iter().enumerate() {
        let is_listed = seen.contains_key(name);
        if is_listed == [130, 140].contains(&place) {
            return Err(format!("{name}, number {place}: listed is {is_listed}"));
        }
    }
    // What spoke meanwhile is where it was, with what it says now.
    let spoke = &seen[&names[120]];
    if spoke != now { Err(format!("{spoke} of {now}")) } else { Ok(()) }
}

pub fn every_group_is_listed_once_whatever_happens_between_the_pages() -> Result<(), String> {
    for engine in engines() {
        block_on(async {
            let world = World::new(engine, START, &object(json!({"conversation.max": 1000}))).await;
            turn_pages(&world).await
        })?;
    }
    Ok(())
}
