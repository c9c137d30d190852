//! What is asked, and what must be in the answers.

use client::Rest;
use serde_json::{Value, json};

use super::people::{CONVERSATIONS, FRIENDS, LISTS, PAGE, People, RELATIONS};

/// The most users whose status a call asks for.
const STATUSES: usize = 500;

/// A command, and what must be in its answer.
pub struct Question {
    pub command: &'static str,
    pub body: Value,
    /// The member with the entries.
    list: &'static str,
    /// In the answer, and on all pages.
    pub entries: (usize, usize),
    /// Which member of an answer becomes which of the next page's request.
    pub cursors: &'static [(&'static str, &'static str)],
    is_good: fn(&Value) -> bool,
}

impl Question {
    /// `None`: the answer is as it must be.
    pub fn fault(&self, answer: &Value) -> Option<String> {
        let Some(found) = answer[self.list].as_array().filter(|_| answer["ErrorCode"] == 0) else {
            return Some(format!("no {}: error {} {}", self.list, answer["ErrorCode"], answer["ErrorInfo"]));
        };
        let (count, good) = (found.len(), found.iter().filter(|it| (self.is_good)(it)).count());
        let text = || format!("{good} of {count} entries are good, {} must be", self.entries.0);
        (good != self.entries.0 || good != count).then(text)
    }

    /// Goes to the last page. Gives a fault when all pages together have not all entries.
    pub async fn turn_to_last(&mut self, rest: &Rest) -> anyhow::Result<Option<String>> {
        let (mut read, mut count) = (0, 1);
        // After an empty page there is nothing to come.
        while count > 0 {
            let answer = rest.call(self.command, &self.body).await?;
            count = answer[self.list].as_array().map_or(0, Vec::len);
            read += count;
            if answer["CompleteFlag"] == 1 {
                break;
            }
            self.cursors.iter().for_each(|&(from, to)| self.body[to] = answer[from].clone());
        }
        let text = || format!("{}: all pages have {read} entries, {} must be", self.command, self.entries.1);
        Ok((read != self.entries.1).then(text))
    }
}

pub fn questions(people: &People) -> Vec<Question> {
    let (conversations, accounts) = (of_conversations(people.user()), of_accounts(people.everybody()));
    of_relations(people).into_iter().chain(conversations).chain(accounts).collect()
}

fn of_relations(people: &People) -> [Question; 6] {
    let (user, friends, blocked) = (people.user(), people.friends(), people.blocked());
    let mut friend_get = question(
        "sns/friend_get",
        json!({ "From_Account": user, "StartIndex": 0 }),
        ("UserDataItem", PAGE),
        |it| length(it, "ValueItem") == 4,
    );
    friend_get.entries.1 = FRIENDS;
    friend_get.cursors = &[("NextStartIndex", "StartIndex")];
    let tags = [
        "Tag_Profile_IM_Nick",
        "Tag_Profile_IM_Image",
        "Tag_Profile_IM_AllowType",
        "Tag_SNS_IM_Remark",
        "Tag_SNS_IM_Group",
    ];
    [
        friend_get,
        question(
            "sns/friend_get_list",
            json!({ "From_Account": user, "To_Account": friends[..PAGE], "TagList": tags }),
            ("InfoItem", PAGE),
            |it| length(it, "SnsProfileItem") == 5,
        ),
        question(
            "sns/friend_check",
            json!({
                "From_Account": user, "To_Account": friends[..RELATIONS],
                "CheckType": "CheckResult_Type_Both",
            }),
            ("InfoItem", RELATIONS),
            |it| it["Relation"] == "CheckResult_Type_AWithB",
        ),
        question(
            "sns/group_get",
            json!({ "From_Account": user, "NeedFriend": "Need_Friend_Type_Yes" }),
            ("ResultItem", LISTS),
            |it| length(it, "To_Account") == 2 * FRIENDS / LISTS,
        ),
        question(
            "sns/black_list_get",
            json!({ "From_Account": user, "StartIndex": 0, "MaxLimited": RELATIONS, "LastSequence": 0 }),
            ("BlackListItem", RELATIONS),
            |it| it["AddBlackTimeStamp"].is_u64(),
        ),
        question(
            "sns/black_list_check",
            json!({
                "From_Account": user, "To_Account": blocked[..RELATIONS],
                "CheckType": "BlackCheckResult_Type_Both",
            }),
            ("BlackListCheckItem", RELATIONS),
            |it| it["Relation"] == "BlackCheckResult_Type_AWithB",
        ),
    ]
}

fn of_conversations(user: &str) -> [Question; 2] {
    let mut get_list = question(
        "recentcontact/get_list",
        json!({
            "From_Account": user, "TimeStamp": 0, "StartIndex": 0, "TopTimeStamp": 0,
            "TopStartIndex": 0, "AssistFlags": 15,
        }),
        ("SessionItem", PAGE),
        |it| it["Type"] == 1 && it["MsgTime"].is_u64(),
    );
    get_list.entries.1 = CONVERSATIONS;
    get_list.cursors = &[
        ("TimeStamp", "TimeStamp"),
        ("StartIndex", "StartIndex"),
        ("TopTimeStamp", "TopTimeStamp"),
        ("TopStartIndex", "TopStartIndex"),
    ];
    let marks = question(
        "recentcontact/get_contact_group",
        json!({ "From_Account": user, "StartIndex": 0 }),
        ("ContactItem", PAGE),
        |it| it["StandardMark"] == "1" && it["CustomMark"] == "vip",
    );
    [get_list, marks]
}

fn of_accounts(people: &[String]) -> [Question; 3] {
    let items: Vec<_> = people[..PAGE].iter().map(|it| json!({ "UserID": it })).collect();
    let tags =
        ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Image", "Tag_Profile_IM_Gender", "Tag_Profile_IM_AllowType"];
    [
        question(
            "im_open_login_svc/account_check",
            json!({ "CheckItem": items }),
            ("ResultItem", PAGE),
            |it| it["AccountStatus"] == "Imported",
        ),
        question(
            "openim/query_online_status",
            json!({ "To_Account": people[..STATUSES] }),
            ("QueryResult", STATUSES),
            |it| it["Status"] == "Offline",
        ),
        question(
            "profile/portrait_get",
            json!({ "To_Account": people[..PAGE], "TagList": tags }),
            ("UserProfileItem", PAGE),
            |it| length(it, "ProfileItem") == 4,
        ),
    ]
}

/// `list` is a member of the answer and how many entries it has.
fn question(
    command: &'static str,
    body: Value,
    (list, entries): (&'static str, usize),
    is_good: fn(&Value) -> bool,
) -> Question {
    Question { command, body, list, entries: (entries, entries), cursors: &[], is_good }
}

fn length(of: &Value, list: &str) -> usize {
    of[list].as_array().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_must_be_there_and_good() {
        let question = question("", json!({}), ("All", 2), |it| it["Code"] == 0);
        let good = json!({ "Code": 0 });
        let fault = |list: Value| question.fault(&json!({ "ErrorCode": 0, "All": list }));
        assert_eq!(fault(json!([good, good])), None);
        for list in [json!([good]), json!([good, good, good]), json!([good, {}]), json!(1)] {
            assert!(fault(list.clone()).is_some(), "{list}");
        }
        assert!(question.fault(&json!({ "ErrorCode": 1, "All": [good, good] })).is_some());
    }
}
