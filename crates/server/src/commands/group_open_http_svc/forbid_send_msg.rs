//! Mutes users in a group or topic, or lets them speak again.
//!
//! Contract: `spec/rest/group_open_http_svc.forbid_send_msg.yaml`.

use chat::{Cx, error::Error, groups::mute};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::Deserialize;

use super::people;
use crate::{
    command::{Nothing, command},
    given::Given,
};

command!("group_open_http_svc" / "forbid_send_msg", "Mutes members.", Rest, Request => Nothing, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// 1 to 500 users.
    #[serde(rename = "Members_Account")]
    users: Given<Vec<String>>,
    /// Seconds from now; 0 ends a mute, 4294967295 has no end.
    #[serde(default)]
    mute_time: Given<u32>,
    /// The old name of MuteTime.
    #[serde(default)]
    shut_up_time: Given<u32>,
    /// The mute is then for this topic only.
    #[serde(default)]
    topic_id: Given<String>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Nothing, Error> {
    let group = super::group_id(it.group_id)?;
    let seconds = people::mute_time(it.mute_time, it.shut_up_time)?;
    let seconds = seconds.ok_or_else(|| Fail::with(Code::GroupParam, "MuteTime is missing"))?;
    let topic = super::topic_id(it.topic_id)?;
    let most = cx.app.state().settings.groups_batch_mute;
    let users = people::users(it.users, "Members_Account", (most, Code::GroupAccountsTooMany))?;
    mute::forbid(cx, &group, topic.as_deref(), users, seconds).await?;
    Ok(Nothing {})
}
