//! The user with long lists and everybody else, and how a server gets them.

use anyhow::{Context, ensure};
use client::Rest;
use serde_json::{Value, json};

const ACCOUNTS: usize = 10_000;
pub const FRIENDS: usize = 3000;
const BLOCKED: usize = 1000;
pub const CONVERSATIONS: usize = 500;
/// Three of five conversations are marked.
const MARKED: [bool; 5] = [true, true, true, false, false];
/// Each friend is in two of them.
pub const LISTS: usize = 12;
/// Entries of a page whose length the server chooses, and the most accounts or marks of a call.
pub const PAGE: usize = 100;
/// The most relations of a call.
pub const RELATIONS: usize = 1000;

/// The first is the user, then come its friends and whom it blocks. Friends begin the conversations.
pub struct People(Vec<String>);

impl People {
    /// `name` is what their names start with.
    pub fn new(name: &str) -> People {
        People((0..ACCOUNTS).map(|it| format!("{name}l{it}")).collect())
    }

    pub fn everybody(&self) -> &[String] {
        &self.0
    }

    pub fn user(&self) -> &str {
        &self.0[0]
    }

    pub fn friends(&self) -> &[String] {
        &self.0[1..=FRIENDS]
    }

    pub fn blocked(&self) -> &[String] {
        &self.0[1 + FRIENDS..][..BLOCKED]
    }

    pub async fn fill(&self, rest: &Rest) -> anyhow::Result<()> {
        let (user, friends, talkers) = (self.user(), self.friends(), &self.friends()[..CONVERSATIONS]);
        let face = "https://example.com/faces/somebody.png";
        for some in self.0.chunks(PAGE) {
            let account = |it| json!({ "UserID": it, "Nick": format!("Nick of {it}"), "FaceUrl": face });
            let body = json!({ "AccountList": some.iter().map(account).collect::<Vec<_>>() });
            let answer = rest.call("im_open_login_svc/multiaccount_import", &body).await?;
            let failed = &answer["FailAccounts"];
            ensure!(failed.as_array().is_some_and(Vec::is_empty), "not imported: {failed}");
        }
        let friend = |(number, it): (usize, &String)| {
            let lists = [number, number + 1].map(|it| format!("List {}", it % LISTS));
            json!({
                "To_Account": it, "Remark": format!("Friend {number}"), "GroupName": lists,
                "AddSource": "AddSource_Type_Import",
            })
        };
        let items: Vec<_> = friends.iter().enumerate().map(friend).collect();
        for some in items.chunks(RELATIONS) {
            write(rest, "sns/friend_import", json!({ "From_Account": user, "AddFriendItem": some })).await?;
        }
        for some in self.blocked().chunks(RELATIONS) {
            write(rest, "sns/black_list_add", json!({ "From_Account": user, "To_Account": some })).await?;
        }
        for (number, friend) in talkers.iter().enumerate() {
            let body = json!({
                "From_Account": friend, "To_Account": user, "MsgSeq": number, "MsgRandom": number,
                "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "Good morning!" } }],
            });
            rest.call("openim/sendmsg", &body).await?;
        }
        let mark = |(to, _)| {
            json!({
                "OptType": 3, "ContactItem": { "Type": 1, "To_Account": to }, "SetMark": [0],
                "CustomMark": "vip",
            })
        };
        let marked = talkers.iter().zip(MARKED.iter().cycle()).filter(|it| *it.1);
        let items: Vec<_> = marked.map(mark).collect();
        for some in items.chunks(PAGE) {
            write(rest, "recentcontact/mark_contact", json!({ "From_Account": user, "MarkItem": some }))
                .await?;
        }
        Ok(())
    }
}

/// A call all of whose items must succeed.
async fn write(rest: &Rest, command: &str, body: Value) -> anyhow::Result<()> {
    let answer = rest.call(command, &body).await?;
    let items = answer["ResultItem"].as_array().with_context(|| format!("{command} has no results"))?;
    let failed = items.iter().find(|it| it["ResultCode"] != 0);
    ensure!(failed.is_none(), "{command} failed: {failed:?}");
    Ok(())
}
