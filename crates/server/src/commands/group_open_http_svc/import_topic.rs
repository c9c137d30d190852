//! Makes a topic as it was made elsewhere, telling nobody.
//!
//! Contract: `spec/rest/group_open_http_svc.import_topic.yaml`.

use chat::{Cx, error::Error};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::command,
    commands::million_group_open_http_svc::{
        Named,
        create_topic::{self, Response},
    },
    given::Given,
};

command!("group_open_http_svc" / "import_topic", "Imports a topic.", Rest, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// Community.
    #[serde(rename = "Type", default)]
    kind: Given<String>,
    group_id: Given<String>,
    #[serde(default)]
    topic_id: Given<String>,
    topic_name: Given<String>,
    #[serde(rename = "From_Account", default)]
    from_account: Given<Named>,
    #[serde(default)]
    custom_string: Given<String>,
    #[serde(default)]
    face_url: Given<String>,
    #[serde(default)]
    notification: Given<String>,
    #[serde(default)]
    introduction: Given<String>,
    /// Unix seconds, not in the future; now when left out.
    #[serde(default)]
    create_time: Given<i64>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let now = cx.chat.clock.now();
    if it.kind.optional(Code::GroupParam, "Type")?.is_some_and(|it| it != "Community") {
        return Err(Fail::with(Code::GroupParam, "only communities have topics").into());
    }
    let made_at = it.create_time.optional(Code::GroupParam, "CreateTime")?.unwrap_or(now);
    if made_at < 0 || made_at > now {
        return Err(Fail::with(
            Code::GroupParam,
            "CreateTime must be Unix seconds that are not in the future",
        )
        .into());
    }
    let topic = create_topic::Request {
        group_id: it.group_id,
        topic_id: it.topic_id,
        topic_name: it.topic_name,
        from_account: it.from_account,
        custom_string: it.custom_string,
        face_url: it.face_url,
        notification: it.notification,
        introduction: it.introduction,
        topic_type: Given::Missing,
    };
    create_topic::make(cx, topic, Some(made_at)).await
}
