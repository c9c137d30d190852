//! Sends one message to all users, or to those with certain attributes or tags.
//!
//! Contract: `spec/rest/all_member_push.im_push.yaml`.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chat::{
    Cx,
    all_member_push::{self as pushes, Outgoing, Wanted},
    error::Error,
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{check_tag, values};
use crate::{
    command::command,
    commands::openim::message::{self, LIFE_SECONDS_MAX},
    given::{Given, Object, Raw},
};

command!(
    "all_member_push" / "im_push", "Sends one message to all users.", Rest(100), Request => Response, handle
);

/// Tags in one part of a condition.
const TAGS_MAX: usize = 10;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    #[serde(rename = "From_Account", default)]
    from_account: Given<String>,
    /// Names the task for seven days.
    msg_random: Given<u32>,
    msg_body: Given<Raw>,
    /// 0 to 604800 seconds; 0 and absent is only for those who are online.
    #[serde(default)]
    msg_life_time: Given<i64>,
    /// Everybody when absent or empty.
    #[serde(default)]
    condition: Given<Object<Condition>>,
    #[serde(default)]
    offline_push_info: Given<Raw>,
}

/// Attributes or tags, not both.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    #[serde(default)]
    attrs_and: Given<BTreeMap<String, Given<Raw>>>,
    #[serde(default)]
    attrs_or: Given<BTreeMap<String, Given<Raw>>>,
    /// At most 10.
    #[serde(default)]
    tags_and: Given<Vec<String>>,
    /// At most 10.
    #[serde(default)]
    tags_or: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    task_id: String,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    pushes::must_be_enabled(cx)?;
    let random = it.msg_random.need(Code::C2cRandom, "MsgRandom")?;
    let body = message::body(cx, it.msg_body)?;
    let from = it.from_account.optional(Code::C2cFrom, "From_Account")?;
    let life = it.msg_life_time.optional(Code::C2cLifeTimeType, "MsgLifeTime")?.unwrap_or(0);
    if !(0..=LIFE_SECONDS_MAX).contains(&life) {
        let info = format!("MsgLifeTime must be 0 to {LIFE_SECONDS_MAX}");
        return Err(Fail::with(Code::C2cLifeTime, info).into());
    }
    let push_info = message::push_info(cx, it.offline_push_info)?;
    let condition = it.condition.optional(Code::C2cJson, "Condition")?.unwrap_or_default();
    let outgoing = Outgoing {
        from: from.unwrap_or_else(|| cx.caller.user().to_owned()),
        random,
        life_seconds: life,
        body: Arc::new(body),
        wanted: wanted(condition.0)?,
        push_info,
    };
    Ok(Response { task_id: pushes::push(cx, outgoing).await? })
}

fn wanted(it: Condition) -> Result<Wanted, Fail> {
    let part = |given: Given<BTreeMap<_, _>>, name| {
        Ok::<_, Fail>(given.optional(Code::C2cJson, name)?.unwrap_or_default())
    };
    let (attrs_and, attrs_or) = (part(it.attrs_and, "AttrsAnd")?, part(it.attrs_or, "AttrsOr")?);
    let every = it.tags_and.optional(Code::C2cJson, "TagsAnd")?.unwrap_or_default();
    let some = it.tags_or.optional(Code::C2cJson, "TagsOr")?.unwrap_or_default();
    let has_tags = !every.is_empty() || !some.is_empty();
    if has_tags && !(attrs_and.is_empty() && attrs_or.is_empty()) {
        return Err(Code::PushTagsAndAttributes.into());
    }
    if has_tags {
        check_tags(&every, &some)?;
        return Ok(Wanted::Tags { every, some });
    }
    let bad = Code::PushAttribute;
    Ok(Wanted::Attributes { every: values(attrs_and, bad)?, some: values(attrs_or, bad)? })
}

fn check_tags(every: &[String], some: &[String]) -> Result<(), Fail> {
    if every.len() > TAGS_MAX || some.len() > TAGS_MAX {
        return Err(Fail::with(Code::PushTagsTooMany, format!("more than {TAGS_MAX} tags")));
    }
    let mut seen = HashSet::new();
    for tag in every.iter().chain(some) {
        check_tag(tag, Code::PushTagTooLong)?;
        if !seen.insert(tag) {
            return Err(Code::PushTagTwice.into());
        }
    }
    Ok(())
}
