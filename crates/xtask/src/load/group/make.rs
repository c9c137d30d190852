//! Makes groups and puts members into them, and says their messages.

use std::fmt::Write;

use anyhow::{Context, ensure};
use client::Rest;
use serde_json::json;

use super::super::lane::Mark;

/// Members in one call.
const IMPORT_MAX: usize = 300;
/// The most that a Public group may have; larger ones are communities.
const PUBLIC_MAX: usize = 6000;
/// Length of a text.
const PAYLOAD_BYTES: usize = 100;

/// The type of a group with so many members.
pub fn group_type(members: usize) -> &'static str {
    if members <= PUBLIC_MAX { "Public" } else { "Community" }
}

/// The id of a group with so many members: that of a community has to begin as the server's own do.
pub fn id(members: usize, name: &str) -> String {
    if members <= PUBLIC_MAX { name.to_owned() } else { format!("@TGS#_{name}") }
}

/// `members` are all of its members, the first of them its owner.
pub async fn group(rest: &Rest, id: &str, members: &[String]) -> anyhow::Result<()> {
    make(rest, id, group_type(members.len()), members).await
}

/// The same, a community however few they are.
pub async fn community(rest: &Rest, id: &str, members: &[String]) -> anyhow::Result<()> {
    make(rest, id, "Community", members).await
}

async fn make(rest: &Rest, id: &str, group_type: &str, members: &[String]) -> anyhow::Result<()> {
    let (owner, others) = members.split_first().context("a group has members")?;
    let body = json!({ "Owner_Account": owner, "Type": group_type, "GroupId": id, "Name": "Load" });
    rest.call("group_open_http_svc/create_group", &body).await?;
    for some in others.chunks(IMPORT_MAX) {
        let list: Vec<_> = some.iter().map(|it| json!({ "Member_Account": it })).collect();
        let body = json!({ "GroupId": id, "MemberList": list });
        let answer = rest.call("group_open_http_svc/import_group_member", &body).await?;
        let results = answer["MemberList"].as_array().context("no results of members")?;
        let failed = results.iter().find(|it| it["Result"] != 1);
        ensure!(failed.is_none() && results.len() == some.len(), "not imported: {failed:?}");
    }
    Ok(())
}

/// The body of a send with this mark.
pub fn message(group: &str, from: &str, mark: Mark) -> String {
    // Unlike those of the neighbours.
    let random = mark.number.wrapping_mul(2_654_435_761) % 100_000_000;
    let mut body = String::new();
    write!(
        body,
        r#"{{"GroupId":"{group}","From_Account":"{from}","Random":{random},"MsgBody":[{{"MsgType":"TIMTextElem","MsgContent":{{"Text":""#
    )
    .expect("a string takes every write");
    mark.write(&mut body, PAYLOAD_BYTES);
    body.push_str(r#""}}]}"#);
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_json_with_its_mark() {
        let mark = Mark { lane: 3, number: 7, due: 9 };
        let value: serde_json::Value = serde_json::from_str(&message("g", "ann", mark)).expect("it is JSON");
        assert_eq!((&value["GroupId"], &value["From_Account"]), (&"g".into(), &"ann".into()));
        let text = value["MsgBody"][0]["MsgContent"]["Text"].as_str().expect("it is a text");
        assert_eq!((text.len(), Mark::read(text)), (PAYLOAD_BYTES, Some(mark)));
    }

    #[test]
    fn a_public_group_takes_6000() {
        assert_eq!((group_type(6000), group_type(6001)), ("Public", "Community"));
        assert_eq!((&*id(6000, "g"), &*id(6001, "g")), ("g", "@TGS#_g"));
    }
}
