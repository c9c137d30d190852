//! Deletes topics of a community, each for itself.
//!
//! Contract: `spec/rest/million_group_open_http_svc.destroy_topic.yaml`, for clients
//! `spec/client/commands/million_group_open_http_svc.destroy_topic.yaml`.

use chat::{Cx, error::Error, groups::topics};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{command::command, commands::group_open_http_svc::group_id, given::Given};

command!(
    "million_group_open_http_svc" / "destroy_topic", "Deletes topics.", Both,
    Request => Response, handle
);

/// Topics named by one call; a community has no more by default.
const TOPICS_MAX: usize = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// For clients none means all.
    #[serde(default)]
    topic_id_list: Given<Vec<String>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    destroy_result_item: Vec<Item>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Item {
    topic_id: String,
    error_code: i64,
    error_info: &'static str,
}

/// TopicIdList, which may have so many entries.
pub fn topic_ids(given: Given<Vec<String>>) -> Result<Vec<String>, Fail> {
    let ids = given.optional(Code::GroupParam, "TopicIdList")?.unwrap_or_default();
    match ids.len() > TOPICS_MAX {
        true => Err(Fail::with(Code::GroupParam, format!("TopicIdList has more than {TOPICS_MAX} topics"))),
        false => Ok(ids),
    }
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let group = group_id(it.group_id)?;
    let ids = topic_ids(it.topic_id_list)?;
    if ids.is_empty() && cx.is_admin() {
        return Err(Fail::with(Code::GroupParam, "TopicIdList is missing or empty").into());
    }
    let done = topics::destroy(cx, &group, (!ids.is_empty()).then_some(ids)).await?;
    let item = |(topic_id, was_there): (String, bool)| match was_there {
        true => Item { topic_id, error_code: 0, error_info: if cx.is_admin() { "ok" } else { "" } },
        false => {
            Item { topic_id, error_code: Code::TopicUnknown.number(), error_info: Code::TopicUnknown.text() }
        }
    };
    Ok(Response { destroy_result_item: done.into_iter().map(item).collect() })
}
