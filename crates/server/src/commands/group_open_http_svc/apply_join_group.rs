//! A client joins a group, or asks to.
//!
//! Contract: `spec/client/commands/group_open_http_svc.apply_join_group.yaml`.

use chat::{
    Cx,
    error::Error,
    groups::{
        self, Kind,
        join::{self, Applied},
        live_rooms,
    },
};
use proto::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::people;
use crate::{
    command::command,
    given::{Given, Raw, raw},
};

command!("group_open_http_svc" / "apply_join_group", "Joins a group.", Socket, Request => Response, handle);

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Request {
    group_id: Given<String>,
    /// At most 1000 bytes.
    #[serde(default)]
    apply_msg: Given<String>,
    /// 1: with the recent messages of an AVChatRoom.
    #[serde(default)]
    huge_group_history_msg_flag: Given<i64>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Response {
    /// JoinedSuccess or WaitAdminApproval.
    joined_status: &'static str,
    /// 1 for an AVChatRoom.
    huge_group_flag: i64,
    #[serde(rename = "AVChatRoomKey", skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Recent messages of an AVChatRoom, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    rsp_msg_list: Option<Vec<Raw>>,
}

async fn handle(cx: &Cx, it: Request) -> Result<Response, Error> {
    let id = super::group_id(it.group_id)?;
    let remark = people::text(it.apply_msg, "ApplyMsg")?;
    let group = groups::find(cx, &id).await?;
    if group.kind == Kind::AvChatRoom {
        let wanted = it.huge_group_history_msg_flag.optional(Code::GroupParam, "HugeGroupHistoryMsgFlag")?;
        let joined = live_rooms::join(cx, &group, wanted == Some(1)).await?;
        let history = joined.history.into_iter().map(raw).collect::<Result<Vec<_>, _>>()?;
        return Ok(Response {
            joined_status: "JoinedSuccess",
            huge_group_flag: 1,
            key: Some(joined.key),
            rsp_msg_list: (!history.is_empty()).then_some(history),
        });
    }
    let joined_status = match join::apply(cx, &id, remark).await? {
        Applied::Joined => "JoinedSuccess",
        Applied::Waiting => "WaitAdminApproval",
    };
    Ok(Response { joined_status, huge_group_flag: 0, key: None, rsp_msg_list: None })
}
