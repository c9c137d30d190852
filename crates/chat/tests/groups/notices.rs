//! Notices to single users: who gets which with which number, and which of them wait for who was away. And what pages
//! that are open are pushed.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex},
};

use chat::{
    Caller, Cx,
    groups::{self, Kind},
    live::{Outlet, Push},
    login::{self, Login},
    messages,
};
use serde_json::Value;

use super::{APP, SECRET, World, code, model::Actor};

/// Who has a page open, from the start on. The others are away all the time.
pub const ONLINE: [&str; 2] = ["ann", "ben"];
/// How long notices are kept, in seconds.
pub const KEPT_SECONDS: i64 = 7 * 86_400;
const SIG_SECONDS: i64 = 8_640_000;
const BROWSER: i64 = 7;
/// Kept until they are handled or deleted: a request, an invitation.
const ALWAYS_KEPT: [i64; 2] = [1, 12];
const KEPT_WHEN_AWAY: [i64; 10] = [2, 3, 4, 5, 7, 9, 10, 11, 13, 14];

/// What a notice says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    pub number: i64,
    pub operator: String,
    pub group: String,
    pub topics: Vec<String>,
    /// Who is invited.
    pub users: Vec<String>,
    /// Which request it is about.
    pub auth: Option<usize>,
}

impl Report {
    pub fn new(number: i64, operator: &str) -> Report {
        Report {
            number,
            operator: operator.to_owned(),
            group: String::new(),
            topics: Vec::new(),
            users: Vec::new(),
            auth: None,
        }
    }
}

/// A notice with its number; one to all members has none.
type Told = (Option<i64>, Report);

pub fn is_online(user: &str) -> bool {
    ONLINE.contains(&user)
}

#[derive(Default)]
pub struct Notices {
    numbers: BTreeMap<String, i64>,
    /// With the second in which it came.
    pub kept: BTreeMap<String, Vec<(i64, i64, Report)>>,
    pub told: BTreeMap<String, Vec<Told>>,
    /// Messages that were pushed: where, and the text.
    pub heard: BTreeMap<String, Vec<(String, String)>>,
    /// Numbers of reports that somebody got.
    pub said: BTreeSet<i64>,
}

impl Notices {
    /// `except` is who does not hear of what it did itself.
    pub fn tell(
        &mut self,
        (group, kind): (&str, Kind),
        to: &str,
        mut report: Report,
        (except, now): (Actor<'_>, i64),
    ) {
        group.clone_into(&mut report.group);
        let is_away = !is_online(to);
        let number = report.number;
        let is_kept = kind != Kind::AvChatRoom
            && (ALWAYS_KEPT.contains(&number) || (is_away && KEPT_WHEN_AWAY.contains(&number)));
        if is_away && !is_kept {
            return;
        }
        if is_kept || except != Some(to) {
            self.said.insert(number);
        }
        let seq = self.numbers.entry(to.to_owned()).or_default();
        *seq += 1;
        if is_kept {
            self.kept.entry(to.to_owned()).or_default().push((*seq, now, report.clone()));
        }
        if !is_away && except != Some(to) {
            self.told.entry(to.to_owned()).or_default().push((Some(*seq), report));
        }
    }

    /// A notice to all who are there now.
    pub fn room(&mut self, group: &str, users: &[String], mut report: Report, except: Actor<'_>) {
        group.clone_into(&mut report.group);
        for user in users.iter().filter(|it| is_online(it) && except != Some(it.as_str())) {
            self.said.insert(report.number);
            self.told.entry(user.clone()).or_default().push((None, report.clone()));
        }
    }

    pub fn heard(&mut self, place: &str, users: &[String], text: &str, except: Actor<'_>) {
        for user in users.iter().filter(|it| is_online(it) && except != Some(it.as_str())) {
            self.heard.entry(user.clone()).or_default().push((place.to_owned(), text.to_owned()));
        }
    }

    /// Nobody need be told of a request any more.
    pub fn handled(&mut self, user: &str, auth: usize) {
        if let Some(kept) = self.kept.get_mut(user) {
            kept.retain(|it| it.2.auth != Some(auth));
        }
    }

    pub fn forget(&mut self, before: i64) {
        self.kept.values_mut().for_each(|it| it.retain(|it| it.1 >= before));
    }
}

/// What an open page was pushed.
#[derive(Default)]
pub struct Page(Mutex<Vec<Value>>);

impl Outlet for Page {
    fn push(&self, push: &Push) {
        let frame: Value = serde_json::from_slice(push.json()).unwrap();
        let events = frame["body"]["EventArray"].as_array().cloned();
        self.0.lock().unwrap().extend(events.unwrap_or_default());
    }

    fn is_open(&self) -> bool {
        true
    }

