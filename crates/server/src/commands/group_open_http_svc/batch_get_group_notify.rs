//! Tells a client of recalls that it missed.
//!
//! Contract: `spec/client/commands/group_open_http_svc.batch_get_group_notify.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::recall::{self, Missed},
};
use proto::{Code, Fail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw_list},
};

command!(
    "group_open_http_svc" / "batch_get_group_notify", "Tells of missed recalls.", Socket,
    Request => Response, handle
);

const GROUPS_MAX: usize = 10;
/// Recalls of one group in an answer.
const LIMIT_MAX: i64 = 100;
/// NotifyType of recalls, the only one there is.
const RECALLS: i64 = 1;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 1 to 10 groups.
    notify_req_list: Given<Vec<Asked>>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    #[serde(default)]
    notify_type: Given<i64>,
    #[serde(default)]
    limit: Given<i64>,
    group_id: Given<String>,
    /// Microseconds, the first and the last that are meant.
    #[serde(default)]
    begin_time: Given<i64>,
    #[serde(default)]
    end_time: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    notify_rsp_list: Vec<Notify>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Notify {
    group_id: String,
    /// Where to ask again; 0 for the end.
    next_msg_time: i64,
    notify_msg_list: Raw,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    let asked = it.notify_req_list.need(bad, "NotifyReqList")?;
    if asked.is_empty() || asked.len() > GROUPS_MAX {
        return Err(Fail::with(bad, format!("NotifyReqList must have 1 to {GROUPS_MAX} entries")).into());
    }
    let wanted = asked.into_iter().map(wanted).collect::<Result<Vec<_>, _>>()?;
    let mut notify_rsp_list = Vec::with_capacity(wanted.len());
    for (is_known, it) in wanted {
        let found = if is_known { recall::missed(cx, &it).await? } else { recall::Found::default() };
        let notify_msg_list = raw_list(&found.items)?;
        notify_rsp_list.push(Notify { group_id: it.group_id, next_msg_time: found.next, notify_msg_list });
    }
    Ok(Response { notify_rsp_list })
}

/// What is asked of a group, and whether there is something of its type.
fn wanted(it: Asked) -> Result<(bool, Missed), Fail> {
    let bad = Code::GroupParam;
    let is_known = it.notify_type.optional(bad, "NotifyType")?.is_none_or(|it| it == RECALLS);
    let missed = Missed {
        group_id: super::group_id(it.group_id)?,
        since: it.begin_time.optional(bad, "BeginTime")?.unwrap_or(0),
        until: it.end_time.optional(bad, "EndTime")?.unwrap_or(i64::MAX),
        limit: it.limit.optional(bad, "Limit")?.unwrap_or(LIMIT_MAX).clamp(1, LIMIT_MAX),
    };
    Ok((is_known, missed))
}
