//! Gives topics of a community and what one user has of each.
//!
//! Contract: `spec/rest/million_group_open_http_svc.get_topic.yaml`, for clients
//! `spec/client/commands/million_group_open_http_svc.get_topic.yaml`.

use std::fmt::Write;

use chat::{
    Cx,
    error::Error,
    groups::{
        mute,
        topics::{self, Listed},
    },
};
use proto::{Code, Fail, json::quote};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Named, destroy_topic::topic_ids, operator};
use crate::{
    command::command,
    commands::group_open_http_svc::group_id,
    given::{Given, Raw, raw},
};

command!(
    "million_group_open_http_svc" / "get_topic", "Lists topics of a community.", Both,
    Request => Response, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// Whose state is wanted; for a client its own.
    #[serde(rename = "From_Account", default)]
    from_account: Given<Named>,
    /// All topics when left out or empty.
    #[serde(default)]
    topic_id_list: Given<Vec<String>>,
    /// Members of TopicInfo besides the ids; all when left out or empty.
    #[serde(default)]
    response_filter: Given<Vec<String>>,
    /// NoUnreadSeqList.
    #[serde(default)]
    member_info_filter: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    topic_and_self_info: Vec<Raw>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = group_id(it.group_id)?;
    let Some(user) = operator(cx, it.from_account)? else {
        return Err(Fail::with(Code::GroupParam, "From_Account is missing or empty").into());
    };
    let ids = topic_ids(it.topic_id_list)?;
    let filter = it.response_filter.optional(Code::GroupParam, "ResponseFilter")?.unwrap_or_default();
    let own = it.member_info_filter.optional(Code::GroupParam, "MemberInfoFilter")?.unwrap_or_default();
    let wants_uncounted = own.iter().any(|it| it == "NoUnreadSeqList");
    let found = topics::list(cx, &group, &user, ids).await?;
    let item = |(id, listed): (String, Option<Listed>)| match listed {
        Some(it) => raw(shown(cx, &group, &it, &filter, wants_uncounted)),
        None => raw(unknown(&group, &id)),
    };
    Ok(Response { topic_and_self_info: found.into_iter().map(item).collect::<Result<_, _>>()? })
}

fn unknown(group: &str, id: &str) -> String {
    format!(
        "{{\"ErrorCode\":{},\"ErrorInfo\":{},\"TopicInfo\":{{\"TopicId\":{},\"GroupID\":{},\"GroupId\":{}}}}}",
        Code::TopicUnknown.number(),
        quote(Code::TopicUnknown.text()),
        quote(id),
        quote(group),
        quote(group)
    )
}

fn shown(cx: &Cx, group: &str, it: &Listed, filter: &[String], wants_uncounted: bool) -> String {
    let info = if cx.is_admin() { "ok" } else { "" };
    let mut out = format!("{{\"ErrorCode\":0,\"ErrorInfo\":\"{info}\",\"SelfInfo\":{{");
    let seconds = mute::seconds_left(cx, it.own.muted_until);
    _ = write!(
        out,
        "\"ShutUpTime\":{seconds},\"MsgSeq\":{},\"MsgFlag\":{}",
        it.own.read_seq,
        quote(it.own.flag.name())
    );
    if wants_uncounted {
        let numbers: Vec<_> = it.own.uncounted.iter().map(i64::to_string).collect();
        _ = write!(out, ",\"NoUnreadSeqList\":[{}]", numbers.join(","));
    }
    let topic = &it.topic;
    _ = write!(
        out,
        "}},\"TopicInfo\":{{\"TopicId\":{},\"GroupID\":{},\"GroupId\":{}",
        quote(&topic.topic_id),
        quote(group),
        quote(group)
    );
    let fields = [
        ("TopicName", quote(&topic.name)),
        ("FaceUrl", quote(&topic.face)),
        ("TopicFaceUrl", quote(&topic.face)),
        ("Notification", quote(&topic.notification)),
        ("Introduction", quote(&topic.introduction)),
        ("CustomString", quote(&topic.custom)),
        ("NextMsgSeq", (it.last_seq + 1).to_string()),
        ("CreateTime", topic.created_at.to_string()),
        ("LastMsgTime", it.last_time.to_string()),
        ("MuteAllMember", quote(if topic.muted_all { "On" } else { "Off" })),
        ("ShutUpAllFlag", i64::from(topic.muted_all).to_string()),
    ];
    for (name, value) in fields {
        if filter.is_empty() || filter.iter().any(|it| it == name) {
            _ = write!(out, ",\"{name}\":{value}");
        }
    }
    if !cx.is_admin() && !it.own.mentions.is_empty() {
        _ = write!(out, ",\"AtInfoList\":[{}]", it.own.mentions.join(","));
    }
    out.push_str("}}");
    out
}