    fn source(&self) -> IpAddr {
        Ipv4Addr::LOCALHOST.into()
    }
}

/// Logs a user in; its page hears of its groups from then on.
pub async fn come(cx: &Cx, user: &str) -> (Caller, Arc<Page>) {
    let (now, page) = (cx.chat.clock.now(), Arc::new(Page::default()));
    let wanted = Login {
        user: user.to_owned(),
        sig: proto::usersig::sign_hmac(SECRET, APP, user, now, SIG_SECONDS, None),
        page: user.to_owned(),
        platform: BROWSER,
        outlet: page.clone(),
    };
    let done = login::login(&cx.chat, &cx.app, wanted).await.unwrap();
    groups::enter_all(&cx.chat, &cx.app, user).await.unwrap();
    (Caller::User(done.session), page)
}

fn texts(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(|it| it.as_str().unwrap().to_owned()).collect()
}

impl World {
    /// What an item says; its request is known by the number that the model gave it.
    fn report(&mut self, item: &Value, expected: Option<&Report>) -> Report {
        let body = &item["MsgBody"];
        let mut topics = texts(&body["TopicIdArray"]);
        topics.extend(item["GroupInfo"]["TopicId"].as_str().map(str::to_owned));
        let auth = body["Authentication"].as_str().map(|it| self.auth(it, expected.and_then(|it| it.auth)));
        Report {
            number: body["ReportType"].as_i64().unwrap(),
            operator: body["Operator_Account"].as_str().unwrap().to_owned(),
            group: item["GroupInfo"]["GroupId"].as_str().unwrap().to_owned(),
            topics,
            users: texts(&body["MemberList_Account"]),
            auth,
        }
    }

    /// The model's number of a request with this authentication, which is learnt where it is met first.
    pub fn auth(&mut self, text: &str, expected: Option<usize>) -> usize {
        let known = self.auths.iter().position(|it| it.as_deref() == Some(text));
        if let (None, Some(number)) = (known, expected) {
            if self.auths.len() <= number {
                self.auths.resize(number + 1, None);
            }
            assert_eq!(self.auths[number], None, "two authentications for one request, {}", self.at());
            self.auths[number] = Some(text.to_owned());
            return number;
        }
        known.unwrap_or(usize::MAX)
    }

    /// The notices that wait for a user.
    pub async fn compare_kept(&mut self, user: &str) {
        let found = messages::unsynced(&self.clients[user], user).await.unwrap().notices;
        let kept = self.model.notices.kept.get(user).cloned().unwrap_or_default();
        let since = self.cx.chat.clock.now() - KEPT_SECONDS;
        let expected: Vec<_> = kept.into_iter().filter(|it| it.1 >= since).map(|it| (it.0, it.2)).collect();
        let mut shown = Vec::new();
        for (nr, event) in found.iter().enumerate() {
            let item: Value = serde_json::from_str::<Value>(event).unwrap()["GroupTips"][0].take();
            let report = self.report(&item, expected.get(nr).map(|it| &it.1));
            shown.push((item["MsgSeq"].as_i64().unwrap(), report));
        }
        assert_eq!(shown, expected, "notices that wait for {user}, {}", self.at());
    }

    /// What the pages were pushed since the last time; only within a group there is an order.
    pub async fn compare_pushes(&mut self) {
        self.cx.chat.fan_out.settled().await;
        for user in ONLINE {
            let events = std::mem::take(&mut *self.pages[user].0.lock().unwrap());
            let mut told = self.model.notices.told.remove(user).unwrap_or_default();
            let mut heard = self.model.notices.heard.remove(user).unwrap_or_default();
            let (mut found_told, mut found_heard) = (Vec::new(), Vec::new());
            for event in events {
                match event["Event"].as_i64() {
                    Some(3) => found_heard.push(message(&event["GroupMsgArray"][0])),
                    Some(5) if event["GroupTips"][0]["MsgBody"]["ReportType"].is_i64() => {
                        let item = &event["GroupTips"][0];
                        let seq = item["To_Account"].as_str().map(|_| item["MsgSeq"].as_i64().unwrap());
                        let same = told.iter().find(|it| it.0 == seq && seq.is_some()).cloned();
                        let report = self.report(item, same.as_ref().map(|it| &it.1));
                        found_told.push((seq, report));
                    }
                    _ => {}
                }
            }
            let place = |it: &(String, String)| it.0.clone();
            heard.sort_by_key(place);
            found_heard.sort_by_key(place);
            told.sort();
            found_told.sort();
            assert_eq!(found_told, told, "notices that {user} was pushed, {}", self.at());
            assert_eq!(found_heard, heard, "messages that {user} was pushed, {}", self.at());
        }
    }

    /// A client deletes a notice, one that is there or not.
    pub async fn forget_notice(&mut self) {
        let user = self.dice.user();
        let found = messages::unsynced(&self.clients[user], user).await.unwrap().notices;
        if found.is_empty() {
            return;
        }
        let nr = self.dice.roll(found.len());
        let item: Value = serde_json::from_str::<Value>(&found[nr]).unwrap()["GroupTips"][0].take();
        let (seq, random) = (item["MsgSeq"].as_i64().unwrap(), item["MsgRandom"].as_i64().unwrap());
        let is_other = self.dice.one_in(4);
        let numbers = vec![(seq, if is_other { random + 1 } else { random })];
        code(messages::forget_notices(&self.clients[user], user, numbers).await).unwrap();
        if let Some(kept) = self.model.notices.kept.get_mut(user).filter(|_| !is_other) {
            kept.retain(|it| it.0 != seq);
        }
    }
}

fn message(item: &Value) -> (String, String) {
    let place = item["ToTopicId"].as_str().or(item["ToGroupId"].as_str()).unwrap();
    (place.to_owned(), super::compare::text(&item["MsgBody"]))
}
