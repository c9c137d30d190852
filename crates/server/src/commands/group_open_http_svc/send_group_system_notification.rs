//! Tells the online members of a group something of the application's own.
//!
//! Contract: `spec/rest/group_open_http_svc.send_group_system_notification.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::announce::{self, RECEIVERS_MAX},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    command::{Nothing, command},
    given::Given,
};

command!(
    "group_open_http_svc" / "send_group_system_notification", "Notifies a group's online members.", Rest,
    Request => Nothing, handle
);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// Passed on as it is.
    content: Given<String>,
    /// Up to 500 members; all when it is empty or left out.
    #[serde(rename = "ToMembers_Account", default)]
    to_members: Given<Vec<String>>,
    #[serde(default)]
    topic_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let bad = Code::GroupParam;
    let group = super::group_id(it.group_id)?;
    let content = it.content.need(bad, "Content")?;
    let users = it.to_members.optional(bad, "ToMembers_Account")?.unwrap_or_default();
    if users.len() > RECEIVERS_MAX {
        return Err(
            Fail::with(bad, format!("ToMembers_Account has more than {RECEIVERS_MAX} entries")).into()
        );
    }
    let topic = it.topic_id.optional(bad, "TopicId")?.filter(|it| !it.is_empty());
    announce::notify(cx, &group, topic.as_deref(), &content, users).await?;
    Ok(Nothing {})
}
