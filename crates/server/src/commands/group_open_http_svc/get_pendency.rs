//! Gives a client the requests to join that it may decide on.
//!
//! Contract: `spec/client/commands/group_open_http_svc.get_pendency.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::requests::{self, Listed},
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("group_open_http_svc" / "get_pendency", "Lists requests to join.", Socket, Request => Response, handle);

/// The same for communities, which have a service of their own.
pub mod of_communities {
    use super::{Request, Response, handle_communities};
    use crate::command::command;

    command!(
        "million_group_open_http_svc" / "get_pendency", "Lists requests to join communities.", Socket,
        Request => Response, handle_communities
    );
}

/// Requests of a page when the call does not say.
const LIMIT: u32 = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    /// 0, or NextStartTime of the page before.
    #[serde(default)]
    start_time: Given<i64>,
    #[serde(default)]
    limit: Given<u32>,
    #[serde(rename = "Handle_Account", default)]
    handler: Given<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    pendency_list: Vec<Pendency>,
    /// 0 at the end.
    next_start_time: i64,
    unread_num: i64,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Pendency {
    /// Who applies, or invites.
    #[serde(rename = "From_Account")]
    from: String,
    from_user_nick_name: Raw,
    from_user_face_url: Raw,
    /// The invited; empty for an application.
    #[serde(rename = "To_Account")]
    to: String,
    group_id: String,
    group_name: String,
    add_time: i64,
    /// 0 an application, 2 a member's invitation.
    pendency_type: i64,
    /// 1 once somebody decided.
    handled: i64,
    /// 1 when it was agreed to.
    handle_result: i64,
    apply_invite_msg: String,
    authentication: String,
    msg_key: i64,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    list(cx, it, false).await
}

async fn handle_communities(cx: &Cx, it: Request) -> Result<Response, Error> {
    list(cx, it, true).await
}

async fn list(cx: &Cx, it: Request, communities: bool) -> Result<Response, Error> {
    let bad = Code::GroupParam;
    super::own(cx, it.handler, "Handle_Account")?;
    let start = it.start_time.optional(bad, "StartTime")?.unwrap_or(0);
    let limit = it.limit.optional(bad, "Limit")?.filter(|it| *it > 0).unwrap_or(LIMIT);
    let page = requests::list(cx, communities, start, limit as usize).await?;
    Ok(Response {
        pendency_list: page.items.into_iter().map(pendency).collect::<Result<_, _>>()?,
        next_start_time: page.next,
        unread_num: page.waiting,
    })
}

fn pendency(it: Listed) -> Result<Pendency, serde_json::Error> {
    use store::group_requests::{answer, kind};
    let request = it.led.request;
    let is_application = request.kind == kind::APPLICATION;
    Ok(Pendency {
        from: request.asker,
        from_user_nick_name: raw(it.nick)?,
        from_user_face_url: raw(it.face)?,
        to: if is_application { String::new() } else { request.joiner },
        group_id: it.led.group_id,
        group_name: it.led.group_name,
        add_time: request.asked_at,
        pendency_type: request.kind,
        handled: i64::from(request.answer != answer::NONE),
        handle_result: i64::from(request.answer == answer::AGREED),
        apply_invite_msg: request.remark,
        authentication: request.auth,
        msg_key: request.asked_at,
    })
}
