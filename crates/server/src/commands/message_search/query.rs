//! Searches messages that the caller may read.
//!
//! Contract: `spec/client/commands/message_search.query.yaml`.

use chat::{
    Cx,
    error::Error,
    search::{self, KEYWORDS_MAX, MessageQuery, Query, Where},
};
use proto::{Fail, element::ElementType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    commands::user_search::{BAD, count, keywords, wrong},
    given::{Given, Raw, raw_list},
};

command!("message_search" / "query", "Searches messages.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Each a part of a text.
    #[serde(default)]
    keyword_list: Given<Vec<String>>,
    /// or: any of them, and: all of them.
    #[serde(default)]
    match_type: Given<String>,
    /// Only the conversation with this user.
    #[serde(default)]
    peer_account: Given<String>,
    /// Only this group.
    #[serde(default, rename = "GroupID")]
    group_id: Given<String>,
    /// Only what these users sent.
    #[serde(default, rename = "SendUserIDList")]
    send_user_id_list: Given<Vec<String>>,
    /// Only messages with an element of these types.
    #[serde(default)]
    msg_type_list: Given<Vec<String>>,
    /// Seconds, both included; 0 for none.
    #[serde(default)]
    start_time: Given<i64>,
    #[serde(default)]
    end_time: Given<i64>,
    /// From 1 to 100.
    #[serde(default)]
    count: Given<i64>,
    /// Empty first, then that of the answer before.
    #[serde(default)]
    cursor: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// Of conversations, or with a conversation of messages.
    total_count: i64,
    cursor: String,
    conversation_msgs: Vec<Conversation>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Conversation {
    #[serde(rename = "UserID", skip_serializing_if = "String::is_empty")]
    user_id: String,
    #[serde(rename = "GroupID", skip_serializing_if = "String::is_empty")]
    group_id: String,
    count: i64,
    msg_list: Raw,
}

fn place(peer: Given<String>, group: Given<String>) -> Result<Where, Fail> {
    let given =
        |it: Given<String>, name| Ok::<_, Fail>(it.optional(BAD, name)?.filter(|it: &String| !it.is_empty()));
    match (given(peer, "PeerAccount")?, given(group, "GroupID")?) {
        (None, None) => Ok(Where::Everywhere),
        (Some(peer), None) => Ok(Where::Peer(peer)),
        (None, Some(group)) => Ok(Where::Group(group)),
        (Some(_), Some(_)) => Err(wrong("PeerAccount and GroupID exclude one another")),
    }
}

fn types(list: &[String]) -> Result<Vec<ElementType>, Fail> {
    let of = |name: &String| {
        ElementType::from_name(name).ok_or_else(|| wrong("MsgTypeList has a type that there is not"))
    };
    list.iter().map(of).collect()
}

fn query(it: Request) -> Result<MessageQuery, Fail> {
    let keywords = keywords(it.keyword_list.optional(BAD, "KeywordList")?.unwrap_or_default())?;
    let senders = it.send_user_id_list.optional(BAD, "SendUserIDList")?.unwrap_or_default();
    if senders.len() > KEYWORDS_MAX {
        return Err(wrong(format!("more than {KEYWORDS_MAX} senders")));
    }
    let types = types(&it.msg_type_list.optional(BAD, "MsgTypeList")?.unwrap_or_default())?;
    if keywords.is_empty() && senders.is_empty() && types.is_empty() {
        return Err(wrong("there is neither a keyword nor a sender nor a type"));
    }
    let all = match it.match_type.optional(BAD, "MatchType")?.as_deref() {
        None | Some("" | "or") => false,
        Some("and") => true,
        Some(_) => return Err(wrong("MatchType must be or or and")),
    };
    let second = |it: Given<i64>, name| Ok::<_, Fail>(it.optional(BAD, name)?.filter(|it| *it > 0));
    let start = second(it.start_time, "StartTime")?.unwrap_or(0);
    let end = second(it.end_time, "EndTime")?.unwrap_or(i64::MAX);
    let cursor = it.cursor.optional(BAD, "Cursor")?.unwrap_or_default();
    Ok(MessageQuery {
        query: Query { keywords, all, count: count(it.count)?, cursor },
        place: place(it.peer_account, it.group_id)?,
        senders,
        types,
        times: (start, end),
    })
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    search::must_be_on(cx)?;
    let found = search::messages(cx, query(it)?).await?;
    let conversation = |it: search::FoundIn| {
        Ok(Conversation {
            user_id: it.user,
            group_id: it.group,
            count: it.count,
            msg_list: raw_list(&it.messages)?,
        })
    };
    Ok(Response {
        total_count: found.total,
        cursor: found.cursor,
        conversation_msgs: found.items.into_iter().map(conversation).collect::<Result<_, Error>>()?,
    })
}
