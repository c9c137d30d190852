//! The whole history of two users, through the REST API.
//!
//! Follows `spec/rest/openim.admin_getroammsg.yaml`.

use std::borrow::Cow;

use anyhow::{Context, ensure};
use client::Rest;
use proto::MsgKey;
use serde::Deserialize;

/// Messages of a page; the server gives fewer when they are big.
const PAGE_MAX: u32 = 100;
/// More pages than any run makes: then the server does not come to an end.
const PAGES_MAX: u32 = 1_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    error_code: i64,
    #[serde(default)]
    complete: i64,
    #[serde(default)]
    last_msg_time: i64,
    #[serde(borrow, default)]
    last_msg_key: Cow<'a, str>,
    #[serde(borrow, default)]
    msg_list: Vec<Message<'a>>,
}

/// A message, in history and in a push.
#[derive(Deserialize)]
pub struct Message<'a> {
    #[serde(borrow, rename = "From_Account")]
    pub from: Cow<'a, str>,
    #[serde(rename = "MsgSeq")]
    seq: u32,
    #[serde(rename = "MsgRandom")]
    random: u32,
    #[serde(rename = "MsgTimeStamp")]
    time: i64,
    #[serde(borrow, default, rename = "MsgBody")]
    body: Vec<Element<'a>>,
}

#[derive(Deserialize)]
struct Element<'a> {
    #[serde(borrow, rename = "MsgContent")]
    content: Content<'a>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default, rename = "Text")]
    text: Cow<'a, str>,
}

/// A push, as far as one-to-one messages go.
#[derive(Deserialize)]
pub struct Push<'a> {
    #[serde(default, rename = "NeedAck")]
    need_ack: i64,
    #[serde(borrow, default, rename = "EventArray")]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow, default, rename = "C2cMsgArray")]
    messages: Vec<Message<'a>>,
}

impl<'a> Push<'a> {
    pub fn needs_ack(&self) -> bool {
        self.need_ack == 1
    }

    pub fn messages(&self) -> impl Iterator<Item = &Message<'a>> {
        self.events.iter().flat_map(|it| &it.messages)
    }
}

impl Message<'_> {
    /// The text of its first element.
    pub fn text(&self) -> &str {
        self.body.first().map_or("", |it| &it.content.text)
    }
}

/// What `pick` makes of each message of the two, in the order of history as `operator` sees it. It is an error
/// if the messages' keys are not in that order.
pub async fn read<T>(
    rest: &Rest,
    operator: &str,
    peer: &str,
    pick: impl Fn(&Message<'_>) -> T,
) -> anyhow::Result<Vec<T>> {
    let mut newest_first = Vec::new();
    let mut last = None;
    let (mut until, mut key) = (i64::from(u32::MAX), String::new());
    for _ in 0..PAGES_MAX {
        let mut body = serde_json::json!({
            "Operator_Account": operator, "Peer_Account": peer, "MaxCnt": PAGE_MAX, "MinTime": 0, "MaxTime": until,
        });
        if !key.is_empty() {
            body["LastMsgKey"] = key.into();
        }
        let answer = rest.call_raw("openim/admin_getroammsg", body.to_string()).await?;
        let page: Page<'_> = serde_json::from_slice(&answer).context("a page of history is not readable")?;
        ensure!(page.error_code == 0, "history is refused with {}", page.error_code);
        for message in page.msg_list.iter().rev() {
            let key = MsgKey { seq: message.seq, random: message.random, time: message.time };
            ensure!(
                last.is_none_or(|it| key < it),
                "history of {operator} and {peer} is disordered at {key}"
            );
            last = Some(key);
            newest_first.push(pick(message));
        }
        if page.complete == 1 {
            newest_first.reverse();
            return Ok(newest_first);
        }
        ensure!(!page.msg_list.is_empty(), "history goes on after an empty page");
        (until, key) = (page.last_msg_time, page.last_msg_key.into_owned());
    }
    anyhow::bail!("history does not come to an end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_without_its_other_members() {
        let text = r#"{"ActionStatus":"OK","ErrorCode":0,"Complete":0,"LastMsgTime":7,"LastMsgKey":"1_2_7","MsgCnt":1,
            "MsgList":[{"From_Account":"al\"ice","To_Account":"bob","MsgSeq":1,"MsgRandom":2,"MsgTimeStamp":7,
            "MsgBody":[{"MsgType":"TIMTextElem","MsgContent":{"Text":"hi"}},{"MsgType":"TIMCustomElem","MsgContent":{"Data":"x"}}]}]}"#;
        let page: Page<'_> = serde_json::from_str(text).expect("it is a page");
        let message = &page.msg_list[0];
        assert_eq!((&*message.from, message.seq, message.random, message.time), ("al\"ice", 1, 2, 7));
        assert_eq!((message.text(), page.complete, &*page.last_msg_key), ("hi", 0, "1_2_7"));
    }
}
